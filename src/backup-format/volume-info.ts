import { BowlineError } from '../api/errors.ts';
import type { JsonValue } from '../api/json.ts';

/** A provider's snapshot, as a volume's entry tells of it. */
export interface NativeSnapshotInfo {
  readonly snapshotHandle: string;
  readonly volumeType: string;
  readonly volumeAZ: string;
  /** A decimal number as text; `0` for none. */
  readonly iops: string;
  readonly Phase: string;
}

interface ClaimedVolume {
  readonly pvcName?: string;
  readonly pvcNamespace?: string;
  readonly pvName?: string;
}

/** An entry of `<backup>-volumeinfo.json.gz`. Source: Velero v1.18.1 `internal/volume/volumes_information.go`. */
export interface BackupVolumeInfo extends ClaimedVolume {
  readonly backupMethod?: string;
  readonly skipped?: boolean;
  /** `approach: reason;`, repeated. */
  readonly skippedReason?: string;
  readonly result?: string;
  readonly snapshotDataMoved?: boolean;
  readonly nativeSnapshotInfo?: NativeSnapshotInfo;
  readonly csiSnapshotInfo?: { readonly snapshotHandle?: string; readonly driver?: string; readonly vscName?: string };
  readonly pvbInfo?: { readonly uploaderType?: string; readonly volumeName?: string; readonly podName?: string };
  readonly pvInfo?: { readonly reclaimPolicy?: string; readonly labels?: Readonly<Record<string, string>> | null };
}

/** An entry of `<restore>-volumeinfo.json.gz`. */
export interface RestoreVolumeInfo extends ClaimedVolume {
  readonly restoreMethod?: string;
  readonly nativeSnapshotInfo?: NativeSnapshotInfo;
}

/** Entries as a file lists them; `null` is none. @throws BowlineError `CorruptBackup` for anything else */
export function decodeVolumeInfo<T extends BackupVolumeInfo | RestoreVolumeInfo>(value: JsonValue): T[] {
  if (value === null) return [];
  if (Array.isArray(value) && value.every((one) => typeof one === 'object' && one !== null)) return value as T[];
  throw new BowlineError('CorruptBackup', 'read volume info: expected a list of objects');
}
