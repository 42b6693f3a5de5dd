import { CancellationScope } from '@temporalio/workflow';
import type { VolumeToRestore } from '../activities/restore-volumes.ts';
import type { BatchRef, RunRef, StagedRef } from '../api/run.ts';
import { cleanup, steps, transfers, waits } from './activity-options.ts';
import { endingOf, failureOf, refusalOf } from './endings.ts';

/** The volume that one child makes, and the run it does so for. */
export interface RestoreVolumeRequest {
  readonly run: RunRef;
  readonly plan: StagedRef;
  readonly batch: BatchRef;
  readonly volume: VolumeToRestore;
  /** How long a provider may take to accept it, and to make it. */
  readonly timeoutMs: number;
}

/** A new volume and the PersistentVolume that points to it, or why there is none. */
export interface MadeVolume {
  readonly volumeId?: string;
  readonly item?: StagedRef;
  readonly error?: string;
}

/**
 * Makes one volume: `createVolumeFromSnapshot`, `awaitVolume`, `setVolumeId`. A refusal is a result, for the restore goes on;
 * a cancelled run deletes the volume that it made.
 */
export async function restoreVolume(request: RestoreVolumeRequest): Promise<MadeVolume> {
  const { run, plan, batch, volume, timeoutMs } = request;
  const { persistentVolume, snapshot } = volume;
  const { location } = snapshot.spec;
  let volumeId: string | undefined;
  try {
    const summary = `${snapshot.status.providerSnapshotID} for ${persistentVolume}`;
    const limit = { scheduleToCloseTimeout: timeoutMs };
    volumeId = await transfers.createVolumeFromSnapshot.executeWithOptions({ summary, ...limit }, [{ run, volume }]);
    await waits.awaitVolume.executeWithOptions({ summary: volumeId, ...limit }, [{ location, volumeId }]);
    const item = await steps.setVolumeId.executeWithOptions({ summary: volumeId }, [
      { run, plan, batch, persistentVolume, location, volumeId, step: `volume-${persistentVolume}` },
    ]);
    return { volumeId, item };
  } catch (error) {
    const ending = endingOf(error);
    if (!ending.cancelled) return { ...(volumeId !== undefined && { volumeId }), error: refusalOf(error, timeoutMs) };
    const made = volumeId;
    if (made !== undefined) {
      await CancellationScope.nonCancellable(() =>
        cleanup.deleteVolume.executeWithOptions({ summary: made }, [{ location, volumeId: made }]),
      );
    }
    throw failureOf(error, ending);
  }
}
