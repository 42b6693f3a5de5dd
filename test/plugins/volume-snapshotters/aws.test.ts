import assert from 'node:assert/strict';
import type { CreateVolumeCommandInput } from '@aws-sdk/client-ec2';
import type { Unstructured } from '../../../src/api/unstructured.ts';
import type { VolumeSnapshotterSubject } from '../../../src/plugins/conformance/snapshot-run.ts';
import { volumeSnapshotterChecks } from '../../../src/plugins/conformance/volume-snapshotter.ts';
import type { SnapshotRequest, VolumeRequest, VolumeSnapshotter } from '../../../src/plugins/volume-snapshotter.ts';
import { aws } from '../../../src/plugins/volume-snapshotters/aws.ts';
import type { MotoServer } from '../../../tools/stack/moto.ts';
import { Ebs, ebsConfig, tagsOf } from '../../support/ebs.ts';
import { Ec2Proxy } from '../../support/ec2-proxy.ts';
import { itConforms } from '../../support/it-conforms.ts';
import { motoServer } from '../../support/servers.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const zone = 'us-east-1c';

/** A PersistentVolume of an EBS volume, as its driver or an old cluster writes it. */
function volumeOf(source: 'csi' | 'in-tree', volumeId: string): Unstructured {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: 'data', labels: { 'failure-domain.beta.kubernetes.io/zone': zone } },
    spec: {
      capacity: { storage: '4Gi' },
      ...(source === 'csi'
        ? { csi: { driver: 'ebs.csi.aws.com', volumeHandle: volumeId, fsType: 'ext4' } }
        : { awsElasticBlockStore: { volumeID: `aws://${zone}/${volumeId}`, fsType: 'ext4' } }),
    },
  };
}

