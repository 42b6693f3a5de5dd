import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Volume } from '@aws-sdk/client-ec2';
import { errorCode } from '../../src/api/errors.ts';
import type { Unstructured } from '../../src/api/unstructured.ts';
import type { RunResult } from '../../src/workflows/messages.ts';
import { applyManifests } from '../../tools/demo/manifests.ts';
import { temporaryFolder } from '../plugins/temporary-folder.ts';
import { Ebs, ebsConfig, tagsOf } from '../support/ebs.ts';
import { motoServer } from '../support/servers.ts';
import { createEnvironment, type Environment } from './environment.ts';

const namespace = 'ebs-shop';

interface Spec {
  readonly csi?: { readonly driver: string; readonly volumeHandle: string; readonly fsType: string };
  readonly awsElasticBlockStore?: { readonly volumeID: string; readonly fsType: string };
}

/** A PersistentVolume and the claim that it is bound to. */
function manifestsOf(name: string, others: { readonly labels?: object; readonly spec: object }): Unstructured[] {
  const claimRef = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', name, namespace };
  const usual = { capacity: { storage: '4Gi' }, accessModes: ['ReadWriteOnce'], storageClassName: 'ebs' };
  return [
    {
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name: `ebs-${name}`, ...(others.labels && { labels: others.labels as Record<string, string> }) },
      spec: { ...usual, persistentVolumeReclaimPolicy: 'Retain', claimRef, ...others.spec },
    },
    {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name, namespace },
      spec: {
        accessModes: ['ReadWriteOnce'],
        storageClassName: 'ebs',
        volumeName: `ebs-${name}`,
        resources: { requests: { storage: '4Gi' } },
      },
    },
  ];
}

