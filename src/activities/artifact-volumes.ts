import type { BackupVolume, VolumeOutcome, VolumeSnapshot } from '../api/backup.ts';
import type { SkippedVolumeLine } from './report.ts';

/** A PersistentVolume that a restore made from a snapshot. */
export interface RestoredVolume {
  readonly persistentVolume: string;
  readonly pvcName?: string;
  readonly pvcNamespace?: string;
  readonly snapshot: VolumeSnapshot;
  readonly volumeId?: string;
  readonly error?: string;
}

/** `<backup>-volumeinfo.json.gz`: the volumes without a snapshot first. Source: Velero v1.18.1 `internal/volume/volumes_information.go`. */
export async function backupVolumeInfo(
  volumes: readonly VolumeOutcome[],
  skipped: AsyncIterable<SkippedVolumeLine>,
): Promise<object[]> {
  const info: object[] = [];
  for await (const { volume, reason } of skipped)
    info.push({
      ...common(volume),
      skipped: true,
      skippedReason: `volumeSnapshot: ${reason};`,
      pvInfo: pvInfo(volume),
    });
  for (const { volume, snapshot } of volumes) {
    if (snapshot === undefined) continue;
    info.push({
      ...common(volume),
      backupMethod: 'NativeSnapshot',
      skipped: false,
      result: snapshot.status.phase === 'Completed' ? 'succeeded' : 'failed',
      nativeSnapshotInfo: nativeSnapshotInfo(snapshot),
      pvInfo: pvInfo(volume),
    });
  }
  return info;
}

function common(volume: BackupVolume): object {
  return {
    ...claimOf(volume),
    pvName: volume.persistentVolume,
    snapshotDataMoved: false,
    preserveLocalSnapshot: false,
  };
}

function pvInfo({ reclaimPolicy, labels }: BackupVolume): object {
  return { reclaimPolicy, labels };
}

/** `<restore>-volumeinfo.json.gz`. */
export function restoreVolumeInfo(volumes: readonly RestoredVolume[]): object[] {
  return volumes.map((volume) => ({
    ...claimOf(volume),
    pvName: volume.persistentVolume,
    restoreMethod: 'NativeSnapshot',
    snapshotDataMoved: false,
    nativeSnapshotInfo: nativeSnapshotInfo(volume.snapshot),
  }));
}

function claimOf({ pvcName, pvcNamespace }: { readonly pvcName?: string; readonly pvcNamespace?: string }): object {
  return { ...(pvcName !== undefined && { pvcName }), ...(pvcNamespace !== undefined && { pvcNamespace }) };
}

function nativeSnapshotInfo({ spec, status }: VolumeSnapshot): object {
  return {
    snapshotHandle: status.providerSnapshotID ?? '',
    volumeType: spec.volumeType,
    volumeAZ: spec.volumeAZ ?? '',
    iops: String(spec.volumeIOPS ?? 0),
    Phase: status.phase,
  };
}
