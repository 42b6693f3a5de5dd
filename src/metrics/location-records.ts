import { buffer } from 'node:stream/consumers';
import pLimit from 'p-limit';
import type { Backup } from '../api/backup.ts';
import { errorCode } from '../api/errors.ts';
import { scheduleNameLabel } from '../api/labels.ts';
import { scheduleNameOf } from '../api/run-memo.ts';
import { decodeMetadata } from '../backup-format/artifacts.ts';
import { backupLayout, backupsDirectory, restoreLayout, restoresDirectory } from '../backup-format/layout.ts';
import type { ObjectStore } from '../plugins/object-store.ts';

/** What `velero-backup.json` says of a backup. */
export interface BackupFacts {
  readonly name: string;
  /** `''` for a backup that no schedule made. */
  readonly schedule: string;
  readonly phase: string;
  /** Milliseconds since 1970; 0 if the record does not say. */
  readonly startedAt: number;
  /** Milliseconds since 1970; 0 if the record does not say. */
  readonly completedAt: number;
  readonly items: number;
  readonly errors: number;
}

/** What one storage location holds. */
export interface LocationRecords {
  readonly location: string;
  /** Those whose record can't be read are not among them. */
  readonly backups: readonly BackupFacts[];
  /** How many backups there are, those whose record can't be read included. */
  readonly backupCount: number;
  readonly restoreCount: number;
  /** Bytes of the tarball of each schedule's newest backup that has one. */
  readonly tarballs: ReadonlyMap<string, { readonly startedAt: number; readonly bytes: number }>;
}

const inFlight = 16;
const timeoutMs = 60_000;
/** How long a record is taken for unchanged where no run has written it: Velero puts that of a backup twice. */
const rememberedMs = 600_000;
/** How late Temporal's lists may tell of the end of a run. */
const listLagMs = 60_000;
const finalPhases = new Set(['Completed', 'PartiallyFailed', 'Failed', 'FailedValidation']);

/** The record of a backup, or `'unreadable'`; the existence alone of one of a restore. */
type FoundRecord = BackupFacts | 'unreadable' | 'restore';

/** Reads the records of a location, each once as long as it can't have changed: a later reading costs two lists. */
export class LocationReader {
  readonly #location: string;
  readonly #open: () => Promise<ObjectStore>;
  readonly #records = new RememberedRecords();
  /** By the key of the record. */
  readonly #bytes = new Map<string, number>();

  constructor(location: string, open: () => Promise<ObjectStore>) {
    this.#location = location;
    this.#open = open;
  }

  /**
   * Rejects as the store does, and leaves what is remembered as it is.
   *
   * @param writtenAt when a run that may have written or deleted a backup last ended, by the backup's name
   */
  async read(now: Date, writtenAt: ReadonlyMap<string, number>): Promise<LocationRecords> {
    const store = await this.#open();
    const signal = AbortSignal.timeout(timeoutMs);
    const [backups, restores] = await Promise.all([
      recordsIn(store, { directory: backupsDirectory, signal }, (name) => {
        const key = backupLayout(name).metadata;
        return this.#records.get(key, { now, since: writtenAt.get(name) ?? 0 }, () => {
          this.#bytes.delete(key);
          return readFacts(store, name, signal);
        });
      }),
      recordsIn(store, { directory: restoresDirectory, signal }, (name) => {
        const key = restoreLayout(name).record;
        return this.#records.get(key, { now, since: 0 }, () => readRestore(store, key, signal));
      }),
    ]);
    this.#records.forgetOthers();
    const facts = backups.filter((record) => typeof record === 'object');
    return {
      location: this.#location,
      backups: facts,
      backupCount: backups.length,
      restoreCount: restores.length,
      tarballs: await this.#tarballs(store, newestWithContents(facts), signal),
    };
  }

  async #tarballs(
    store: ObjectStore,
    newest: ReadonlyMap<string, BackupFacts>,
    signal: AbortSignal,
  ): Promise<LocationRecords['tarballs']> {
    const sizes = new Map<string, { startedAt: number; bytes: number }>();
    const measured = new Map<string, number>();
    for (const [schedule, { name, startedAt }] of newest) {
      const { metadata, contents } = backupLayout(name);
      const bytes = this.#bytes.get(metadata) ?? (await sizeOf(store, contents, signal));
      if (bytes === undefined) continue;
      measured.set(metadata, bytes);
      sizes.set(schedule, { startedAt, bytes });
    }
    this.#bytes.clear();
    for (const [key, bytes] of measured) this.#bytes.set(key, bytes);
    return sizes;
  }
}

