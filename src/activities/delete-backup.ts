import { activityInfo } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { Backup, VolumeSnapshot } from '../api/backup.ts';
import { BowlineError, errorCode } from '../api/errors.ts';
import { backupUidLabel, persistentVolumeTag } from '../api/labels.ts';
import type { BackupStorageLocation } from '../api/locations.ts';
import type { RunRef, RunSettings, StagedRef } from '../api/run.ts';
import { decodeGzipJson, decodeMetadata, decodeVolumeSnapshots } from '../backup-format/artifacts.ts';
import { backupLayout, restoreLayout, restoresDirectory } from '../backup-format/layout.ts';
import type { ObjectStore } from '../plugins/object-store.ts';
import { validateName } from '../selection/spec-validation.ts';
import { bytesOf } from './bytes.ts';
import type { Dependencies } from './dependencies.ts';
import { invalidSpec, notYet } from './failures.ts';
import { activitySignal } from './lease.ts';
import { stagingLocation } from './locations.ts';
import { orGiveUp } from './out-of-reach.ts';
import type { DeletionPlan } from './plan.ts';
import { deleteAll } from './put-object.ts';
import { requestProblems, runSettings } from './request.ts';
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
  /** Recorded snapshots. */
  readonly snapshots: readonly VolumeSnapshot[];
  /** Volume snapshot locations that the backup names and the configuration still knows: they are swept, recorded snapshots or not. */
  readonly snapshotLocations: readonly string[];
  /** When the backup ran, and its uid; absent if its metadata is not there, or no Backup. */
  readonly backup?: { readonly uid: string; readonly startTimestamp: string; readonly completionTimestamp: string };
  /** The actions that are to see the backup's items, by name and in order; absent if there are none, or no items. */
  readonly itemActions?: { readonly plan: StagedRef; readonly names: readonly string[] };
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
  /** Finds the backup and puts the mark that announces its deletion. Safe to repeat: the mark may be there. */
  prepareDeletion(request: DeleteBackupRequest): Promise<PreparedDeletion>;
  /** Ends when no running restore uses the backup; until then each attempt fails as retryable and names one. */
  awaitUnused(run: RunRef): Promise<void>;
  /** Deletes snapshots that a cut-off run took and never recorded, in one location. Safe to repeat. */
  sweepSnapshots(input: { readonly prepared: PreparedDeletion; readonly location: string }): Promise<SweptSnapshots>;
  /** Deletes the restores' files, the backup's files, its metadata, and the mark last. Safe to repeat. Resolves with the number of files. */
  deleteFiles(run: RunRef): Promise<number>;
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
      for (const location of new Set([run.location, run.staging])) {
        await deleteRestoresOf(await dependencies.store(location), run.name);
      }
      let files = 0;
      for await (const key of store.listObjects(directory, { signal })) {
        if (key === metadata || key === deletion) continue;
        await store.deleteObject(key, { signal });
        files++;
      }
      for (const key of [metadata, deletion]) await store.deleteObject(key, { signal });
      return files + 1;
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
    if (await isRunning(`${idPrefix}backup/${name}`)) {
      throw ApplicationFailure.nonRetryable(
        `delete backup ${name}: it is still in progress; cancel it first`,
        'Conflict',
      );
    }
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
    await putMark(store, { name, uid, startTimestamp: timestamp(now()) });
    const backup = await readBackup(store, name);
    const itemActions = backup && (await planItemActions(run, backup));
    return {
      run,
      settings: runSettings(dependencies),
      startTimestamp: timestamp(now()),
      snapshots: await readSnapshots(store, name),
      snapshotLocations: knownLocationsOf(backup),
      ...(backup && { backup: timesOf(backup) }),
      ...(itemActions && { itemActions }),
    };
  }

  /** A backup that failed has no tarball, and is deleted without its items being asked for. */
  async function planItemActions(run: RunRef, backup: Backup): Promise<PreparedDeletion['itemActions']> {
    const names = dependencies.deleteItemActions.map((action) => action.name);
    const store = await dependencies.store(run.location);
    const { contents } = backupLayout(run.name);
    if (names.length === 0 || !(await store.objectExists(contents, { signal: activitySignal() }))) return undefined;
    const plan: DeletionPlan = { backup };
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

async function putMark(store: ObjectStore, mark: { name: string; uid: string; startTimestamp: string }): Promise<void> {
  const body = new TextEncoder().encode(`${JSON.stringify(mark)}\n`);
  try {
    await store.putObject(backupLayout(mark.name).deletion, body, { ifAbsent: true, signal: activitySignal() });
  } catch (error) {
    // An earlier attempt's, or that of a deletion that did not finish: the workflow's id lets only one run at a time.
    if (errorCode(error) !== 'AlreadyExists') throw error;
  }
}

/** What can't be read counts as absent: such a backup has to go, too. */
async function readBackup(store: ObjectStore, name: string): Promise<Backup | undefined> {
  const { metadata } = backupLayout(name);
  if (!(await store.objectExists(metadata, { signal: activitySignal() }))) return undefined;
  try {
    return decodeMetadata(await bytesOf(store, metadata));
  } catch (error) {
    if (errorCode(error) !== 'CorruptBackup') throw error;
    return undefined;
  }
}

function timesOf({ metadata, status }: Backup): NonNullable<PreparedDeletion['backup']> {
  const startTimestamp = status?.startTimestamp ?? metadata.creationTimestamp ?? '';
  return { uid: metadata.uid, startTimestamp, completionTimestamp: status?.completionTimestamp ?? startTimestamp };
}

async function readSnapshots(store: ObjectStore, name: string): Promise<VolumeSnapshot[]> {
  const { volumeSnapshots } = backupLayout(name);
  if (!(await store.objectExists(volumeSnapshots, { signal: activitySignal() }))) return [];
  return decodeVolumeSnapshots(await decodeGzipJson(await bytesOf(store, volumeSnapshots)));
}

/** Every mark by which a restore says that it uses the backup. */
async function* usesOf(store: ObjectStore, backup: string): AsyncIterable<{ restore: string }> {
  const signal = activitySignal();
  for await (const directory of store.listCommonPrefixes(restoresDirectory, '/', { signal })) {
    for await (const key of store.listObjects(`${directory}staging/`, { signal })) {
      if (key.endsWith(`/uses-${backup}`)) yield { restore: directory.slice(restoresDirectory.length, -1) };
    }
  }
}

/** Deletes the files of the restores that were made from the backup, their records last. */
async function deleteRestoresOf(store: ObjectStore, backup: string): Promise<void> {
  const signal = activitySignal();
  for await (const directory of store.listCommonPrefixes(restoresDirectory, '/', { signal })) {
    const { record } = restoreLayout(directory.slice(restoresDirectory.length, -1));
    if (!(await store.objectExists(record, { signal }))) continue;
    const { spec } = JSON.parse(Buffer.from(await bytesOf(store, record)).toString('utf8')) as {
      spec?: { backupName?: string };
    };
    if (spec?.backupName !== backup) continue;
    await deleteAll(store, directory, [record]);
    await store.deleteObject(record, { signal });
  }
}
