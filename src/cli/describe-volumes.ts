import type { BackupDescription, BackupVolumeInfo, NativeSnapshotInfo, RestoreDescription } from '../client/index.ts';
import { plain } from './terminal.ts';
import { row, type Row } from './rows.ts';

const more = 'specify --details for more information';

/** What became of a backup's volumes, with Velero's labels. */
export function volumeRows(description: BackupDescription, details: boolean): Row[] {
  const info = description.volumeInfo ?? legacyInfo(description);
  const by = (method: string) => info.filter(({ backupMethod }) => backupMethod === method);
  const skipped = info.filter((one) => one.skipped);
  const below = [
    group(
      'Velero-Native Snapshots',
      by('NativeSnapshot').map((one) => nativeRow(one, details)),
    ),
    group(
      'CSI Snapshots',
      by('CSISnapshot').map(({ csiSnapshotInfo, ...one }) => ({
        label: claimOf(one),
        ...(details
          ? {
              below: [
                row('Snapshot Content Name', plain(csiSnapshotInfo?.vscName ?? '')),
                row('Storage Snapshot ID', plain(csiSnapshotInfo?.snapshotHandle ?? '')),
                row('CSI Driver', plain(csiSnapshotInfo?.driver ?? '')),
                row('Result', plain(one.result ?? '')),
              ],
            }
          : { value: `included, ${more}` }),
      })),
    ),
    group(
      'Pod Volume Backups',
      by('PodVolumeBackup').map(({ pvbInfo, ...one }) =>
        row(plain(`${one.pvcNamespace ?? ''}/${pvbInfo?.podName ?? ''}`), plain(pvbInfo?.volumeName ?? '')),
      ),
    ),
    ...(skipped.length > 0
      ? [
          group(
            'Volumes without a backup',
            skipped.map((one) => row(plain(one.pvName ?? claimOf(one)), plain(one.skippedReason ?? ''))),
          ),
        ]
      : []),
  ];
  return [{ label: 'Backup Volumes', below }];
}

/** How a restore's volumes came back. */
export function restoredVolumeRows({ volumeInfo = [] }: RestoreDescription, details: boolean): Row[] {
  const native = volumeInfo.filter(({ restoreMethod }) => restoreMethod === 'NativeSnapshot');
  if (native.length === 0) return [];
  return [
    group(
      'Velero-Native Snapshot Restores',
      native.map((one) => nativeRow(one, details)),
    ),
  ];
}

function group(label: string, below: readonly Row[]): Row {
  return below.length === 0 ? row(label, '<none included>') : { label, below };
}

function nativeRow(
  { pvName = '', nativeSnapshotInfo, result }: Pick<BackupVolumeInfo, 'pvName' | 'nativeSnapshotInfo' | 'result'>,
  details: boolean,
): Row {
  if (!details) return row(plain(pvName), more);
  return {
    label: plain(pvName),
    below: [...snapshotRows(nativeSnapshotInfo), ...(result ? [row('Result', plain(result))] : [])],
  };
}

function snapshotRows(info: NativeSnapshotInfo | undefined): Row[] {
  return [
    row('Snapshot ID', plain(info?.snapshotHandle ?? '')),
    row('Type', plain(info?.volumeType ?? '')),
    row('Availability Zone', plain(info?.volumeAZ ?? '')),
    row('IOPS', plain(info?.iops ?? '')),
  ];
}

/** Backups of old versions have only the list of snapshots. */
function legacyInfo({ volumeSnapshots = [] }: BackupDescription): BackupVolumeInfo[] {
  return volumeSnapshots.map(({ spec, status }) => ({
    pvName: spec.persistentVolumeName,
    backupMethod: 'NativeSnapshot',
    result: status.phase === 'Completed' ? 'succeeded' : 'failed',
    nativeSnapshotInfo: {
      snapshotHandle: status.providerSnapshotID ?? '',
      volumeType: spec.volumeType,
      volumeAZ: spec.volumeAZ ?? '',
      iops: String(spec.volumeIOPS ?? 0),
      Phase: status.phase,
    },
  }));
}

function claimOf({ pvcNamespace = '', pvcName = '' }: Pick<BackupVolumeInfo, 'pvcNamespace' | 'pvcName'>): string {
  return plain(`${pvcNamespace}/${pvcName}`);
}
