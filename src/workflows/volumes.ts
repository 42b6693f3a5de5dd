import { executeChild } from '@temporalio/workflow';
import type { RestoredPersistentVolume } from '../activities/apply-items.ts';
import type { BatchRef } from '../api/run.ts';
import { waits } from './activity-options.ts';
import { inLanes } from './lanes.ts';
import type { RestoreRun } from './restore.ts';
import { restoreVolume } from './restore-volume.ts';
import { volumeWorkflowId } from './volume-workflow-id.ts';

/** PersistentVolumes that point to new volumes, and those whose volume could not be made, with the reason. */
export interface RestoredVolumes {
  readonly restored: RestoredPersistentVolume[];
  readonly failed: Record<string, string>;
}

/** Makes the volumes of a batch's PersistentVolumes from their snapshots, each in a child of its own. */
export async function restoreVolumes(run: RestoreRun, batch: BatchRef): Promise<RestoredVolumes> {
  const volumes = await waits.selectSnapshots.executeWithOptions({ summary: `${batch.items} items` }, [
    { ...run.planned, batch },
  ]);
  const outcome: RestoredVolumes = { restored: [], failed: {} };
  if (run.isDryRun) {
    for (const { persistentVolume, renamedTo, error } of volumes) {
      if (error !== undefined) outcome.failed[persistentVolume] = error;
      else outcome.restored.push({ persistentVolume, ...(renamedTo !== undefined && { renamedTo }) });
    }
    return outcome;
  }
  await inLanes(run.prepared.settings.concurrency.volumes, volumes, async (volume) => {
    const { persistentVolume, renamedTo } = volume;
    run.progress.volumes({ attempted: 1 });
    if (volume.error !== undefined) {
      outcome.failed[persistentVolume] = volume.error;
      run.progress.volumes({ failed: 1 });
      return;
    }
    const made = await executeChild(restoreVolume, {
      workflowId: volumeWorkflowId('restore-volume', run.prepared.run.uid, persistentVolume),
      args: [{ ...run.planned, batch, volume }],
      parentClosePolicy: 'REQUEST_CANCEL',
      staticSummary: `restore volume of ${persistentVolume}`,
    });
    const { volumeId, item, error } = made;
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
