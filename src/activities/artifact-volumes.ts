import type { VolumeOutcome, VolumeSnapshot } from '../api/backup.ts';

/** A PersistentVolume that a restore made from a snapshot. */
export interface RestoredVolume {
  readonly persistentVolume: string;
  readonly pvcName?: string;
  readonly pvcNamespace?: string;
  readonly snapshot: VolumeSnapshot;
  readonly volumeId?: string;
  readonly error?: string;
}

/** `<backup>-volumeinfo.json.gz`. Source: Velero v1.18.1 `internal/volume/volumes_information.go`. */
export function backupVolumeInfo(volumes: readonly VolumeOutcome[]): object[] {
  return volumes.flatMap(({ volume, snapshot }) =>
    snapshot === undefined
      ? []
      : [
          {
            ...claimOf(volume),
            pvName: volume.persistentVolume,
            backupMethod: 'NativeSnapshot',
            snapshotDataMoved: false,
            preserveLocalSnapshot: false,
            skipped: false,
            result: snapshot.status.phase === 'Completed' ? 'succeeded' : 'failed',
            nativeSnapshotInfo: nativeSnapshotInfo(snapshot),
            pvInfo: { reclaimPolicy: volume.reclaimPolicy, labels: volume.labels },
          },
        ],
  );
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
