import { activityInfo } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { Backup, VolumeSnapshot } from '../api/backup.ts';
import { BowlineError, errorCode } from '../api/errors.ts';
import { backupUidLabel, persistentVolumeTag, scheduleNameLabel } from '../api/labels.ts';
import type { BackupStorageLocation } from '../api/locations.ts';
import type { RunRef, RunSettings, StagedRef } from '../api/run.ts';
import { backupLayout } from '../backup-format/layout.ts';
import type { ObjectStore } from '../plugins/object-store.ts';
import { validateName } from '../selection/spec-validation.ts';
import { readBackupToDelete, uidOf } from './backup-to-delete.ts';
import { jsonObjectOf } from './bytes.ts';
import type { Dependencies } from './dependencies.ts';
import { invalidSpec, notYet } from './failures.ts';
import { activitySignal } from './lease.ts';
import { stagingLocation } from './locations.ts';
import { orGiveUp } from './out-of-reach.ts';
import type { DeletionPlan } from './plan.ts';
import { requestProblems, runSettings } from './request.ts';
import { deleteRestoresOf, usesOf } from './restores-of-backup.ts';
import { openStaging } from './staging.ts';
import { timestamp } from './timestamp.ts';

/** What starts a deletion: the workflow's one argument. */
export interface DeleteBackupRequest {
  /** The backup's name; the workflow's id is `delete-backup/<name>`. */
  readonly name: string;
}

/** A deletion that has been announced, with what there is to delete. */
export interface PreparedDeletion {
  readonly run: RunRef;
  readonly settings: RunSettings;
  readonly startTimestamp: string;
  /** The schedule that made the backup; absent if none did, or if its metadata is not there. */
  readonly schedule?: string;
  /** Recorded snapshots. */
  readonly snapshots: readonly VolumeSnapshot[];
  /** Volume snapshot locations that the backup names and the configuration still knows: they are swept, recorded snapshots or not. */
  readonly snapshotLocations: readonly string[];
  /** When the backup ran, and its uid; absent if its metadata is not there, or damaged. */
  readonly backup?: { readonly uid: string; readonly startTimestamp: string; readonly completionTimestamp: string };
  /** The actions that are to see the backup's items, by name and in order; absent if there are none, or no items. */
  readonly itemActions?: { readonly plan: StagedRef; readonly names: readonly string[] };
  /** Whether this run put the mark. If not, an earlier deletion did, which may have deleted something. */
  readonly isFirst: boolean;
  /** What will not be deleted, for people. */
  readonly remarks: readonly string[];
}

/** What became of the files. */
export interface DeletedFiles {
  readonly files: number;
  /** Restores whose record can't be read, so that nobody knows which backup they are of; at most 20. */
  readonly unreadable: readonly string[];
}

/** What a sweep of one location came to, by the snapshots' ids. */
export interface SweptSnapshots {
  /** Unrecorded snapshots of the backup's own that were deleted. */
  readonly deleted: readonly string[];
  /** Snapshots that bear the backup's uid but may be somebody else's: left alone. */
  readonly leftAlone: readonly string[];
}

/** The steps of a deletion. */
export interface DeleteBackupActivities {
  /**
   * Finds the backup, reads what there is to delete, and then puts the mark that announces the deletion. Safe to repeat: the mark
   * may be there. Fails with `CorruptBackup`, before it puts the mark, if the list of snapshots can't be read: they would be lost; and
   * with `Conflict`, without a mark, if a backup of that name runs, or has been made while this looked.
   */
  prepareDeletion(request: DeleteBackupRequest): Promise<PreparedDeletion>;
  /** Ends when no running restore uses the backup; until then each attempt fails as retryable and names one. */
  awaitUnused(run: RunRef): Promise<void>;
  /** Deletes snapshots that a cut-off run took and never recorded, in one location. Safe to repeat. */
  sweepSnapshots(input: { readonly prepared: PreparedDeletion; readonly location: string }): Promise<SweptSnapshots>;
  /** Deletes the restores' files, the backup's files, its metadata, and the mark last. Safe to repeat. */
  deleteFiles(run: RunRef): Promise<DeletedFiles>;
  /** Takes the mark back, as long as nothing has been deleted: the backup is whole. Safe to repeat. */
  withdrawDeletion(run: RunRef): Promise<void>;
}

