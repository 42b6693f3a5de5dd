import { pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import pLimit from 'p-limit';
import type { Backup, BackupPhase } from '../api/backup.ts';
import { BowlineError, errorCode, errorText } from '../api/errors.ts';
import { firstFound, type Search } from '../api/first-found.ts';
import type { Restore, RestorePhase } from '../api/restore.ts';
import { decodeGzipJson } from '../backup-format/artifacts.ts';
import type { Results } from '../backup-format/results.ts';
import type { RunStatus } from '../workflows/messages.ts';
import type { RunHandle, RunKind } from './run-handle.ts';
import { readObject, type OpenLocation, type Stores } from './stores.ts';
import type { KnownRun, Temporal } from './temporal.ts';

/**
 * Velero's phases, `Paused` while people hold the run, `Cancelled` (in a record: `Failed`, for the reason `cancelled`), `DeletionFailed` for a backup of which something may
 * have been deleted and that nobody is deleting now, and `Unreadable` for a damaged record.
 */
export type ShownPhase = BackupPhase | RestorePhase | 'Paused' | 'Cancelled' | 'DeletionFailed' | 'Unreadable';

/** A backup or a restore, finished or running. */
export interface Entry<T extends Backup | Restore> {
  readonly name: string;
  /** The storage location that holds it, or will; `''` if the run has not chosen yet. */
  readonly location: string;
  readonly phase: ShownPhase;
  /** What the store holds; while the run goes on, the same made from its request and its status. */
  readonly record: T;
  /** While it runs, if a worker answers. */
  readonly run?: RunStatus;
}

/** A backup or a restore, with what its other files tell. Files that are not there are left out. */
export type Description<T extends Backup | Restore> = Entry<T> & {
  readonly results?: Results;
  /** Names by type, such as `v1/ConfigMap` and `shop/settings`. */
  readonly resources?: Readonly<{ [type: string]: readonly string[] }>;
};

/** How one kind of record is kept. */
export interface RecordFormat<T extends Backup | Restore> {
  readonly kind: Extract<RunKind, 'backup' | 'restore'>;
  /** All are directories in this one. */
  readonly directory: string;
  /** The keys of one. @throws BowlineError `InvalidSpec` */
  keys(name: string): RecordKeys;
  /** @throws BowlineError `CorruptBackup` */
  decode(bytes: Uint8Array): T;
  /** The record of a run that has not written one. `request` may be anything. */
  running(
    run: Pick<KnownRun, 'name' | 'uid' | 'startTimestamp'>,
    about: { readonly request: unknown; readonly status: RunStatus | undefined },
  ): T;
  /** Where the record of a run will be, as far as its request says. */
  location(record: T): string;
}

/** Where the files of one record lie. */
interface RecordKeys {
  readonly record: string;
  readonly logs: string;
  readonly results: string;
  readonly resourceList: string;
  /** Its presence says that the record is being deleted. */
  readonly deletion?: string;
}

/** Requests to one store, or queries, in flight. */
const inFlight = 32;

/** The catalogue of backups, or of restores: the stores have what is finished, and Temporal what runs. */
export class Records<T extends Backup | Restore> {
  readonly #format: RecordFormat<T>;
  readonly #stores: Stores;
  readonly #temporal: Temporal;

  constructor(format: RecordFormat<T>, { stores, temporal }: { stores: Stores; temporal: Temporal }) {
    this.#format = format;
    this.#stores = stores;
    this.#temporal = temporal;
  }

  /**
   * All of them, by location and name, the running ones last. One that can't be read is listed as `Unreadable`; what a Velero has not
   * finished writing is left out.
   */
  async list(): Promise<Entry<T>[]> {
    const [opened, runs] = await Promise.all([this.#stores.all(), this.#temporal.running(this.#format.kind)]);
    const finished = (await Promise.all(opened.map((location) => this.#listLocation(location)))).flat();
    const names = new Set(finished.map(({ name }) => name));
    const limit = pLimit(inFlight);
    const unfinished = runs.filter(({ name }) => !names.has(name));
    return [...finished, ...(await limit.map(unfinished, (run) => this.#running(run)))];
  }

  /**
   * Finds one in the first location that has it, else among the runs. Rejects with `NotFound`, with why its last run failed; and for
   * one that is nowhere else with the error of a location that can't be asked.
   */
  async get(name: string): Promise<Entry<T>> {
    const { found, failure } = await this.#find(name);
    return found?.entry ?? this.#unfinished(name, failure);
  }

  /** One with its files: the store is absent while it runs. */
  async describe(name: string): Promise<{ description: Description<T>; store?: OpenLocation['store'] }> {
    const { found, failure } = await this.#find(name);
    if (found === undefined) return { description: await this.#unfinished(name, failure) };
    const keys = this.#format.keys(name);
    const [results, resources] = await Promise.all(
      [keys.results, keys.resourceList].map((key) => readGzipJson(found.store, key)),
    );
    const files = { ...(results != null && { results }), ...(resources != null && { resources }) };
    return { description: { ...found.entry, ...files } as Description<T>, store: found.store };
  }

  /** The log's text. Rejects with `NotFound`, also while the run goes on: the log is written at its end. */
  async logs(name: string): Promise<Readable> {
    const { kind } = this.#format;
    const { found, failure } = await this.#find(name);
    if (found === undefined) {
      await this.#unfinished(name, failure);
      throw new BowlineError('NotFound', `logs of ${kind} ${name}: it is running, and they are written at its end`);
    }
    const unpacked = createGunzip();
    // Errors on the way reach the reader as the stream's own.
    pipeline(await found.store.getObject(this.#format.keys(name).logs), unpacked, () => undefined);
    return unpacked;
  }

  /** The run of that name, which goes on. Rejects with `NotFound`, also when it has ended. */
  async run(name: string): Promise<RunHandle> {
    const { kind } = this.#format;
    const run = await this.#temporal.find(kind, name);
    if (run?.isRunning) return run.handle;
    throw new BowlineError('NotFound', `${kind} ${name}: it is not running`);
  }

  async #listLocation({ location, store }: OpenLocation): Promise<Entry<T>[]> {
    const { directory } = this.#format;
    const limit = pLimit(inFlight);
    const reading: Promise<Entry<T> | undefined>[] = [];
    for await (const prefix of store.listCommonPrefixes(directory, '/')) {
      const name = prefix.slice(directory.length, -1);
      reading.push(
        limit(() => this.#read({ location, store }, name)).catch((error: unknown) => {
          if (errorCode(error) !== 'CorruptBackup' && errorCode(error) !== 'InvalidSpec') throw error;
          return this.#unreadable(location, name, error);
        }),
      );
    }
    const entries = await Promise.all(reading);
    return entries.filter((entry) => entry !== undefined && !isUnfinished(entry.record)) as Entry<T>[];
  }

  #find(name: string): Promise<Search<{ entry: Entry<T>; store: OpenLocation['store'] }>> {
    return firstFound(this.#stores.names, async (location) => {
      const store = await this.#stores.open(location);
      const entry = await this.#read({ location, store }, name);
      return entry && { entry, store };
    });
  }

  async #read({ location, store }: OpenLocation, name: string): Promise<Entry<T> | undefined> {
    const { record: key, deletion } = this.#format.keys(name);
    const bytes = await readObject(store, key);
    if (bytes === undefined) return undefined;
    const record = this.#format.decode(bytes);
    const isMarked = deletion !== undefined && (await store.objectExists(deletion));
    return { name, location, phase: isMarked ? await this.#phaseOfDeletion(name) : phaseOf(record), record };
  }

  /** The mark of a deletion that failed stays where it is; without Temporal nobody can tell. */
  async #phaseOfDeletion(name: string): Promise<ShownPhase> {
    try {
      return (await this.#temporal.find('delete-backup', name))?.isRunning ? 'Deleting' : 'DeletionFailed';
    } catch (error) {
      if (errorCode(error) !== 'Unavailable') throw error;
      return 'Deleting';
    }
  }

  #unreadable(location: string, name: string, error: unknown): Entry<T> {
    const record = this.#format.running(
      { name, uid: '', startTimestamp: '' },
      { request: undefined, status: undefined },
    );
    const status = { ...record.status, failureReason: errorText(error) };
    return { name, location, phase: 'Unreadable', record: { ...record, status } };
  }

  async #running(run: KnownRun): Promise<Entry<T>> {
    const [request, status] = await Promise.all([run.handle.request(), statusOf(run.handle)]);
    const record = this.#format.running(run, { request, status });
    const phase = status?.pausedSince === undefined ? (status?.phase ?? 'InProgress') : 'Paused';
    return { name: run.name, location: this.#format.location(record), phase, record, ...(status && { run: status }) };
  }

  /** The run of that name, if it goes on. Rejects with why a location could not be asked, else with `NotFound` and what is known. */
  async #unfinished(name: string, failure: unknown): Promise<Entry<T>> {
    const { kind } = this.#format;
    const run = await this.#temporal.find(kind, name);
    if (run?.isRunning) return this.#running(run);
    if (failure !== undefined) throw failure;
    const searched = this.#stores.names.join(', ') || 'none';
    const reason = run && (await run.handle.result().then(() => undefined, errorText));
    throw new BowlineError(
      'NotFound',
      `${kind} ${name}: not in the storage locations (${searched})${reason === undefined ? '' : `; its last run failed: ${reason}`}`,
    );
  }
}

/** Phases in which Velero has put the record of a backup, and will put it again. Source: Velero `pkg/controller/backup_sync_controller.go`. */
const unfinishedPhases = /^(WaitingForPluginOperations|Finalizing)(PartiallyFailed)?$/;

/** Past its expiration it is listed, to be deleted: nobody will finish it. */
function isUnfinished({ status }: Backup | Restore): boolean {
  const { expiration = '' } = (status ?? {}) as { expiration?: string };
  return unfinishedPhases.test(status?.phase ?? '') && !(Date.parse(expiration) < Date.now());
}

function phaseOf({ status }: Backup | Restore): ShownPhase {
  if (status?.phase === 'Failed' && status.failureReason === 'cancelled') return 'Cancelled';
  return status?.phase ?? 'New';
}

async function statusOf(handle: RunHandle): Promise<RunStatus | undefined> {
  return handle.status().catch((error: unknown) => {
    if (errorCode(error) === 'Unavailable') return undefined;
    throw error;
  });
}

async function readGzipJson(store: OpenLocation['store'], key: string): Promise<unknown> {
  const bytes = await readObject(store, key);
  return bytes && decodeGzipJson(bytes);
}
