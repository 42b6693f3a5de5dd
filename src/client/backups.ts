import type { Readable } from 'node:stream';
import type { Backup, BackupRequest, BackupStatus, VolumeSnapshot } from '../api/backup.ts';
import type { Config } from '../api/config.ts';
import { BowlineError } from '../api/errors.ts';
import { parseJson } from '../api/json.ts';
import type { Unstructured } from '../api/unstructured.ts';
import { decodeGzipJson, decodeMetadata, decodeVolumeSnapshots } from '../backup-format/artifacts.ts';
import { backupLayout, backupsDirectory } from '../backup-format/layout.ts';
import { readTarball } from '../backup-format/tarball.ts';
import { decodeVolumeInfo, type BackupVolumeInfo } from '../backup-format/volume-info.ts';
import type { ObjectStore } from '../plugins/object-store.ts';
import { differences, type DiffOptions, type ItemSource, type ObjectDifference } from './differences.ts';
import { Records, type Description, type Entry, type RecordFormat } from './records.ts';
import type { RunHandle } from './run-handle.ts';
import { readObject, type Stores } from './stores.ts';
import { backupSummary, details } from './summary.ts';
import type { Temporal } from './temporal.ts';

/** A backup as the catalogue has it. */
export type BackupEntry = Entry<Backup>;

/** A backup, and what its other files tell. */
export type BackupDescription = Description<Backup> & {
  readonly volumeSnapshots?: readonly VolumeSnapshot[];
  /** What became of each volume. Backups of old versions have none. */
  readonly volumeInfo?: readonly BackupVolumeInfo[];
  /** Size of the tarball. */
  readonly bytes?: number;
};

/**
 * Backups: starts them as workflows, and reads what is in the storage locations. The stores are the catalogue: Temporal is asked
 * only for what runs now, since it forgets a run after its retention.
 */
export class Backups {
  readonly #config: Config;
  readonly #temporal: Temporal;
  readonly #records: Records<Backup>;

  constructor(config: Config, { stores, temporal }: { readonly stores: Stores; readonly temporal: Temporal }) {
    this.#config = config;
    this.#temporal = temporal;
    this.#records = new Records(backupFormat(config), { stores, temporal });
  }

  /**
   * Starts a backup and resolves once Temporal has taken it; a worker then validates it (`handle.result()`). Rejects with
   * `AlreadyExists` while a backup of that name is running.
   */
  create(request: BackupRequest): Promise<RunHandle> {
    const summary = backupSummary(request, this.#config);
    return this.#temporal.start({ kind: 'backup', request, summary, details: details(request) });
  }

  /** All backups: finished ones by location and name, then those that are running. */
  list(): Promise<BackupEntry[]> {
    return this.#records.list();
  }

  /** One backup, finished or running. Rejects with `NotFound`. */
  get(name: string): Promise<BackupEntry> {
    return this.#records.get(name);
  }

  /** One backup with its results, resource list, snapshots and size. Rejects with `NotFound`. */
  async describe(name: string): Promise<BackupDescription> {
    const { description, store } = await this.#records.describe(name);
    return store === undefined ? description : { ...description, ...(await describeVolumes(store, name)) };
  }

  /** The text of a finished backup's log. Rejects with `NotFound`. */
  logs(name: string): Promise<Readable> {
    return this.#records.logs(name);
  }

  /** The run of a backup that is not finished, to be watched or cancelled. Rejects with `NotFound`. */
  run(name: string): Promise<RunHandle> {
    return this.#records.run(name);
  }

  /** The bytes of a finished backup's tarball. Rejects with `NotFound`, also for a backup that holds no items. */
  async contents(name: string): Promise<Readable> {
    return (await this.#openContents(name))();
  }

  /**
   * What differs between a backup and a later one, or a cluster. Rejects with `NotFound`, also for a backup that holds no items, and
   * `CorruptBackup`.
   */
  async *diff(before: string, after: string | ItemSource, options: DiffOptions = {}): AsyncIterable<ObjectDifference> {
    const [first, second] = [
      await this.#itemsOf(before),
      typeof after === 'string' ? await this.#itemsOf(after) : after,
    ];
    yield* differences(first, second, options);
  }

  async #itemsOf(name: string): Promise<ItemSource> {
    const open = await this.#openContents(name);
    return {
      async *items(wanted = () => true) {
        for await (const { body, ...identifier } of readTarball(await open(), { wanted }))
          yield { ...identifier, item: parseJson(body.toString('utf8')) as unknown as Unstructured };
      },
    };
  }

  /** What opens the tarball, each time anew. */
  async #openContents(name: string): Promise<() => Promise<Readable>> {
    const { store } = await this.#records.describe(name);
    const { contents } = backupLayout(name);
    if (store === undefined || !(await store.objectExists(contents)))
      throw new BowlineError('NotFound', `read backup ${name}: it holds no items`);
    return () => store.getObject(contents);
  }

  /** Starts the deletion of a backup: its snapshots, the restores made from it, its files. Can be run again when it failed. */
  delete(name: string): Promise<RunHandle> {
    const summary = `delete ${name}`;
    return this.#temporal.start({ kind: 'delete-backup', request: { name }, summary, details: details({ name }) });
  }
}

async function describeVolumes(
  store: ObjectStore,
  name: string,
): Promise<Pick<BackupDescription, 'volumeSnapshots' | 'volumeInfo' | 'bytes'>> {
  const { volumeSnapshots, volumeInfo, contents } = backupLayout(name);
  const [snapshots, info, holdsContents] = await Promise.all([
    readObject(store, volumeSnapshots),
    readObject(store, volumeInfo),
    store.objectExists(contents),
  ]);
  return {
    ...(snapshots && { volumeSnapshots: decodeVolumeSnapshots(await decodeGzipJson(snapshots)) }),
    ...(info && { volumeInfo: decodeVolumeInfo<BackupVolumeInfo>(await decodeGzipJson(info)) }),
    ...(holdsContents && { bytes: (await store.statObject(contents)).bytes }),
  };
}

function backupFormat({ namespace }: Config): RecordFormat<Backup> {
  return {
    kind: 'backup',
    directory: backupsDirectory,
    keys: (name) => ({ ...backupLayout(name), record: backupLayout(name).metadata }),
    decode: decodeMetadata,
    location: ({ spec }) => spec.storageLocation ?? '',
    running({ name, uid, startTimestamp }, { request, status }) {
      const progress = { totalItems: status?.progress.totalItems ?? 0, itemsBackedUp: status?.progress.doneItems ?? 0 };
      return {
        apiVersion: 'velero.io/v1',
        kind: 'Backup',
        metadata: { name, namespace, uid: status?.uid ?? uid },
        spec: (request as BackupRequest | undefined)?.spec ?? {},
        status: {
          version: 1,
          formatVersion: '1.1.0',
          phase: (status?.phase ?? 'InProgress') as BackupStatus['phase'],
          startTimestamp: status?.startTimestamp ?? startTimestamp,
          warnings: status?.warnings ?? 0,
          errors: status?.errors ?? 0,
          progress,
        },
      };
    },
  };
}
