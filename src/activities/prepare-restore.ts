import { activityInfo } from '@temporalio/activity';
import type { Backup, VolumeSnapshot } from '../api/backup.ts';
import { BowlineError } from '../api/errors.ts';
import type { BackupStorageLocation } from '../api/locations.ts';
import type { Restore, RestoreRequest, RestoreSpec } from '../api/restore.ts';
import type { PlannedAction, RunRef, RunSettings, StagedRef } from '../api/run.ts';
import type { Unstructured } from '../api/unstructured.ts';
import { decodeGzipJson, decodeMetadata, decodeVolumeSnapshots } from '../backup-format/artifacts.ts';
import { assertReadableFormat } from '../backup-format/format-version.ts';
import { backupLayout, restoreLayout } from '../backup-format/layout.ts';
import { decodePodVolumeBackups } from '../backup-format/pod-volume-backups.ts';
import type { ObjectStore } from '../plugins/object-store.ts';
import { validateName, validateRestoreSpec } from '../selection/spec-validation.ts';
import { describeContents } from './backup-contents.ts';
import { bytesOf } from './bytes.ts';
import type { Dependencies } from './dependencies.ts';
import { invalidSpec } from './failures.ts';
import { activitySignal, leaseIsLost } from './lease.ts';
import { stagingLocation } from './locations.ts';
import type { RestorePlan } from './plan.ts';
import { planActions } from './planned-actions.ts';
import { requestProblems, runSettings } from './request.ts';
import { openStaging } from './staging.ts';
import { orGiveUp } from './out-of-reach.ts';
import { timestamp } from './timestamp.ts';
import { withFittingWait } from './wait-actions.ts';

/** What the workflow keeps of the plan. */
export interface PreparedRestore {
  readonly run: RunRef;
  readonly plan: StagedRef;
  readonly settings: RunSettings;
  readonly actions: readonly PlannedAction[];
  readonly startTimestamp: string;
}

/** The first step of a restore. */
export interface PrepareRestoreActivities {
  /**
   * Checks everything that can be checked, marks the backup as in use and reads what it says of itself. Safe to repeat: it
   * writes the mark, which is the run's own, and a plan per attempt. Fails with `InvalidSpec` and all problems at once,
   * `NotFound`, `AlreadyExists` if the name is taken, `Conflict` while the backup is being deleted, `CorruptBackup`.
   */
  prepareRestore(request: RestoreRequest): Promise<PreparedRestore>;
}

/** The activities over a worker's dependencies. */
export function createPrepareRestore(dependencies: Dependencies): PrepareRestoreActivities {
  const { config, kubernetes, now } = dependencies;
  return {
    prepareRestore: (request) => orGiveUp(dependencies, () => prepare(request)),
  };

  async function prepare(request: RestoreRequest): Promise<PreparedRestore> {
    const problems = [
      ...requestProblems({ request, kind: 'restore', idPrefix: config.temporal.idPrefix }),
      ...validateName(request?.name),
      ...validateRestoreSpec(request?.spec ?? {}),
    ];
    const spec: RestoreSpec = request?.spec ?? {};
    const { backupName } = spec;
    if (typeof backupName !== 'string' || backupName === '')
      problems.push('spec.backupName: missing; expected the name of a backup');
    if (problems.length > 0 || backupName === undefined) throw invalidSpec(problems);

    const { location, store, backup } = await findBackup(dependencies, backupName);
    assertReadableFormat(backup);
    const uid = activityInfo().workflowExecution?.runId ?? 'local';
    const run: RunRef = {
      kind: 'restore',
      name: request.name,
      uid,
      location: location.name,
      staging: stagingLocation(config, location),
    };
    if (location.accessMode === 'ReadOnly' && run.staging === location.name) {
      throw new BowlineError(
        'ReadOnlyLocation',
        `restore ${backupName}: location ${location.name} is read-only, and no other one is named by "staging" in the configuration`,
      );
    }
    const stagingStore = await dependencies.store(run.staging);
    await assertNameIsFree(stagingStore, run.name);
    return whileMarked({ stagingStore, store, run, backupName }, async () => {
      const startedAt = now();
      const plan: RestorePlan = {
        restore: describe(config.namespace, { run, spec, startedAt }),
        backup,
        snapshots: await readSnapshots(store, backupName),
        podVolumeBackups: await readPodVolumeBackups(store, backupName),
        contents: await describeContents(store, backupName),
      };
      const discovery = await kubernetes.discover({ refresh: true, signal: activitySignal() });
      const staging = await openStaging(dependencies, run);
      return {
        run,
        plan: await staging.writeLines('plan', [JSON.stringify(plan)]),
        settings: runSettings(dependencies, spec),
        actions: planActions(withFittingWait(dependencies.restoreItemActions, plan.podVolumeBackups), discovery),
        startTimestamp: timestamp(startedAt),
      };
    });
  }
}

