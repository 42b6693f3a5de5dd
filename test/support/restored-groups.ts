import type { Activities } from '../../src/activities/index.ts';
import type { UnpackedGroup } from '../../src/activities/unpack-backup.ts';
import type { VolumeSnapshot } from '../../src/api/backup.ts';
import { batchRef, reportRef } from './stub-activities.ts';

/** A group-resource of the backup, with the numbers of items in its batches. */
export function group(groupResource: string, ...batches: number[]): UnpackedGroup {
  return {
    groupResource,
    batches: batches.map((items, index) => batchRef(`${groupResource}-${index}`, groupResource, items)),
  };
}

/** Stubs by which the backup holds these groups. */
export function unpacking(...groups: UnpackedGroup[]): Pick<Activities, 'unpackBackup'> {
  return {
    unpackBackup: async ({ step }) => ({
      groups,
      report: reportRef(step),
      selected: Object.fromEntries(
        groups.map(({ groupResource, batches }) => [groupResource, batches.reduce((sum, { items }) => sum + items, 0)]),
      ),
    }),
  };
}

/** A snapshot as the backup records it. */
export function snapshotOf(persistentVolumeName: string): VolumeSnapshot {
  return {
    spec: {
      backupName: 'nightly',
      backupUID: 'uid',
      location: 'disks',
      persistentVolumeName,
      providerVolumeID: 'volume',
      volumeType: 'memory',
    },
    status: { phase: 'Completed', providerSnapshotID: `snapshot-of-${persistentVolumeName}` },
  };
}

/** Stubs by which the backup holds PersistentVolumes with snapshots, and a claim. */
export function withVolumes(...names: string[]): Partial<Activities> {
  return {
    ...unpacking(group('persistentvolumes', names.length), group('persistentvolumeclaims', 1)),
    selectSnapshots: async () =>
      names.map((persistentVolume) => ({ persistentVolume, snapshot: snapshotOf(persistentVolume) })),
  };
}
