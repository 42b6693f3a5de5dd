import type { Readable } from 'node:stream';
import type { Config } from '../api/config.ts';
import { BowlineError } from '../api/errors.ts';
import { parseJson } from '../api/json.ts';
import type { Restore, RestoreRequest, RestoreStatus } from '../api/restore.ts';
import { decodeGzipJson } from '../backup-format/artifacts.ts';
import { restoreLayout, restoresDirectory } from '../backup-format/layout.ts';
import { decodeVolumeInfo, type RestoreVolumeInfo } from '../backup-format/volume-info.ts';
import { readDryRun, type DryRun } from './dry-run.ts';
import { Records, type Description, type Entry, type RecordFormat } from './records.ts';
import type { RunHandle } from './run-handle.ts';
import { readObject, type Stores } from './stores.ts';
import { details, restoreSummary } from './summary.ts';
import type { Temporal } from './temporal.ts';

/** A restore as the catalogue has it. */
export type RestoreEntry = Entry<Restore>;

/** A restore, and what its other files tell. */
export type RestoreDescription = Description<Restore> & {
  /** How each volume was restored. */
  readonly volumeInfo?: readonly RestoreVolumeInfo[];
};

/** Restores: starts them as workflows, and reads the records that they leave beside the backups, or where staging lies. */
export class Restores {
  readonly #stores: Stores;
  readonly #temporal: Temporal;
  readonly #records: Records<Restore>;

  constructor(config: Config, { stores, temporal }: { readonly stores: Stores; readonly temporal: Temporal }) {
    this.#stores = stores;
    this.#temporal = temporal;
    this.#records = new Records(restoreFormat(config), { stores, temporal });
  }

  /**
   * Starts a restore and resolves once Temporal has taken it; a worker then validates it (`handle.result()`). Rejects with
   * `AlreadyExists` while a restore of that name is running.
   */
  create(request: RestoreRequest): Promise<RunHandle> {
    const summary = restoreSummary(request);
    return this.#temporal.start({ kind: 'restore', request, summary, details: details(request) });
  }

  /**
   * Tells what a restore would do, the API server's own answers included, and changes nothing. Resolves once the plan has been read;
   * nothing is left then. Rejects as `RunHandle.result`, and with `Interrupted` by the signal: the run then ends by itself.
   */
  async dryRun(request: RestoreRequest, { signal }: { readonly signal?: AbortSignal } = {}): Promise<DryRun> {
    return readDryRun(await this.create({ ...request, dryRun: true }), this.#stores, signal);
  }

  /** All restores: finished ones by location and name, then those that are running. */
  list(): Promise<RestoreEntry[]> {
    return this.#records.list();
  }

  /** One restore, finished or running. Rejects with `NotFound`. */
  get(name: string): Promise<RestoreEntry> {
    return this.#records.get(name);
  }

  /** One restore with its results and the objects it dealt with. Rejects with `NotFound`. */
  async describe(name: string): Promise<RestoreDescription> {
    const { description, store } = await this.#records.describe(name);
    const file = store && (await readObject(store, restoreLayout(name).volumeInfo));
    if (file === undefined) return description;
    return { ...description, volumeInfo: decodeVolumeInfo<RestoreVolumeInfo>(await decodeGzipJson(file)) };
  }

  /** The run of a restore that is not finished, to be watched or cancelled. Rejects with `NotFound`. */
  run(name: string): Promise<RunHandle> {
    return this.#records.run(name);
  }

  /** The text of a finished restore's log. Rejects with `NotFound`. */
  logs(name: string): Promise<Readable> {
    return this.#records.logs(name);
  }
}

function restoreFormat({ namespace }: Config): RecordFormat<Restore> {
  return {
    kind: 'restore',
    directory: restoresDirectory,
    keys: restoreLayout,
    decode: decodeRestore,
    location: () => '',
    running({ name, uid, startTimestamp }, { request, status }) {
      const progress = { totalItems: status?.progress.totalItems ?? 0, itemsRestored: status?.progress.doneItems ?? 0 };
      return {
        apiVersion: 'velero.io/v1',
        kind: 'Restore',
        metadata: { name, namespace, uid: status?.uid ?? uid },
        spec: (request as RestoreRequest | undefined)?.spec ?? {},
        status: {
          phase: (status?.phase ?? 'InProgress') as RestoreStatus['phase'],
          startTimestamp: status?.startTimestamp ?? startTimestamp,
          warnings: status?.warnings ?? 0,
          errors: status?.errors ?? 0,
          progress,
        },
      };
    },
  };
}

function decodeRestore(bytes: Uint8Array): Restore {
  let restore: Partial<Restore> | null;
  try {
    restore = parseJson(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as Partial<Restore> | null;
  } catch (error) {
    throw new BowlineError('CorruptBackup', `read velero-restore.json: ${(error as Error).message}`, { cause: error });
  }
  if (restore?.kind !== 'Restore' || typeof restore.metadata?.name !== 'string')
    throw new BowlineError('CorruptBackup', 'read velero-restore.json: expected a Restore with a name');
  return { ...(restore as Restore), spec: restore.spec ?? {} };
}