describe('EBS volumes, in-tree and of the CSI driver', function () {
  this.timeout(240_000);
  let environment: Environment;
  let ebs: Ebs;
  const originals = { csi: '', 'in-tree': '' };
  let backedUp: RunResult;
  let restored: RunResult;

  before(async () => {
    const moto = await motoServer();
    ebs = new Ebs(moto);
    const config = ebsConfig(moto, temporaryFolder());
    environment = await createEnvironment('ebs', {
      settings: () => ({ volumeSnapshotLocations: [{ name: 'ebs', provider: 'velero.io/aws', config }] }),
    });
    originals.csi = await ebs.createVolume({
      AvailabilityZone: 'us-east-1b',
      VolumeType: 'gp3',
      Iops: 4_000,
      Throughput: 300,
      tags: { 'ebs.csi.aws.com/cluster': 'true' },
    });
    originals['in-tree'] = await ebs.createVolume({ AvailabilityZone: 'us-east-1c', VolumeType: 'io1', Iops: 200 });
    const terms = [
      { matchExpressions: [{ key: 'topology.ebs.csi.aws.com/zone', operator: 'In', values: ['us-east-1b'] }] },
    ];
    await applyManifests(environment.kubernetes, [
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
      ...manifestsOf('csi', {
        spec: {
          csi: { driver: 'ebs.csi.aws.com', volumeHandle: originals.csi, fsType: 'xfs' },
          nodeAffinity: { required: { nodeSelectorTerms: terms } },
        },
      }),
      ...manifestsOf('in-tree', {
        labels: { 'failure-domain.beta.kubernetes.io/zone': 'us-east-1c' },
        spec: { awsElasticBlockStore: { volumeID: `aws://us-east-1c/${originals['in-tree']}`, fsType: 'ext4' } },
      }),
    ]);
    await untilBound();
    environment.startWorker();
    backedUp = await environment.run('backup', { name: 'ebs', spec: { includedNamespaces: [namespace] } });
  });

  after(async () => {
    ebs.close();
    await environment.stop();
  });

  async function untilBound(): Promise<void> {
    const claims = (await environment.kubernetes.discover()).find('persistentvolumeclaims')!;
    for (;;) {
      const { items } = await environment.kubernetes.listPage(claims, { namespace });
      const phases = items.map(({ status }) => (status as { phase?: string } | undefined)?.phase);
      if (phases.length === 2 && phases.every((phase) => phase === 'Bound')) return;
      await sleep(100);
    }
  }

  async function remove(groupResource: string, name: string): Promise<void> {
    const { kubernetes } = environment;
    const resource = (await kubernetes.discover()).find(groupResource)!;
    await kubernetes.delete(resource, { name });
    for (;;) {
      try {
        await kubernetes.get(resource, { name });
      } catch (error) {
        if (errorCode(error) === 'NotFound') return;
        throw error;
      }
      await sleep(100);
    }
  }

  async function volumeOf(name: string): Promise<{ spec: Spec; volume: Volume }> {
    const { kubernetes } = environment;
    const persistentVolumes = (await kubernetes.discover()).find('persistentvolumes')!;
    const spec = (await kubernetes.get(persistentVolumes, { name: `ebs-${name}` }))['spec'] as Spec;
    const id = spec.csi?.volumeHandle ?? spec.awsElasticBlockStore?.volumeID.split('/').at(-1) ?? '';
    return { spec, volume: await ebs.volume(id) };
  }

  it('are backed up: one snapshot of each, which says whose it is', async () => {
    assert.deepEqual([backedUp.phase, backedUp.volumes], ['Completed', { attempted: 2, completed: 2, failed: 0 }]);
    for (const [name, volumeId] of Object.entries(originals)) {
      const [snapshot, ...others] = await ebs.snapshotsOf(volumeId);
      assert.deepEqual(others, []);
      const tags = tagsOf(snapshot!);
      assert.deepEqual(
        [tags['velero.io/backup'], tags['velero.io/backup-uid'], tags['velero.io/pv'], tags['velero.io/source-volume']],
        ['ebs', backedUp.uid, `ebs-${name}`, volumeId],
      );
    }
  });

  it('come back in the zone, with the type, the IOPS and the throughput that they had, and are bound', async () => {
    await remove('namespaces', namespace);
    for (const name of Object.keys(originals)) await remove('persistentvolumes', `ebs-${name}`);
    restored = await environment.run('restore', { name: 'ebs', spec: { backupName: 'ebs' } });
    assert.deepEqual([restored.phase, restored.volumes], ['Completed', { attempted: 2, completed: 2, failed: 0 }]);
    await untilBound();

    const csi = await volumeOf('csi');
    assert.notEqual(csi.volume.VolumeId, originals.csi);
    assert.deepEqual(csi.spec.csi, { driver: 'ebs.csi.aws.com', volumeHandle: csi.volume.VolumeId, fsType: 'xfs' });
    const { AvailabilityZone, VolumeType, Iops, Throughput } = csi.volume;
    assert.deepEqual([AvailabilityZone, VolumeType, Iops, Throughput], ['us-east-1b', 'gp3', 4_000, 300]);

    const inTree = await volumeOf('in-tree');
    assert.notEqual(inTree.volume.VolumeId, originals['in-tree']);
    assert.deepEqual(inTree.spec.awsElasticBlockStore, {
      volumeID: `aws://us-east-1c/${inTree.volume.VolumeId}`,
      fsType: 'ext4',
    });
    assert.deepEqual(
      [inTree.volume.AvailabilityZone, inTree.volume.VolumeType, inTree.volume.Iops],
      ['us-east-1c', 'io1', 200],
    );
  });

  it('belong to the restore, and no longer to the backup', async () => {
    const volumes = await ebs.volumes('velero.io/restore-uid', restored.uid);
    assert.equal(volumes.length, 2);
    for (const volume of volumes) assert.equal(tagsOf(volume)['velero.io/backup-uid'], undefined);
    assert.equal(tagsOf((await volumeOf('csi')).volume)['ebs.csi.aws.com/cluster'], 'true');
  });

  it('leave no snapshot when the backup is deleted, and what a tool has copied stays', async () => {
    const [snapshot] = await ebs.snapshotsOf(originals.csi);
    const tags = tagsOf(snapshot!);
    const copied = await ebs.createVolume({ tags });
    const foreign = await ebs.createSnapshot(copied, tags);
    const { phase, remarks } = await environment.run('deleteBackup', { name: 'ebs' });
    assert.equal(phase, 'Completed');
    for (const volumeId of Object.values(originals)) assert.deepEqual(await ebs.snapshotsOf(volumeId), []);
    assert.equal((await ebs.snapshotsOf(copied)).length, 1);
    assert.deepEqual(remarks, [
      `snapshot ${foreign} in ebs bears the backup's uid, but may be another tool's: left alone`,
    ]);
    assert.deepEqual(
      (await environment.keys()).filter((key) => key.startsWith('backups/')),
      [],
    );
    // The restored volumes are in use, whatever becomes of the backup.
    assert.equal((await ebs.volumes('velero.io/restore-uid', restored.uid)).length, 2);
  });
});