/** The first location that holds a finished backup of that name. */
async function findBackup(
  { config, store }: Dependencies,
  name: string,
): Promise<{ location: BackupStorageLocation; store: ObjectStore; backup: Backup }> {
  const { metadata } = backupLayout(name);
  for (const location of config.backupStorageLocations) {
    const opened = await store(location.name);
    if (!(await opened.objectExists(metadata, { signal: activitySignal() }))) continue;
    const backup = decodeMetadata(await bytesOf(opened, metadata));
    return { location, store: opened, backup };
  }
  const searched = config.backupStorageLocations.map((location) => location.name).join(', ') || 'none';
  throw new BowlineError('NotFound', `restore ${name}: no backup of that name in the storage locations (${searched})`);
}

async function assertNameIsFree(store: ObjectStore, name: string): Promise<void> {
  const { record } = restoreLayout(name);
  if (!(await store.objectExists(record, { signal: activitySignal() }))) return;
  throw new BowlineError('AlreadyExists', `restore ${name}: ${store.url}/${record} is there: choose another name`);
}

interface Use {
  readonly stagingStore: ObjectStore;
  readonly store: ObjectStore;
  readonly run: RunRef;
  readonly backupName: string;
}

/**
 * Says that the backup is in use, looks whether it is being deleted (of the two runs, at least one sees the other), and goes on.
 * The mark stays for the run's length; it goes at once if the run can't begin.
 */
async function whileMarked<T>({ stagingStore, store, run, backupName }: Use, proceed: () => Promise<T>): Promise<T> {
  const signal = activitySignal();
  const mark = restoreLayout(run.name).usesMark(run.uid, backupName);
  try {
    await stagingStore.putObject(mark, new Uint8Array(), { signal });
    if (await store.objectExists(backupLayout(backupName).deletion, { signal })) {
      throw new BowlineError('NotFound', `restore ${backupName}: that backup is being deleted`);
    }
    return await proceed();
  } catch (error) {
    // An attempt that was suspended must not take away its successor's mark.
    if (!leaseIsLost()) await stagingStore.deleteObject(mark).catch(() => undefined);
    throw error;
  }
}

async function readSnapshots(store: ObjectStore, name: string): Promise<VolumeSnapshot[]> {
  const { volumeSnapshots } = backupLayout(name);
  if (!(await store.objectExists(volumeSnapshots, { signal: activitySignal() }))) return [];
  return decodeVolumeSnapshots(await decodeGzipJson(await bytesOf(store, volumeSnapshots)));
}

async function readPodVolumeBackups(store: ObjectStore, name: string): Promise<Unstructured[]> {
  const { podVolumeBackups } = backupLayout(name);
  if (!(await store.objectExists(podVolumeBackups, { signal: activitySignal() }))) return [];
  return decodePodVolumeBackups(await decodeGzipJson(await bytesOf(store, podVolumeBackups)));
}

function describe(
  namespace: string,
  { run, spec, startedAt }: { run: RunRef; spec: RestoreSpec; startedAt: Date },
): Restore {
  return {
    apiVersion: 'velero.io/v1',
    kind: 'Restore',
    metadata: { name: run.name, namespace, uid: run.uid, creationTimestamp: timestamp(startedAt) },
    spec,
    status: { phase: 'InProgress', startTimestamp: timestamp(startedAt) },
  };
}