/** Records that were read and can't have changed since, by their keys. */
class RememberedRecords {
  readonly #known = new Map<string, { readonly record: FoundRecord; readonly readAt: number }>();
  #asked = new Set<string>();
  readonly #limit = pLimit(inFlight);

  /** @param since when it may last have been written or deleted */
  async get(
    key: string,
    { now, since }: { readonly now: Date; readonly since: number },
    fetch: () => Promise<FoundRecord | undefined>,
  ): Promise<FoundRecord | undefined> {
    this.#asked.add(key);
    const known = this.#known.get(key);
    if (known && known.readAt > Math.max(since + listLagMs, now.getTime() - rememberedMs)) return known.record;
    const record = await this.#limit(fetch);
    const isFinal = record !== undefined && (typeof record === 'string' || finalPhases.has(record.phase));
    if (isFinal) this.#known.set(key, { record, readAt: now.getTime() });
    else this.#known.delete(key);
    return record;
  }

  /** Forgets what has not been asked for since this was last called. */
  forgetOthers(): void {
    for (const key of this.#known.keys()) if (!this.#asked.has(key)) this.#known.delete(key);
    this.#asked = new Set();
  }
}

/** What is found of each of a directory's entries. */
async function recordsIn(
  store: ObjectStore,
  { directory, signal }: { readonly directory: string; readonly signal: AbortSignal },
  find: (name: string) => Promise<FoundRecord | undefined>,
): Promise<FoundRecord[]> {
  const finding: Promise<FoundRecord | undefined>[] = [];
  for await (const prefix of store.listCommonPrefixes(directory, '/', { signal })) {
    const one = foundOf(prefix.slice(directory.length, -1), find);
    // Awaited below, after the list.
    one.catch(() => undefined);
    finding.push(one);
  }
  return (await Promise.all(finding)).filter((record) => record !== undefined);
}

function newestWithContents(backups: readonly BackupFacts[]): Map<string, BackupFacts> {
  const newest = new Map<string, BackupFacts>();
  for (const backup of backups) {
    if (backup.phase !== 'Completed' && backup.phase !== 'PartiallyFailed') continue;
    if (backup.startedAt > (newest.get(backup.schedule)?.startedAt ?? -1)) newest.set(backup.schedule, backup);
  }
  return newest;
}

/** What somebody else has put there may have a name that no backup can have. */
async function foundOf(
  name: string,
  find: (name: string) => Promise<FoundRecord | undefined>,
): Promise<FoundRecord | undefined> {
  try {
    return await find(name);
  } catch (error) {
    if (errorCode(error) === 'InvalidSpec') return 'unreadable';
    throw error;
  }
}

/** `undefined` if there is no record: the backup runs, or was never sealed. */
async function readFacts(store: ObjectStore, name: string, signal: AbortSignal): Promise<FoundRecord | undefined> {
  try {
    const body = await buffer(await store.getObject(backupLayout(name).metadata, { signal }));
    return factsOf(decodeMetadata(body), name);
  } catch (error) {
    if (errorCode(error) === 'NotFound') return undefined;
    if (errorCode(error) === 'CorruptBackup') return 'unreadable';
    throw error;
  }
}

async function readRestore(store: ObjectStore, key: string, signal: AbortSignal): Promise<FoundRecord | undefined> {
  return (await store.objectExists(key, { signal })) ? 'restore' : undefined;
}

async function sizeOf(store: ObjectStore, key: string, signal: AbortSignal): Promise<number | undefined> {
  try {
    return (await store.statObject(key, { signal })).bytes;
  } catch (error) {
    if (errorCode(error) === 'NotFound') return undefined;
    throw error;
  }
}

function factsOf({ metadata, status }: Backup, name: string): BackupFacts {
  return {
    name,
    schedule: scheduleNameOf(metadata.labels?.[scheduleNameLabel]),
    phase: status?.phase ?? 'New',
    startedAt: Date.parse(status?.startTimestamp ?? '') || 0,
    completedAt: Date.parse(status?.completionTimestamp ?? '') || 0,
    items: Number(status?.progress?.itemsBackedUp) || 0,
    errors: Number(status?.errors) || 0,
  };
}
