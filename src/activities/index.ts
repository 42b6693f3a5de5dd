import { createAdoptItems, type AdoptItemsActivities } from './adopt-items.ts';
import { createApplyItems, type ApplyItemsActivities } from './apply-items.ts';
import { createArchiveItems, type ArchiveItemsActivities } from './archive-items.ts';
import { createAwaitAdditionalItems, type AwaitAdditionalItemsActivities } from './await-additional-items.ts';
import { createAwaitContainers, type AwaitContainersActivities } from './await-containers.ts';
import { createAwaitDefinitions, type AwaitDefinitionsActivities } from './await-definitions.ts';
import { createCheckConformance, type CheckConformanceActivities } from './check-conformance.ts';
import { createCollectAdditionalItems, type CollectAdditionalItemsActivities } from './collect-additional-items.ts';
import { createCollectItems, type CollectItemsActivities } from './collect-items.ts';
import { createCollectPlan, type CollectPlanActivities } from './collect-plan.ts';
import { createCountItems, type CountItemsActivities } from './count-items.ts';
import { createDeleteBackup, type DeleteBackupActivities } from './delete-backup.ts';
import type { Dependencies } from './dependencies.ts';
import { createExecuteBackupItemAction, type ExecuteBackupItemActionActivities } from './execute-backup-item-action.ts';
import { createExecuteDeleteItemAction, type ExecuteDeleteItemActionActivities } from './execute-delete-item-action.ts';
import {
  createExecuteRestoreItemAction,
  type ExecuteRestoreItemActionActivities,
} from './execute-restore-item-action.ts';
import { createFindLeftovers, type FindLeftoversActivities } from './find-leftovers.ts';
import { createFinishVolumes, type FinishVolumesActivities } from './finish-volumes.ts';
import { createHandOverItems, type HandOverItemsActivities } from './hand-over-items.ts';
import { createNotify, type NotifyActivities } from './notify.ts';
import { createOpenRun } from './plan.ts';
import { createPlanExpiry, type PlanExpiryActivities } from './plan-expiry.ts';
import { createReadHooks } from './pod-hooks.ts';
import { createPrepareBackup, type PrepareBackupActivities } from './prepare-backup.ts';
import { createPrepareRestore, type PrepareRestoreActivities } from './prepare-restore.ts';
import { createPutObject, type PutObjectActivities } from './put-object.ts';
import { createRestoreVolumes, type RestoreVolumesActivities } from './restore-volumes.ts';
import { createRunHook, type RunHookActivities } from './run-hook.ts';
import { createSelectHooks, type SelectHooksActivities } from './select-hooks.ts';
import { createSelectVolumes, type SelectVolumesActivities } from './select-volumes.ts';
import { createSnapshotVolumes, type SnapshotVolumesActivities } from './snapshot-volumes.ts';
import { createSweepRun, type SweepRunActivities } from './sweep-run.ts';
import { createUnpackBackup, type UnpackBackupActivities } from './unpack-backup.ts';
import { createUnpackDeletion, type UnpackDeletionActivities } from './unpack-deletion.ts';
import { createValidateLocations, type ValidateLocationsActivities } from './validate-locations.ts';

/** Every activity, as workflows see them: an interface, never the code. */
export interface Activities
  extends
    PrepareBackupActivities,
    CountItemsActivities,
    CollectItemsActivities,
    ExecuteBackupItemActionActivities,
    HandOverItemsActivities,
    AdoptItemsActivities,
    ArchiveItemsActivities,
    CollectAdditionalItemsActivities,
    SelectHooksActivities,
    RunHookActivities,
    SelectVolumesActivities,
    SnapshotVolumesActivities,
    PutObjectActivities,
    PrepareRestoreActivities,
    UnpackBackupActivities,
    ExecuteRestoreItemActionActivities,
    RestoreVolumesActivities,
    ApplyItemsActivities,
    AwaitAdditionalItemsActivities,
    AwaitDefinitionsActivities,
    FinishVolumesActivities,
    CollectPlanActivities,
    AwaitContainersActivities,
    DeleteBackupActivities,
    UnpackDeletionActivities,
    ExecuteDeleteItemActionActivities,
    ValidateLocationsActivities,
    CheckConformanceActivities,
    NotifyActivities,
    PlanExpiryActivities,
    FindLeftoversActivities,
    SweepRunActivities {}

/** Builds what a worker registers. */
export function createActivities(dependencies: Dependencies): Activities {
  const openRun = createOpenRun(dependencies);
  return {
    ...createPrepareBackup(dependencies),
    ...createCountItems(dependencies, openRun),
    ...createCollectItems(dependencies, openRun),
    ...createExecuteBackupItemAction(dependencies, openRun),
    ...createHandOverItems(dependencies, openRun),
    ...createAdoptItems(dependencies, openRun),
    ...createArchiveItems(dependencies, openRun),
    ...createCollectAdditionalItems(dependencies, openRun),
    ...createSelectHooks(dependencies, openRun),
    ...createRunHook(dependencies, { openRun, readHooks: createReadHooks(dependencies) }),
    ...createSelectVolumes(dependencies, openRun),
    ...createSnapshotVolumes(dependencies, openRun),
    ...createPutObject(dependencies, openRun),
    ...createPrepareRestore(dependencies),
    ...createUnpackBackup(dependencies, openRun),
    ...createExecuteRestoreItemAction(dependencies, openRun),
    ...createRestoreVolumes(dependencies, openRun),
    ...createApplyItems(dependencies, openRun),
    ...createAwaitAdditionalItems(dependencies, openRun),
    ...createAwaitDefinitions(dependencies, openRun),
    ...createFinishVolumes(dependencies, openRun),
    ...createCollectPlan(openRun),
    ...createAwaitContainers(dependencies, openRun),
    ...createDeleteBackup(dependencies),
    ...createUnpackDeletion(dependencies, openRun),
    ...createExecuteDeleteItemAction(dependencies, openRun),
    ...createValidateLocations(dependencies),
    ...createCheckConformance(dependencies),
    ...createNotify(dependencies),
    ...createPlanExpiry(dependencies),
    ...createFindLeftovers(dependencies),
    ...createSweepRun(dependencies),
  };
}
