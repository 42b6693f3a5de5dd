import type { BackupVolume, VolumeOutcome, VolumeSnapshot } from '../api/backup.ts';
import type { BatchRef, RunRef, StagedRef } from '../api/run.ts';
import { steps, transfers } from './activity-options.ts';
import { endingOf, failureOf, isCancelled, refusalOf } from './endings.ts';

/** The volume that one child takes a snapshot of, and the run it does so for. */
export interface SnapshotVolumeRequest {
  readonly run: RunRef;
  readonly plan: StagedRef;
  readonly batch: BatchRef;
  readonly volume: BackupVolume;
  /** Volume snapshot locations to try, in order: the first that knows the volume takes the snapshot. */
  readonly locations: readonly string[];
  /** How long a provider may take to accept it. */
  readonly timeoutMs: number;
}

/**
 * Takes one snapshot: `getVolumeId`, `getVolumeInfo`, `createSnapshot`. Ends when the provider has accepted it; a refusal is
 * a result, for the backup goes on. Cancelled or not, what was created is recorded with the parent or deleted by it.
 */
export async function snapshotVolume(request: SnapshotVolumeRequest): Promise<VolumeOutcome> {
  const { run, plan, batch, volume, locations, timeoutMs } = request;
  const { persistentVolume, zone } = volume;
  let record: VolumeSnapshot | undefined;
  let unreadable: string | undefined;
  try {
    for (const location of locations) {
      let volumeId: string;
      try {
        volumeId = await steps.getVolumeId.executeWithOptions({ summary: location }, [
          { run, plan, batch, persistentVolume, location },
        ]);
      } catch (error) {
        // Another location may know the volume.
        if (isCancelled()) throw error;
        unreadable ??= endingOf(error).reason;
        continue;
      }
      if (volumeId === '') continue;
      const { type, iops } = await steps.getVolumeInfo.executeWithOptions({ summary: volumeId }, [
        { location, volumeId, zone },
      ]);
      record = {
        spec: {
          backupName: run.name,
          backupUID: run.uid,
          location,
          persistentVolumeName: persistentVolume,
          providerVolumeID: volumeId,
          volumeType: type,
          ...(zone !== '' && { volumeAZ: zone }),
          ...(iops !== undefined && iops > 0 && { volumeIOPS: iops }),
        },
        status: { phase: 'Failed' },
      };
      const options = { summary: volumeId, scheduleToCloseTimeout: timeoutMs };
      const providerSnapshotID = await transfers.createSnapshot.executeWithOptions(options, [
        { run, plan, location, volumeId, zone, persistentVolume },
      ]);
      return { volume, snapshot: { ...record, status: { phase: 'Completed', providerSnapshotID } } };
    }
    return { volume, ...(unreadable !== undefined && { error: unreadable }) };
  } catch (error) {
    const ending = endingOf(error);
    if (ending.cancelled) throw failureOf(error, ending);
    return { volume, ...(record && { snapshot: record }), error: refusalOf(error, timeoutMs) };
  }
}
