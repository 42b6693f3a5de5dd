import { executeChild } from '@temporalio/workflow';
import type { RestoredPersistentVolume } from '../activities/apply-items.ts';
import type { VolumeToRestore } from '../activities/restore-volumes.ts';
import type { BatchRef } from '../api/run.ts';
import { waits } from './activity-options.ts';
import type { RestoreRun } from './restore.ts';
import { restoreVolume, type MadeVolume } from './restore-volume.ts';
import { volumeWorkflowId } from './volume-workflow-id.ts';

/** PersistentVolumes that point to new volumes, and those whose volume could not be made, with the reason. */
export interface RestoredVolumes {
  readonly restored: RestoredPersistentVolume[];
  readonly failed: Record<string, string>;
}

/** Makes the volumes of a batch's PersistentVolumes from their snapshots, each in a child of its own. */
export async function restoreVolumes(run: RestoreRun, batch: BatchRef): Promise<RestoredVolumes> {
  if (run.steering.isPaused) await run.steering.resumed();
  const volumes = await waits.selectSnapshots.executeWithOptions({ summary: `${batch.items} items` }, [
    { ...run.planned, batch },
  ]);
  if (run.isDryRun) return plannedVolumes(volumes);
  const outcome: RestoredVolumes = { restored: [], failed: {} };
  const locationOf = ({ snapshot }: VolumeToRestore) => snapshot.spec.location;
  await run.gates.each(volumes, { locationOf }, async (volume) => {
    const { persistentVolume, renamedTo } = volume;
    run.progress.volumes({ attempted: 1 });
    const { volumeId, item, error } = volume.error === undefined ? await make(run, batch, volume) : volumeless(volume);
    run.state.volumes.push({
      ...volume,
      ...(volumeId !== undefined && { volumeId }),
      ...(error !== undefined && { error }),
    });
    if (volumeId !== undefined)
      run.state.unused.push({ location: volume.snapshot.spec.location, volumeId, persistentVolume });
    if (item === undefined) {
      outcome.failed[persistentVolume] = error ?? 'no volume was made';
      run.progress.volumes({ failed: 1 });
      return;
    }
    outcome.restored.push({ persistentVolume, item, ...(renamedTo !== undefined && { renamedTo }) });
    run.progress.volumes({ completed: 1 });
  });
  return outcome;
}

/** What a dry run takes for made. */
function plannedVolumes(volumes: readonly VolumeToRestore[]): RestoredVolumes {
  const outcome: RestoredVolumes = { restored: [], failed: {} };
  for (const { persistentVolume, renamedTo, error } of volumes) {
    if (error !== undefined) outcome.failed[persistentVolume] = error;
    else outcome.restored.push({ persistentVolume, ...(renamedTo !== undefined && { renamedTo }) });
  }
  return outcome;
}

async function make(run: RestoreRun, batch: BatchRef, volume: VolumeToRestore): Promise<MadeVolume> {
  const { persistentVolume, snapshot } = volume;
  const { run: ref, settings } = run.prepared;
  try {
    return await executeChild(restoreVolume, {
      workflowId: volumeWorkflowId('restore-volume', ref.uid, persistentVolume),
      args: [{ ...run.planned, batch, volume, timeoutMs: settings.itemOperationTimeoutMs }],
      parentClosePolicy: 'REQUEST_CANCEL',
      staticSummary: `restore volume of ${persistentVolume}`,
    });
  } finally {
    // A child that was cancelled, or failed, may have asked for one all the same.
    (run.state.volumesAskedAt ??= {})[snapshot.spec.location] = Date.now();
  }
}

function volumeless({ error }: VolumeToRestore): MadeVolume {
  return { ...(error !== undefined && { error }) };
}