/** The activities over a worker's dependencies. */
export function createDeleteBackup(dependencies: Dependencies): DeleteBackupActivities {
  const { config, now, isRunning, snapshotter } = dependencies;
  const { idPrefix } = config.temporal;
  return {
    prepareDeletion: (request) => orGiveUp(dependencies, () => prepare(request)),

    async awaitUnused(run) {
      for (const location of new Set([run.location, run.staging])) {
        const store = await dependencies.store(location);
        for await (const { restore } of usesOf(store, run.name)) {
          if (await isRunning(`${idPrefix}restore/${restore}`))
            throw notYet(`restore ${restore} is still reading the backup`, 5_000);
        }
      }
    },

    async sweepSnapshots({ prepared, location }) {
      const { backup, snapshots } = prepared;
      if (backup === undefined) return { deleted: [], leftAlone: [] };
      const signal = activitySignal();
      const opened = await snapshotter(location);
      const recorded = new Set(
        snapshots
          .filter(({ spec }) => spec.location === location)
          .map(({ spec }) => `${spec.persistentVolumeName} ${spec.providerVolumeID}`),
      );
      const swept = { deleted: [] as string[], leftAlone: [] as string[] };
      for await (const { snapshotId, volumeId, tags, createdAt } of opened.listSnapshots(
        { [backupUidLabel]: backup.uid },
        { signal },
      )) {
        // Clouds' own tools copy tags from volume to snapshot and back: a tag alone does not make a snapshot ours.
        const known = recorded.has(`${tags[persistentVolumeTag]} ${volumeId}`);
        const inTime =
          timestamp(new Date(createdAt)) >= backup.startTimestamp &&
          timestamp(new Date(createdAt)) <= backup.completionTimestamp;
        (known && inTime ? swept.deleted : swept.leftAlone).push(snapshotId);
      }
      // Only now: a list that is being read may lose its place when something in it goes.
      for (const snapshotId of swept.deleted) await opened.deleteSnapshot(snapshotId, { signal });
      return swept;
    },

    async deleteFiles(run) {
      const store = await dependencies.store(run.location);
      const signal = activitySignal();
      const { directory, metadata, deletion } = backupLayout(run.name);
      const unreadable: string[] = [];
      for (const location of new Set([run.location, run.staging])) {
        unreadable.push(...(await deleteRestoresOf(await dependencies.store(location), run.name)));
      }
      let files = 0;
      for await (const key of store.listObjects(directory, { signal })) {
        if (key === metadata || key === deletion) continue;
        await store.deleteObject(key, { signal });
        files++;
      }
      for (const key of [metadata, deletion]) await store.deleteObject(key, { signal });
      return { files: files + 1, unreadable: unreadable.slice(0, 20) };
    },

    async withdrawDeletion(run) {
      const store = await dependencies.store(run.location);
      await store.deleteObject(backupLayout(run.name).deletion, { signal: activitySignal() });
    },
  };

  function knownLocationsOf(backup: Backup | undefined): string[] {
    const named = backup?.spec.volumeSnapshotLocations ?? [];
    return named.filter((name) => config.volumeSnapshotLocations.some((location) => location.name === name));
  }

  async function prepare(request: DeleteBackupRequest): Promise<PreparedDeletion> {
    const problems = [
      ...requestProblems({ request, kind: 'delete-backup', idPrefix, fields: ['name'] }),
      ...validateName(request?.name),
    ];
    if (problems.length > 0) throw invalidSpec(problems);
    const { name } = request;
    if (await isRunning(`${idPrefix}backup/${name}`))
      throw conflict(`delete backup ${name}: it is still in progress; cancel it first`);
    const { location, store } = await findFiles(dependencies, name);
    if (location.accessMode === 'ReadOnly') {
      throw new BowlineError('ReadOnlyLocation', `delete backup ${name}: location ${location.name} is read-only`);
    }
    const uid = activityInfo().workflowExecution?.runId ?? 'local';
    const run: RunRef = {
      kind: 'deletion',
      name,
      uid,
      location: location.name,
      staging: stagingLocation(config, location),
    };
    const { backup, snapshots, remarks } = await readBackupToDelete(store, name);
    const itemActions = backup && (await planItemActions(run, backup));
    const schedule = backup?.metadata.labels?.[scheduleNameLabel];
    // The last step: what can't be read must not leave a mark behind.
    const isFirst = await putMark(store, { name, uid, startTimestamp: timestamp(now()) });
    await giveWay({ run, store, found: backup, isFirst });
    return {
      run,
      settings: runSettings(dependencies),
      startTimestamp: timestamp(now()),
      ...(schedule && { schedule }),
      snapshots,
      snapshotLocations: knownLocationsOf(backup),
      ...(backup && { backup: timesOf(backup) }),
      ...(itemActions && { itemActions }),
      isFirst,
      remarks,
    };
  }

  /**
   * Takes the mark back if a backup of that name has begun since it was looked for. A backup is running when it looks for the mark:
   * of the two, at least one sees the other. Fails with `Conflict`.
   */
  async function giveWay({ run: { name }, store, found, isFirst }: MarkedBackup): Promise<void> {
    const isBegun = await isRunning(`${idPrefix}backup/${name}`);
    if (!isBegun && (await uidOf(store, name)) === found?.metadata.uid) return;
    if (isFirst) await store.deleteObject(backupLayout(name).deletion, { signal: activitySignal() });
    const what = isBegun
      ? 'is in progress; cancel it first'
      : 'has been made meanwhile; delete that one if you want to';
    throw conflict(`delete backup ${name}: a backup of that name ${what}`);
  }

  /** A backup that failed has no tarball, and is deleted without its items being asked for. */
  async function planItemActions(run: RunRef, backup: Backup): Promise<PreparedDeletion['itemActions']> {
    const names = dependencies.deleteItemActions.map((action) => action.name);
    const store = await dependencies.store(run.location);
    const { contents } = backupLayout(run.name);
    if (names.length === 0 || !(await store.objectExists(contents, { signal: activitySignal() }))) return undefined;
    const plan: DeletionPlan = { backup, installation: dependencies.installation };
    const staging = await openStaging(dependencies, run);
    return { plan: await staging.writeLines('plan', [JSON.stringify(plan)]), names };
  }
}