describe('volume snapshotter: aws', () => {
  let moto: MotoServer;
  let proxy: Ec2Proxy;
  let ebs: Ebs;
  let usual: Record<string, string>;

  before(async function () {
    this.timeout(120_000);
    moto = await motoServer();
    proxy = await Ec2Proxy.start(moto.endpoint);
    ebs = new Ebs(moto);
    usual = { ...ebsConfig(moto, temporaryFolder()), ec2Url: proxy.url };
  });

  after(async () => {
    ebs.close();
    await proxy.stop();
  });

  const open = (config: Record<string, string> = {}) => aws({ ...usual, ...config });

  function makeVolume(others: Partial<CreateVolumeCommandInput> = {}): Promise<string> {
    const tags = { team: 'a', 'velero.io/backup-uid': 'of-a-copy', 'velero.io/pv': 'old' };
    return ebs.createVolume({ AvailabilityZone: zone, VolumeType: 'gp2', tags, ...others });
  }

  async function subject(source: 'csi' | 'in-tree'): Promise<VolumeSnapshotterSubject> {
    return {
      snapshotter: await open(),
      persistentVolume: volumeOf(source, await makeVolume({ VolumeType: 'io1', Iops: 200 })),
      zone,
      zoneOf: async (volumeId) => (await ebs.volume(volumeId)).AvailabilityZone ?? '',
    };
  }

  for (const source of ['csi', 'in-tree'] as const)
    describe(source, () =>
      itConforms(volumeSnapshotterChecks, () => subject(source), {
        'a snapshot holds what was in the volume when it was asked for': 'moto keeps no bytes',
      }),
    );

  describe('beyond the contract', () => {
    let snapshotter: VolumeSnapshotter;
    let volumeId: string;
    let uid: string;
    let runs = 0;

    beforeEach(async () => {
      proxy.requests.length = 0;
      uid = `run-${process.pid}-${++runs}`;
      volumeId = await makeVolume();
      snapshotter = await open();
    });

    function snapshotRequest(others: Partial<SnapshotRequest> = {}): SnapshotRequest {
      const tags = { 'velero.io/backup-uid': uid, 'velero.io/pv': 'data', 'example.com/team': 'b' };
      return { volumeId, zone, tags, owner: { uid, persistentVolume: 'data' }, ...others };
    }

    function volumeRequest(snapshotId: string, others: Partial<VolumeRequest> = {}): VolumeRequest {
      const tags = { 'velero.io/restore-uid': uid, 'velero.io/pv': 'data' };
      return { snapshotId, type: 'gp2', zone, tags, owner: { uid, persistentVolume: 'data' }, ...others };
    }

    it("a snapshot has the tags that were asked for, then its volume's, and its owner's in the same request", async () => {
      const snapshotId = await snapshotter.createSnapshot(snapshotRequest());
      const { 'velero.io/owner': owner, ...tags } = tagsOf(await ebs.snapshot(snapshotId));
      assert.match(owner ?? '', /^[0-9a-f]{64}$/);
      assert.deepEqual(tags, {
        'velero.io/backup-uid': uid,
        'velero.io/pv': 'data',
        'example.com/team': 'b',
        team: 'a',
      });
      assert.ok(!proxy.requests.some((request) => request.get('Action') === 'CreateTags'));
    });

    it("tags that EC2 would refuse are left out: AWS' own, too long ones, too many", async () => {
      const Tags = [
        { Key: 'aws:cloudformation:stack-name', Value: 'x' },
        ...Array.from({ length: 45 }, (_, index) => ({ Key: `copied-${index}`, Value: 'x' })),
      ];
      proxy.fault('DescribeVolumes', (xml) => {
        const items = Tags.map(({ Key, Value }) => `<item><key>${Key}</key><value>${Value}</value></item>`);
        return xml.replace(/<tagSet>.*<\/tagSet>/s, `<tagSet>${items.join('')}</tagSet>`);
      });
      const labels = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`label-${index}`, 'x']));
      const tags = { ...labels, [`${'l'.repeat(129)}`]: 'x', ...snapshotRequest().tags };
      const made = tagsOf(await ebs.snapshot(await snapshotter.createSnapshot(snapshotRequest({ tags }))));
      assert.equal(Object.keys(made).length, 50);
      for (const key of ['velero.io/backup-uid', 'velero.io/pv', 'velero.io/owner', 'label-19'])
        assert.ok(made[key], key);
      assert.ok(!Object.keys(made).some((key) => key.startsWith('aws:') || key.length > 128));
    });

    it('a volume has the type, IOPS, throughput, zone and encryption of the one before, and not its owner', async () => {
      volumeId = await makeVolume({ VolumeType: 'gp3', Iops: 4_000, Throughput: 300, Encrypted: true });
      const snapshotId = await snapshotter.createSnapshot(snapshotRequest());
      const described = await snapshotter.getVolumeInfo(volumeId, zone);
      assert.deepEqual(described, { type: 'gp3', iops: 4_000 });
      const made = await ebs.volume(await snapshotter.createVolumeFromSnapshot(volumeRequest(snapshotId, described)));
      const { VolumeType, Iops, Throughput, AvailabilityZone, Encrypted } = made;
      assert.deepEqual([VolumeType, Iops, Throughput, AvailabilityZone, Encrypted], ['gp3', 4_000, 300, zone, true]);
      const { 'velero.io/owner': owner, ...tags } = tagsOf(made);
      assert.ok(owner && owner !== tagsOf(await ebs.snapshot(snapshotId))['velero.io/owner']);
      assert.deepEqual(tags, {
        'velero.io/restore-uid': uid,
        'velero.io/pv': 'data',
        'example.com/team': 'b',
        team: 'a',
      });
    });

    for (const [type, iops, sent] of [
      ['gp2', 300, [null, null]],
      ['st1', 300, [null, null]],
      ['io2', 300, ['300', null]],
      ['io2', undefined, [null, null]],
      ['gp3', 3_500, ['3500', '300']],
    ] as const)
      it(`of ${type}${iops ? ` with ${iops} IOPS` : ''}, IOPS and throughput are asked for as ${JSON.stringify(sent)}`, async () => {
        volumeId = await makeVolume({ VolumeType: 'gp3', Iops: 4_000, Throughput: 300 });
        const snapshotId = await snapshotter.createSnapshot(snapshotRequest());
        proxy.fault('CreateVolume', { status: 400, code: 'InvalidParameterValue' });
        const request = volumeRequest(snapshotId, { type, ...(iops !== undefined && { iops }) });
        await assert.rejects(snapshotter.createVolumeFromSnapshot(request), { code: 'Unsupported' });
        const [asked] = proxy.asked('CreateVolume');
        assert.deepEqual([asked?.get('Iops'), asked?.get('Throughput')], sent);
        assert.equal(asked?.get('VolumeType'), type);
      });

    it('a key encrypts every volume, and a cluster makes them its own', async () => {
      const Tags = [
        { Key: 'kubernetes.io/cluster/old', Value: 'owned' },
        { Key: 'KubernetesCluster', Value: 'old' },
      ];
      volumeId = await makeVolume({ TagSpecifications: [{ ResourceType: 'volume', Tags }] });
      snapshotter = await open({ ebsKmsKeyId: 'alias/backups', clusterName: 'new' });
      const snapshotId = await snapshotter.createSnapshot(snapshotRequest());
      const made = await ebs.volume(await snapshotter.createVolumeFromSnapshot(volumeRequest(snapshotId)));
      const [asked] = proxy.asked('CreateVolume');
      assert.deepEqual([asked?.get('Encrypted'), asked?.get('KmsKeyId')], ['true', 'alias/backups']);
      const { 'kubernetes.io/cluster/new': owned, 'kubernetes.io/cluster/old': old, KubernetesCluster } = tagsOf(made);
      assert.deepEqual([owned, old, KubernetesCluster], ['owned', undefined, 'new']);
    });

    it('a volume whose zone is not known is not made', async () => {
      const snapshotId = await snapshotter.createSnapshot(snapshotRequest());
      await assert.rejects(snapshotter.createVolumeFromSnapshot(volumeRequest(snapshotId, { zone: '' })), {
        code: 'InvalidItem',
        message: `create volume from ${snapshotId}: the volume's zone is not known`,
      });
    });

    it('a snapshot on its way tells how far it is, and a failed one why', async () => {
      const snapshotId = await snapshotter.createSnapshot(snapshotRequest());
      const answer =
        (status: string, progress: string, message = '') =>
        (xml: string) =>
          xml
            .replace(/<status>\w+<\/status>/, `<status>${status}</status><statusMessage>${message}</statusMessage>`)
            .replace(/<progress>\d+%<\/progress>/, `<progress>${progress}</progress>`);
      proxy.fault(
        'DescribeSnapshots',
        answer('pending', '43%'),
        answer('pending', ''),
        answer('error', '7%', 'Given key ID is not accessible'),
      );
      assert.deepEqual(await snapshotter.snapshotStatus(snapshotId), { phase: 'Pending', percent: 43 });
      assert.deepEqual(await snapshotter.snapshotStatus(snapshotId), { phase: 'Pending' });
      assert.deepEqual(await snapshotter.snapshotStatus(snapshotId), {
        phase: 'Failed',
        message: 'Given key ID is not accessible',
      });
      assert.deepEqual(await snapshotter.snapshotStatus(snapshotId), { phase: 'Ready', percent: 100 });
    });

    it('a volume on its way is pending, one in use ready, one that failed has failed, one on its way out gone', async () => {
      const seen = async (state: string) => {
        proxy.fault('DescribeVolumes', (xml) => xml.replace(/<status>\w[\w-]*<\/status>/, `<status>${state}</status>`));
        return (await snapshotter.volumeStatus(volumeId)).phase;
      };
      assert.deepEqual(
        [await seen('creating'), await seen('in-use'), await seen('available'), await seen('error')],
        ['Pending', 'Ready', 'Ready', 'Failed'],
      );
      await assert.rejects(seen('deleting'), { code: 'NotFound' });
    });

    it('a snapshot whose answer is lost is asked for once, and found by the next attempt, in another process', async () => {
      proxy.fault('CreateSnapshot', 'lose');
      await assert.rejects(snapshotter.createSnapshot(snapshotRequest()), { code: 'Unavailable' });
      assert.equal(proxy.asked('CreateSnapshot').length, 1);
      const snapshotId = await (await open()).createSnapshot(snapshotRequest());
      assert.equal(proxy.asked('CreateSnapshot').length, 1);
      const [only, ...others] = await summaries(snapshotter.listSnapshots({ 'velero.io/backup-uid': uid }));
      assert.deepEqual([only?.snapshotId, others], [snapshotId, []]);
    });

    it('a volume whose answer is lost is found by the next attempt; its token is the same', async () => {
      const snapshotId = await snapshotter.createSnapshot(snapshotRequest());
      proxy.fault('CreateVolume', 'lose', { status: 400, code: 'InvalidParameterValue' });
      await assert.rejects(snapshotter.createVolumeFromSnapshot(volumeRequest(snapshotId)));
      const made = await (await open()).createVolumeFromSnapshot(volumeRequest(snapshotId));
      const tokens = proxy.asked('CreateVolume').map((request) => request.get('ClientToken'));
      assert.equal(new Set(tokens).size, 1);
      assert.match(tokens[0] ?? '', /^[0-9a-f]{64}$/);
      const [only, ...others] = await summaries(snapshotter.listVolumes({ 'velero.io/restore-uid': uid }));
      assert.deepEqual([only?.volumeId, others], [made, []]);
    });

    it('while the index lags, the same worker still knows what it made', async () => {
      const nothing = (xml: string) => xml.replace(/<snapshotSet>.*<\/snapshotSet>/s, '<snapshotSet/>');
      proxy.fault('DescribeSnapshots', nothing, nothing);
      const snapshotId = await snapshotter.createSnapshot(snapshotRequest());
      assert.equal(await snapshotter.createSnapshot(snapshotRequest()), snapshotId);
      assert.notEqual(await (await open()).createSnapshot(snapshotRequest()), snapshotId);
    });

    it('a signal that fires on the way lets a creation arrive, so that its id is known', async () => {
      const stop = new AbortController();
      proxy.fault('CreateSnapshot', (xml) => {
        stop.abort();
        return xml;
      });
      assert.match(await snapshotter.createSnapshot(snapshotRequest(), { signal: stop.signal }), /^snap-/);
    });

    it('lists go through all pages', async () => {
      const snapshotId = await snapshotter.createSnapshot(snapshotRequest());
      const more = (set: string) => (xml: string) => xml.replace(`</${set}>`, `</${set}><nextToken>page-2</nextToken>`);
      proxy.fault('DescribeSnapshots', more('snapshotSet'));
      const listed = await summaries(snapshotter.listSnapshots({ 'velero.io/backup-uid': uid }));
      assert.deepEqual(
        listed.map((one) => one.snapshotId),
        [snapshotId, snapshotId],
      );
      const pages = proxy.asked('DescribeSnapshots').slice(-2);
      assert.deepEqual(
        pages.map((page) => [page.get('NextToken'), page.get('MaxResults'), page.get('Owner.1')]),
        [
          [null, '500', 'self'],
          ['page-2', '500', 'self'],
        ],
      );
      proxy.fault('DescribeVolumes', more('volumeSet'));
      await summaries(snapshotter.listVolumes({ team: 'a' }));
      assert.deepEqual(
        proxy
          .asked('DescribeVolumes')
          .slice(-2)
          .map((page) => page.get('NextToken')),
        [null, 'page-2'],
      );
    });

    it('a list takes no tag for a pattern', async () => {
      await snapshotter.createSnapshot(snapshotRequest({ tags: { [`of-${volumeId}`]: 'abc' } }));
      for (const value of ['a*', 'a?c', '*'])
        assert.deepEqual(await summaries(snapshotter.listSnapshots({ [`of-${volumeId}`]: value })), []);
      assert.equal(proxy.asked('DescribeSnapshots').at(-1)?.get('Filter.1.Value.1'), '\\*');
    });

    it('throttling passes after the retries of the SDK, and a quota does not at all', async () => {
      const throttled = { status: 503, code: 'RequestLimitExceeded' };
      proxy.fault('DescribeVolumes', throttled);
      await snapshotter.getVolumeInfo(volumeId, zone);
      proxy.fault('CreateSnapshot', throttled);
      await assert.rejects(snapshotter.createSnapshot(snapshotRequest()), {
        code: 'Throttled',
        message: `snapshot volume ${volumeId}: 503 RequestLimitExceeded`,
      });
      proxy.fault('CreateSnapshot', { status: 400, code: 'SnapshotLimitExceeded' });
      await assert.rejects(snapshotter.createSnapshot(snapshotRequest()), {
        code: 'Unsupported',
        message: `snapshot volume ${volumeId}: 400 SnapshotLimitExceeded`,
      });
    });

    it('a volume that is gone is NotFound, as is what is no id at all', async () => {
      await assert.rejects(snapshotter.createSnapshot(snapshotRequest({ volumeId: 'vol-0123456789abcdef0' })), {
        code: 'NotFound',
        message: 'describe volume vol-0123456789abcdef0: 400 InvalidVolume.NotFound',
      });
      const before = proxy.requests.length;
      for (const id of ['', 'vol-', 'snap-x', '*', 'vol-1,vol-2']) {
        await assert.rejects(snapshotter.volumeStatus(id), { code: 'NotFound' }, id);
        await assert.rejects(snapshotter.snapshotStatus(id), { code: 'NotFound' }, id);
        await snapshotter.deleteVolume(id);
        await snapshotter.deleteSnapshot(id);
      }
      assert.equal(proxy.requests.length, before);
    });

    it("a snapshot that EC2 will not delete stays, with EC2's reason", async () => {
      const snapshotId = await snapshotter.createSnapshot(snapshotRequest());
      proxy.fault('DeleteSnapshot', { status: 400, code: 'InvalidSnapshot.InUse' });
      await assert.rejects(snapshotter.deleteSnapshot(snapshotId), {
        code: 'Unsupported',
        message: `delete snapshot ${snapshotId}: 400 InvalidSnapshot.InUse`,
      });
      assert.equal((await snapshotter.snapshotStatus(snapshotId)).phase, 'Ready');
    });

    it("somebody else's copy with our tags is another volume's, by its own word", async () => {
      const other = await makeVolume();
      const foreign = await ebs.createSnapshot(other, snapshotRequest().tags);
      const [listed] = await summaries(snapshotter.listSnapshots({ 'velero.io/backup-uid': uid }));
      assert.deepEqual([listed?.snapshotId, listed?.volumeId], [foreign, other]);
      assert.notEqual(await snapshotter.createSnapshot(snapshotRequest()), foreign);
    });

    it('a profile that is not in the file is AccessDenied', async () => {
      await assert.rejects((await open({ profile: 'absent' })).getVolumeInfo(volumeId, zone), { code: 'AccessDenied' });
    });
  });

  it('names all unknown and missing keys, and all that makes no sense, at once', async () => {
    await assert.rejects(aws({ s3Url: 'x', altRegion: 'eu', ec2Url: 'ec2' }), (error: Error & { code?: string }) => {
      assert.equal(error.code, 'InvalidConfig');
      for (const part of [/invalid keys \[altRegion s3Url\]/, /lacks \[region\]/, /ec2Url: expected http/])
        assert.match(error.message, part);
      return true;
    });
    await open({ enableSharedConfig: 'true' });
  });
});

async function summaries<T>(list: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const one of list) found.push(one);
  return found;
}
