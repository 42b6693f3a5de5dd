import { activityInfo } from '@temporalio/activity';
import { BowlineError } from '../api/errors.ts';
import { scheduleNameLabel } from '../api/labels.ts';
import { parseResourcePriorities } from '../api/resource-priorities.ts';
import type { Restore, RestoreRequest, RestoreSpec } from '../api/restore.ts';
import type { PlannedAction, RunRef, RunSettings, StagedRef } from '../api/run.ts';
import { assertReadableFormat } from '../backup-format/format-version.ts';
import { backupLayout, restoreLayout } from '../backup-format/layout.ts';
import type { ObjectStore } from '../plugins/object-store.ts';
import { nonRestorable } from '../selection/restore-filter.ts';
import { validateName, validateRestoreSpec } from '../selection/spec-validation.ts';
import { findBackup, findScheduledBackup, readBackupFiles } from './backup-to-restore.ts';
import type { Dependencies } from './dependencies.ts';
import { invalidSpec } from './failures.ts';
import { volumesToFinish } from './finish-volumes.ts';
import { activitySignal, leaseIsLost } from './lease.ts';
import { stagingLocation } from './locations.ts';
import type { RestorePlan } from './plan.ts';
import { planActions } from './planned-actions.ts';
import { readModifiers } from './read-modifiers.ts';
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
  /** The schedule that made the backup; absent if none did. */
  readonly schedule?: string;
  /** Whether PersistentVolumes that are provisioned anew are to be given something when all items are there. Default `false`. */
  readonly finishesVolumes?: boolean;
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

const requestFields = ['name', 'spec', 'dryRun'];

/** The activities over a worker's dependencies. */
export function createPrepareRestore(dependencies: Dependencies): PrepareRestoreActivities {
  const { config, kubernetes, now } = dependencies;
  return {
    prepareRestore: (request) => orGiveUp(dependencies, () => prepare(request)),
  };

  async function prepare(request: RestoreRequest): Promise<PreparedRestore> {
    const { name, dryRun = false }: RestoreRequest = request ?? {};
    const problems = [
      ...requestProblems({ request, kind: 'restore', idPrefix: config.temporal.idPrefix, fields: requestFields }),
      ...validateName(name),
      ...validateRestoreSpec(request?.spec ?? {}),
      ...sourceProblems(request?.spec ?? {}),
      ...(typeof dryRun === 'boolean' ? [] : [`dryRun: expected true or false, got ${typeof dryRun}`]),
    ];
    if (problems.length > 0) throw invalidSpec(problems);
    const asked: RestoreSpec = request.spec ?? {};
    const modifiers = await readModifiers(dependencies, asked);

    const { location, store, backup } = asked.backupName
      ? await findBackup(dependencies, asked.backupName)
      : await findScheduledBackup(dependencies, asked.scheduleName!);
    assertReadableFormat(backup);
    const backupName = backup.metadata.name;
    const scheduleName = backup.metadata.labels?.[scheduleNameLabel] ?? asked.scheduleName;
    const spec: RestoreSpec = {
      ...asked,
      backupName,
      ...(scheduleName && { scheduleName }),
      excludedResources: [...new Set([...(asked.excludedResources ?? []), ...nonRestorable])],
    };
    const uid = activityInfo().workflowExecution?.runId ?? 'local';
    const run: RunRef = {
      kind: 'restore',
      name,
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
      const files = await readBackupFiles(store, backupName);
      const priorities = parseResourcePriorities(config.restoreResourcePriorities);
      const plan: RestorePlan = {
        installation: dependencies.installation,
        ...files,
        restore: describe(config.namespace, { run, spec, startedAt }),
        backup,
        remarks: [files.contents.remark ?? [], modifiers?.remarks ?? []].flat(),
        ...(priorities && { priorities }),
        ...(modifiers && { modifiers: modifiers.modifiers }),
        ...(dryRun && { dryRun }),
      };
      const discovery = await kubernetes.discover({ refresh: true, signal: activitySignal() });
      const staging = await openStaging(dependencies, run);
      return {
        run,
        plan: await staging.writeLines('plan', [JSON.stringify(plan)]),
        settings: runSettings(dependencies, spec),
        actions: planActions(withFittingWait(dependencies.restoreItemActions, plan.podVolumeBackups), discovery),
        startTimestamp: timestamp(startedAt),
        ...(scheduleName && { schedule: scheduleName }),
        ...(!dryRun && volumesToFinish(plan).length > 0 && { finishesVolumes: true }),
      };
    });
  }
}

/** Source: Velero v1.18.1 `pkg/controller/restore_controller.go`. */
function sourceProblems({ backupName, scheduleName }: RestoreSpec): string[] {
  if (backupName && scheduleName)
    return ['spec.backupName and spec.scheduleName: expected one of the two, the name of a backup or of a schedule'];
  return backupName || scheduleName
    ? []
    : ['spec.backupName: missing; expected the name of a backup, or spec.scheduleName'];
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
      throw new BowlineError(
        'NotFound',
        `restore ${backupName}: that backup is being deleted, or a deletion of it did not finish`,
      );
    }
    if (!(await store.objectExists(backupLayout(backupName).metadata, { signal })))
      throw new BowlineError('NotFound', `restore ${backupName}: that backup has been deleted meanwhile`);
    return await proceed();
  } catch (error) {
    // An attempt that was suspended must not take away its successor's mark.
    if (!leaseIsLost()) await stagingStore.deleteObject(mark).catch(() => undefined);
    throw error;
  }
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
