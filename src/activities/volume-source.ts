import type { VolumeSnapshot } from '../api/backup.ts';
import type { Unstructured } from '../api/unstructured.ts';
import type { RestorePlan } from './plan.ts';

/** Where a restored PersistentVolume's volume comes from. */
export type VolumeSource =
  | { readonly how: 'snapshot'; readonly snapshot: VolumeSnapshot }
  /** The PersistentVolume is left out, and its claim provisioned anew. */
  | { readonly how: 'provision'; readonly reason: string }
  /** The PersistentVolume points to the volume that it pointed to before. */
  | { readonly how: 'keep' };

/** The members of a PersistentVolume that decide. */
export interface PersistentVolumeSpec {
  readonly claimRef?: { name?: string; namespace?: string };
  readonly persistentVolumeReclaimPolicy?: string;
}

const byPodVolumeBackup = 'its contents come from a pod volume backup, so its claim is provisioned anew';
const byCsiSnapshot = 'its contents come from a CSI snapshot, so its claim is provisioned anew';
const byReclaimPolicy = 'its volume has no snapshot and reclaim policy Delete, so its claim is provisioned anew';

/**
 * A function that decides for each PersistentVolume, by the backup's volume info; for volumes that it does not tell of, by the
 * snapshots and pod volume backups that there are. Source: Velero v1.18.1 `pkg/restore/restore.go`.
 */
export function volumeSources(
  plan: Pick<RestorePlan, 'volumes' | 'snapshots' | 'podVolumeBackups' | 'csiClaims'>,
): (item: Unstructured) => VolumeSource {
  const infos = new Map(plan.volumes.map((info) => [info.pvName, info]));
  const snapshots = new Map<string, VolumeSnapshot>();
  for (const snapshot of plan.snapshots) {
    const { persistentVolumeName } = snapshot.spec;
    // Of several records Velero takes the first.
    if (!snapshots.has(persistentVolumeName)) snapshots.set(persistentVolumeName, snapshot);
  }
  const claimsInPods = new Set(plan.podVolumeBackups.flatMap(claimOf));
  const claimsWithCsi = new Set(plan.csiClaims);

  return (item) => {
    const { claimRef, persistentVolumeReclaimPolicy } = (item['spec'] ?? {}) as PersistentVolumeSpec;
    const { name } = item.metadata;
    const claim = claimRef ? `${claimRef.namespace}/${claimRef.name}` : '';
    const snapshot = snapshots.get(name);
    const fromSnapshot: VolumeSource = snapshot ? { how: 'snapshot', snapshot } : { how: 'keep' };
    const info = infos.get(name);
    switch (info && (info.backupMethod ?? 'none')) {
      case 'NativeSnapshot':
        return fromSnapshot;
      case 'PodVolumeBackup':
        return { how: 'provision', reason: byPodVolumeBackup };
      case 'CSISnapshot':
        return { how: 'provision', reason: byCsiSnapshot };
      case undefined:
        if (snapshot) return fromSnapshot;
        if (claimsInPods.has(claim)) return { how: 'provision', reason: byPodVolumeBackup };
        if (claimsWithCsi.has(claim)) return { how: 'provision', reason: byCsiSnapshot };
    }
    return persistentVolumeReclaimPolicy === 'Delete' ? { how: 'provision', reason: byReclaimPolicy } : { how: 'keep' };
  };
}

/** The claim whose contents a PodVolumeBackup holds, if it has come to an end and holds something. */
function claimOf({ metadata, spec, status }: Unstructured): string[] {
  const { phase, snapshotID } = (status ?? {}) as { phase?: string; snapshotID?: string };
  const namespace = (spec as { pod?: { namespace?: string } } | undefined)?.pod?.namespace;
  const claim = metadata.annotations?.['velero.io/pvc-name'];
  return phase === 'Completed' && snapshotID && claim ? [`${namespace}/${claim}`] : [];
}