/** The location that holds anything under the backup's name: a finished backup, or what a cut-off run left. Staging counts least. */
async function findFiles(
  { config, store }: Dependencies,
  name: string,
): Promise<{ location: BackupStorageLocation; store: ObjectStore }> {
  const { directory } = backupLayout(name);
  let staged: { location: BackupStorageLocation; store: ObjectStore } | undefined;
  for (const location of config.backupStorageLocations) {
    const opened = await store(location.name);
    for await (const key of opened.listObjects(directory, { signal: activitySignal() })) {
      if (!key.startsWith(`${directory}staging/`)) return { location, store: opened };
      staged ??= { location, store: opened };
    }
  }
  if (staged) return staged;
  throw new BowlineError('NotFound', `delete backup ${name}: nothing of that name in the storage locations`);
}

/** A backup that bears a mark now, with what was found before it did. */
interface MarkedBackup {
  readonly run: RunRef;
  readonly store: ObjectStore;
  readonly found: Backup | undefined;
  readonly isFirst: boolean;
}

function conflict(message: string): ApplicationFailure {
  return ApplicationFailure.nonRetryable(message, 'Conflict');
}

/** Whether the mark is this run's own. */
async function putMark(
  store: ObjectStore,
  mark: { name: string; uid: string; startTimestamp: string },
): Promise<boolean> {
  const body = new TextEncoder().encode(`${JSON.stringify(mark)}\n`);
  const { deletion } = backupLayout(mark.name);
  try {
    await store.putObject(deletion, body, { ifAbsent: true, signal: activitySignal() });
    return true;
  } catch (error) {
    // An earlier attempt's, or that of a deletion that did not finish: the workflow's id lets only one run at a time.
    if (errorCode(error) !== 'AlreadyExists') throw error;
    return (await jsonObjectOf(store, deletion))?.['uid'] === mark.uid;
  }
}

function timesOf({ metadata, status }: Backup): NonNullable<PreparedDeletion['backup']> {
  const startTimestamp = status?.startTimestamp ?? metadata.creationTimestamp ?? '';
  return { uid: metadata.uid, startTimestamp, completionTimestamp: status?.completionTimestamp ?? startTimestamp };
}
