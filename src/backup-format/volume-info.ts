import { BowlineError } from '../api/errors.ts';
import type { JsonValue } from '../api/json.ts';

/** How a backup kept a volume, as far as a restore asks. Source: Velero v1.18.1 `internal/volume/volumes_information.go`. */
export interface VolumeInfo {
  readonly pvName?: string;
  readonly pvcName?: string;
  readonly pvcNamespace?: string;
  /** `NativeSnapshot`, `PodVolumeBackup`, `CSISnapshot`; absent for a volume that was left out. */
  readonly backupMethod?: string;
  readonly pvInfo?: {
    readonly reclaimPolicy?: string;
    readonly labels?: Readonly<Record<string, string>> | null;
  };
}

/**
 * Volumes as `-volumeinfo.json.gz` lists them; `null` is none. Members that are not asked for are left out.
 *
 * @throws BowlineError `CorruptBackup` for anything else
 */
export function decodeVolumeInfo(value: JsonValue): VolumeInfo[] {
  const volumes = (value ?? []) as unknown as readonly VolumeInfo[];
  if (!Array.isArray(volumes) || !volumes.every((one) => typeof one === 'object' && one !== null))
    throw new BowlineError('CorruptBackup', 'read volume info: expected a list of volumes');
  return volumes.map(({ pvName, pvcName, pvcNamespace, backupMethod, pvInfo }: VolumeInfo) => ({
    ...(pvName !== undefined && { pvName }),
    ...(pvcName !== undefined && { pvcName }),
    ...(pvcNamespace !== undefined && { pvcNamespace }),
    ...(backupMethod !== undefined && { backupMethod }),
    ...(pvInfo && { pvInfo }),
  }));
}
