import type { BackupVolume, VolumeOutcome, VolumeSnapshot } from '../api/backup.ts';
import type { BatchRef, RunRef, StagedRef } from '../api/run.ts';
import { steps, transfers } from './activity-options.ts';
import { endingOf, failureOf } from './endings.ts';

/** The volume that one child takes a snapshot of, and the run it does so for. */
export interface SnapshotVolumeRequest {
  readonly run: RunRef;
  readonly plan: StagedRef;
  readonly batch: BatchRef;
  readonly volume: BackupVolume;
  /** Volume snapshot locations to try, in order: the first that knows the volume takes the snapshot. */
  readonly locations: readonly string[];
}

/**
 * Takes one snapshot: `getVolumeId`, `getVolumeInfo`, `createSnapshot`. Ends when the provider has accepted it; a refusal is
 * a result, for the backup goes on. Cancelled or not, what was created is recorded with the parent or deleted by it.
 */
export async function snapshotVolume(request: SnapshotVolumeRequest): Promise<VolumeOutcome> {
  const { run, plan, batch, volume, locations } = request;
  const { persistentVolume, zone } = volume;
  let record: VolumeSnapshot | undefined;
  try {
    for (const location of locations) {
      const volumeId = await steps.getVolumeId.executeWithOptions({ summary: location }, [
        { run, plan, batch, persistentVolume, location },
      ]);
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
      const providerSnapshotID = await transfers.createSnapshot.executeWithOptions({ summary: volumeId }, [
        { run, plan, location, volumeId, zone, persistentVolume },
      ]);
      return { volume, snapshot: { ...record, status: { phase: 'Completed', providerSnapshotID } } };
    }
    return { volume };
  } catch (error) {
    const ending = endingOf(error);
    if (ending.cancelled) throw failureOf(error, ending);
    return { volume, ...(record && { snapshot: record }), error: ending.reason };
  }
}
