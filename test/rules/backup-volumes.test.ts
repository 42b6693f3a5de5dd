import assert from 'node:assert/strict';
import type { BackupSpec, VolumeSnapshot } from '../../src/api/backup.ts';
import { apiError } from '../../src/kubernetes/api-errors.ts';
import { ActivityBackup } from '../support/activity-backup.ts';
import { ActivityRunner, workflow } from '../support/activity-runner.ts';
import { object } from '../support/objects.ts';

interface VolumeInfo {
  readonly pvName: string;
  readonly skipped: boolean;
  readonly skippedReason?: string;
}

describe('rules of a backup: volumes', () => {
  let runner: ActivityRunner;

  beforeEach(() => {
    runner = new ActivityRunner();
    runner.cluster.hold(
      object('v1 Namespace', 'shop'),
      object('v1 PersistentVolumeClaim', 'shop/data', { metadata: { labels: { app: 'db' } } }),
      volume('pv-1', { claimRef: { namespace: 'shop', name: 'data' }, storageClassName: 'gold' }),
      volume('pv-2', { nfs: { server: 'files', path: '/' } }),
    );
  });

  function volume(name: string, spec: object) {
    const memory = { volumeId: `volume-of-${name}` };
    return object('v1 PersistentVolume', name, {
      metadata: { labels: { zone: 'a' } },
      spec: { memory, persistentVolumeReclaimPolicy: 'Retain', ...spec },
    });
  }

  function policies(yaml: string): BackupSpec {
    runner.cluster.hold(
      object('v1 Namespace', 'velero'),
      object('v1 ConfigMap', 'velero/policies', { data: { policies: `version: v1\n${yaml}` } }),
    );
    return { resourcePolicy: { kind: 'configmap', name: 'policies' } };
  }

  async function snapshotted(spec: BackupSpec = {}): Promise<string[]> {
    const backup = await ActivityBackup.make(runner, spec);
    return backup.json<VolumeSnapshot[]>('volumeSnapshots').map((one) => one.spec.persistentVolumeName);
  }

  it('a.6.1 volumes are snapshotted where a location knows them, and none if the backup says so', async () => {
    assert.deepEqual(await snapshotted(), ['pv-1', 'pv-2']);
    assert.deepEqual(await snapshotted({ snapshotVolumes: false }), []);
  });

  it('a.6.1 a volume without a snapshot is in the backup, in its volume info with the reason, and in the log', async () => {
    const backup = await ActivityBackup.make(runner, { snapshotVolumes: false });
    assert.ok((await backup.keys()).includes('persistentvolumes//pv-1'));
    assert.deepEqual(backup.json<object[]>('volumeInfo')[0], {
      pvcName: 'data',
      pvcNamespace: 'shop',
      pvName: 'pv-1',
      snapshotDataMoved: false,
      preserveLocalSnapshot: false,
      skipped: true,
      skippedReason: 'volumeSnapshot: the backup is to make no snapshots;',
      pvInfo: { reclaimPolicy: 'Retain', labels: { zone: 'a' } },
    });
    assert.match(
      backup.log().join('\n'),
      /msg="Skipping snapshot of volume: the backup is to make no snapshots" .*name=pv-1 namespace= resource=persistentvolumes/,
    );
  });

  it('a.6.3 a volume that no location knows is in the volume info, too, before those with a snapshot', async () => {
    runner.cluster.hold(object('v1 PersistentVolume', 'pv-3'));
    const info = (await ActivityBackup.make(runner)).json<VolumeInfo[]>('volumeInfo');
    assert.deepEqual(
      info.map(({ pvName, skippedReason }) => [pvName, skippedReason]),
      [
        ['pv-3', 'volumeSnapshot: no volume snapshot location knows the volume;'],
        ['pv-1', undefined],
        ['pv-2', undefined],
      ],
    );
  });

  it('a.6.3 without any location volumes are told of all the same', async () => {
    runner = new ActivityRunner({ config: { volumeSnapshotLocations: [] } });
    runner.cluster.hold(volume('pv-1', {}));
    const [info] = (await ActivityBackup.make(runner)).json<VolumeInfo[]>('volumeInfo');
    assert.equal(info?.skippedReason, 'volumeSnapshot: there is no volume snapshot location;');
  });

  it("a.6.4 a snapshot bears the backup's labels, its name and the volume's, which no label can forge", async () => {
    await ActivityBackup.make(runner, { metadata: { labels: { team: 'a', 'velero.io/pv': 'forged' } } });
    const [snapshot] = [...runner.snapshotter.snapshots.values()];
    const { 'velero.io/backup-uid': _, ...tags } = snapshot!.tags;
    assert.deepEqual(tags, {
      team: 'a',
      'velero.io/storage-location': 'default',
      'velero.io/backup': 'nightly',
      'velero.io/pv': 'pv-1',
      'velero.io/source-volume': 'volume-of-pv-1',
    });
  });

  it('a.9.10 the first volume policy that matches decides, and the others are snapshotted as before', async () => {
    const spec = policies(`
volumePolicies:
  - { conditions: { nfs: {} }, action: { type: skip } }
  - { conditions: { nfs: {} }, action: { type: snapshot } }`);
    const backup = await ActivityBackup.make(runner, spec);
    const info = backup.json<VolumeInfo[]>('volumeInfo');
    assert.deepEqual(
      info.map(({ pvName, skipped, skippedReason }) => [pvName, skipped, skippedReason]),
      [
        ['pv-2', true, 'volumeSnapshot: volume policy 1 matches, with action skip;'],
        ['pv-1', false, undefined],
      ],
    );
    assert.ok((await backup.keys()).includes('persistentvolumes//pv-2'));
  });

  it('a.9.10 a policy may ask for snapshots where the backup makes none, and leave volumes to others', async () => {
    const spec = policies(`
volumePolicies:
  - { conditions: { storageClass: [gold] }, action: { type: snapshot } }
  - { conditions: { nfs: {} }, action: { type: custom, parameters: { by: someone } } }`);
    assert.deepEqual(await snapshotted({ ...spec, snapshotVolumes: false }), ['pv-1']);
    assert.deepEqual(await snapshotted(spec), ['pv-1']);
  });

  it('a.9.10 a policy may ask for labels and the phase of the claim', async () => {
    const spec = policies(`
volumePolicies:
  - { conditions: { pvcLabels: { app: db } }, action: { type: skip } }`);
    assert.deepEqual(await snapshotted(spec), ['pv-2']);
    runner.cluster.objects.delete('persistentvolumeclaims/shop/data');
    assert.deepEqual(await snapshotted(spec), ['pv-1', 'pv-2']);
  });

  it('a.9.10 a claim that can not be read is an error, and its volume is snapshotted', async () => {
    const spec = policies('volumePolicies: [{ conditions: { pvcLabels: { app: db } }, action: { type: skip } }]');
    runner.cluster.fail('get', 'persistentvolumeclaims/shop/data', apiError('get', { status: 403, body: '' }));
    const backup = await ActivityBackup.make(runner, spec);
    assert.deepEqual(backup.complaints, [
      'error: persistentvolumeclaims/shop/data: Error getting the claim that a volume policy asks for',
    ]);
    assert.equal(backup.json<unknown[]>('volumeSnapshots').length, 2);
  });

  it('a.9.11 policies that are missing or wrong are refused, with all problems at once', async () => {
    const spec = { resourcePolicy: { kind: 'ConfigMap', name: 'none' } };
    const request = { name: 'nightly', spec };
    await assert.rejects(runner.run('prepareBackup', request, workflow('backup/nightly')), {
      type: 'InvalidSpec',
      message: 'spec.resourcePolicy: no ConfigMap none in namespace velero',
    });
    await assert.rejects(snapshotted(policies('volumePolicies: [{ action: { type: skp } }]\nmore: 1')), {
      type: 'InvalidSpec',
      message: /more: unknown key.*; resource policy policies: volumePolicies\[0\]\.action\.type: expected skip, /,
    });
  });

  it("a.9.12 a policy's lists of resources are added to those of the spec, which win", async () => {
    const spec = policies(`
includeExcludePolicy:
  excludedNamespaceScopedResources: [persistentvolumeclaims, configmaps]
  excludedClusterScopedResources: [nodes]`);
    runner.cluster.hold(object('v1 Node', 'node-1'), object('v1 Pod', 'shop/web'));
    const keysWith = async (more: BackupSpec) => (await ActivityBackup.make(runner, { ...spec, ...more })).keys();
    assert.deepEqual((await keysWith({ includedNamespaces: ['shop'] })).toSorted(), [
      'namespaces//shop',
      'pods/shop/web',
    ]);
    assert.deepEqual(
      await keysWith({
        includedNamespaces: ['shop'],
        includedNamespaceScopedResources: ['pvc', 'persistentvolumeclaims'],
      }),
      ['persistentvolumeclaims/shop/data', 'namespaces//shop'],
    );
    await assert.rejects(keysWith({ includedResources: ['pods'] }), {
      type: 'InvalidSpec',
      message: /includeExcludePolicy: expected a spec without includedResources/,
    });
  });
});
