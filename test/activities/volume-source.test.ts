import assert from 'node:assert/strict';
import { volumeSources } from '../../src/activities/volume-source.ts';
import type { VolumeSnapshot } from '../../src/api/backup.ts';
import { object } from '../support/objects.ts';

const snapshot: VolumeSnapshot = {
  spec: {
    backupName: 'nightly',
    backupUID: 'uid',
    location: 'disks',
    persistentVolumeName: 'pv-1',
    providerVolumeID: 'volume-1',
    volumeType: 'memory',
  },
  status: { phase: 'Completed', providerSnapshotID: 'snapshot-1' },
};

const podVolumeBackup = object('velero.io/v1 PodVolumeBackup', 'velero/pvb', {
  metadata: { annotations: { 'velero.io/pvc-name': 'data' } },
  spec: { pod: { namespace: 'shop', name: 'web' } },
  status: { phase: 'Completed', snapshotID: 'abc' },
});

type Plan = Parameters<typeof volumeSources>[0];

const none: Plan = { volumes: [], snapshots: [], podVolumeBackups: [], csiClaims: [] };
const of = (backupMethod?: string): Plan['volumes'] => [{ pvName: 'pv-1', ...(backupMethod && { backupMethod }) }];

/** How the volume `pv-1` of the claim `shop/data` is restored, with reclaim policy Retain and with Delete. */
const cases: readonly [title: string, plan: Partial<Plan>, retained: string, deleted: string][] = [
  ['nothing is known of it', {}, 'keep', 'provision'],
  ['it has a snapshot', { snapshots: [snapshot] }, 'snapshot', 'snapshot'],
  ['a pod volume backup holds its contents', { podVolumeBackups: [podVolumeBackup] }, 'provision', 'provision'],
  [
    'a pod volume backup failed',
    { podVolumeBackups: [{ ...podVolumeBackup, status: { phase: 'Failed', snapshotID: 'abc' } }] },
    'keep',
    'provision',
  ],
  [
    'a pod volume backup is empty',
    { podVolumeBackups: [{ ...podVolumeBackup, status: { phase: 'Completed', snapshotID: '' } }] },
    'keep',
    'provision',
  ],
  ['its claim has a CSI snapshot', { csiClaims: ['shop/data'] }, 'provision', 'provision'],
  ['another claim has a CSI snapshot', { csiClaims: ['bank/data'] }, 'keep', 'provision'],
  [
    'volume info tells of a native snapshot',
    { volumes: of('NativeSnapshot'), snapshots: [snapshot] },
    'snapshot',
    'snapshot',
  ],
  ['volume info tells of one that there is not', { volumes: of('NativeSnapshot') }, 'keep', 'keep'],
  [
    'volume info tells of a pod volume backup, whatever snapshots there are',
    { volumes: of('PodVolumeBackup'), snapshots: [snapshot] },
    'provision',
    'provision',
  ],
  ['volume info tells of a CSI snapshot', { volumes: of('CSISnapshot') }, 'provision', 'provision'],
  ['volume info tells that it was left out', { volumes: of(), snapshots: [snapshot] }, 'keep', 'provision'],
  [
    'volume info tells of others alone',
    { volumes: [{ pvName: 'pv-2', backupMethod: 'CSISnapshot' }], snapshots: [snapshot] },
    'snapshot',
    'snapshot',
  ],
];

describe('volumeSources', () => {
  for (const [title, plan, retained, deleted] of cases) {
    it(`(b.5) says ${retained}, or ${deleted} by reclaim policy, where ${title}`, () => {
      const sourceOf = volumeSources({ ...none, ...plan });
      const how = (persistentVolumeReclaimPolicy: string): string =>
        sourceOf(
          object('v1 PersistentVolume', 'pv-1', {
            spec: { persistentVolumeReclaimPolicy, claimRef: { namespace: 'shop', name: 'data' } },
          }),
        ).how;
      assert.deepEqual([how('Retain'), how('Delete')], [retained, deleted]);
    });
  }

  it('(b.5) takes a volume without a claim, or without a spec, for one of nobody', () => {
    const sourceOf = volumeSources({ ...none, podVolumeBackups: [podVolumeBackup], csiClaims: ['shop/data'] });
    assert.equal(sourceOf(object('v1 PersistentVolume', 'pv-1', { spec: {} })).how, 'keep');
    assert.equal(sourceOf(object('v1 PersistentVolume', 'pv-1')).how, 'keep');
  });
});
