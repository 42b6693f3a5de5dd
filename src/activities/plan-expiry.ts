import pLimit from 'p-limit';
import type { Backup } from '../api/backup.ts';
import { errorCode, errorText } from '../api/errors.ts';
import { retentionLabel, scheduleNameLabel } from '../api/labels.ts';
import { decodeMetadata } from '../backup-format/artifacts.ts';
import { backupsDirectory } from '../backup-format/layout.ts';
import type { ObjectStore } from '../plugins/object-store.ts';
import { backupsToDelete, type DatedBackup, type ExpiryReason } from '../selection/expiry.ts';
import { bytesOf } from './bytes.ts';
import type { Dependencies } from './dependencies.ts';
import { activitySignal } from './lease.ts';
import { timestamp } from './timestamp.ts';
import { turnOf } from './turn.ts';

/** A backup whose deletion is to be started. */
export interface DueDeletion {
  readonly name: string;
  /** Of the deletion. */
  readonly workflowId: string;
  /** `cut off`: an earlier deletion has removed its record, and did not come to its end. */
  readonly reason: ExpiryReason | 'cut off';
}

/** What is to go of one location. */
export interface ExpiryPlan {
  /** Nothing is ever deleted there, and nothing swept. */
  readonly isReadOnly: boolean;
  /** Finished backups that the location holds. */
  readonly backups: number;
  /** Oldest first, or, where there are more than one pass is to start, those whose turn it is. */
  readonly deletions: readonly DueDeletion[];
  /** How many more are due. */
  readonly more: number;
  /** How many are due and stay, each being the last good one of its schedule. */
  readonly lastGood: number;
  /** For people; at most 20. */
  readonly remarks: readonly string[];
}

/** The step that finds what has expired. */
export interface PlanExpiryActivities {
  /** Reads the record of every backup in a location and tells which are to be deleted now. Only reads. */
  planExpiry(input: { readonly location: string }): Promise<ExpiryPlan>;
}

/** Deletions of one location that one pass starts: each of them is a workflow at work. */
const mostDeletions = 50;
const mostRemarks = 20;
/** Records read at the same time. */
const readAtOnce = 16;

/** The activities over a worker's dependencies. */
export function createPlanExpiry({ config, store, now }: Dependencies): PlanExpiryActivities {
  const { removeLast } = config.expiry;
  return {
    async planExpiry({ location }) {
      const { accessMode } = config.backupStorageLocations.find(({ name }) => name === location) ?? {};
      const nothing = { backups: 0, deletions: [], more: 0, lastGood: 0, remarks: [] };
      if (accessMode === 'ReadOnly') return { ...nothing, isReadOnly: true };
      const { backups, remarks, cutOff } = await readBackups(await store(location));
      const verdict = backupsToDelete(backups, { now: timestamp(now()), removeLast });
      const due = [...cutOff.map((name) => ({ name, reason: 'cut off' as const })), ...verdict.due];
      const deletions = turnOf(due, { most: mostDeletions, now: now() }).map(({ name, reason }) => ({
        name,
        reason,
        workflowId: `${config.temporal.idPrefix}delete-backup/${name}`,
      }));
      return {
        isReadOnly: false,
        backups: backups.length,
        deletions,
        more: due.length - deletions.length,
        lastGood: verdict.lastGood.length,
        remarks: [...verdict.remarks, ...remarks].slice(0, mostRemarks),
      };
    },
  };
}

/** What a location holds, as far as it can be read. */
interface ReadBackups {
  readonly backups: readonly DatedBackup[];
  /** Those of which nothing but an announced deletion tells. */
  readonly cutOff: readonly string[];
  readonly remarks: readonly string[];
}

async function readBackups(store: ObjectStore): Promise<ReadBackups> {
  const records = new Map<string, string>();
  const marked = new Set<string>();
  // One list of all keys: a request for each backup would be dearer by far.
  for await (const key of store.listObjects(backupsDirectory, { signal: activitySignal() })) {
    const [, name = '', file] = /^backups\/([^/]+)\/([^/]+)$/.exec(key) ?? [];
    if (file === 'velero-backup.json') records.set(name, key);
    if (file === `${name}-deletion.json`) marked.add(name);
  }
  const backups: DatedBackup[] = [];
  const remarks: string[] = [];
  await pLimit(readAtOnce).map([...records], async ([name, key]) => {
    try {
      backups.push(dated(name, decodeMetadata(await bytesOf(store, key)), marked.has(name)));
    } catch (error) {
      if (errorCode(error) === 'NotFound') return;
      if (errorCode(error) !== 'CorruptBackup') throw error;
      remarks.push(`backup ${name} never goes by itself: ${errorText(error)}`);
    }
  });
  return { backups, remarks: remarks.sort(), cutOff: [...marked].filter((name) => !records.has(name)).sort() };
}

function dated(name: string, { metadata, status }: Backup, isMarked: boolean): DatedBackup {
  const { [scheduleNameLabel]: schedule, [retentionLabel]: retention } = metadata.labels ?? {};
  return {
    name,
    phase: status?.phase ?? 'New',
    start: status?.startTimestamp ?? metadata.creationTimestamp ?? '',
    ...(schedule && { schedule }),
    ...(retention && { retention }),
    ...(status?.expiration && { expiration: status.expiration }),
    isMarked,
  };
}
