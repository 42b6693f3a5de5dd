import assert from 'node:assert/strict';
import {
  CreateSnapshotCommand,
  CreateVolumeCommand,
  DescribeSnapshotsCommand,
  DescribeTagsCommand,
  DescribeVolumesCommand,
  EC2Client,
} from '@aws-sdk/client-ec2';
import { ec2Layer, ec2Throttled, type Ec2Semantics } from '../../../tools/stack/ec2-layer.ts';
import { startFaultProxy, type FaultProxy } from '../../../tools/stack/fault-proxy.ts';
import { ManualClock } from '../../../tools/stack/provider-clock.ts';
import { motoServer } from '../../support/servers.ts';

const zone = 'us-east-1a';

describe('EC2 semantics, laid over moto', () => {
  const clock = new ManualClock();
  const proxies: FaultProxy[] = [];
  let direct: EC2Client;
  let volumeId: string;
  let pvs = 0;

  before(async () => {
    direct = await clientAt((await motoServer()).endpoint);
    volumeId = await newVolume(direct);
  });
  after(() => Promise.all(proxies.map((proxy) => proxy.stop())));

  async function clientAt(endpoint: string): Promise<EC2Client> {
    const { region, accessKeyId, secretAccessKey } = await motoServer();
    return new EC2Client({ endpoint, region, credentials: { accessKeyId, secretAccessKey }, maxAttempts: 1 });
  }

  async function laidOver(semantics: Ec2Semantics): Promise<{ ec2: EC2Client; proxy: FaultProxy }> {
    const layer = ec2Layer({ now: clock.now, ...semantics });
    const proxy = await startFaultProxy((await motoServer()).endpoint, { layer });
    proxies.push(proxy);
    return { ec2: await clientAt(proxy.url), proxy };
  }

  async function newVolume(ec2: EC2Client, ClientToken?: string, Size = 1): Promise<string> {
    return (await ec2.send(new CreateVolumeCommand({ AvailabilityZone: zone, Size, ClientToken }))).VolumeId!;
  }

  /** A snapshot, and the tag by which it can be looked up. */
  async function newSnapshot(ec2: EC2Client): Promise<{ id: string; state: string; pv: string }> {
    const pv = `pv-${++pvs}`;
    const tags = [
      { Key: 'velero.io/pv', Value: pv },
      { Key: 'other', Value: '<a> & "b"' },
    ];
    const TagSpecifications = [{ ResourceType: 'snapshot' as const, Tags: tags }];
    const created = await ec2.send(new CreateSnapshotCommand({ VolumeId: volumeId, TagSpecifications }));
    return { id: created.SnapshotId!, state: created.State!, pv };
  }

  async function status(ec2: EC2Client, id: string): Promise<string> {
    const [{ State, Progress } = assert.fail('not there')] =
      (await ec2.send(new DescribeSnapshotsCommand({ SnapshotIds: [id] }))).Snapshots ?? [];
    return `${State} ${Progress}`;
  }

  async function listed(ec2: EC2Client, pv: string): Promise<string[]> {
    const Filters = [{ Name: 'tag:velero.io/pv', Values: [pv] }];
    const { Snapshots = [] } = await ec2.send(new DescribeSnapshotsCommand({ Filters }));
    return Snapshots.map(({ SnapshotId }) => SnapshotId!);
  }

  it('a snapshot is pending for a time, and says how far it is', async () => {
    const { ec2 } = await laidOver({ pendingMs: 60_000 });
    const { id, state } = await newSnapshot(ec2);
    const { id: another } = await newSnapshot(ec2);
    assert.equal(state, 'pending');
    assert.equal(await status(ec2, id), 'pending 0%');
    clock.advance(45_000);
    assert.equal(await status(ec2, id), 'pending 75%');
    clock.advance(15_000);
    assert.equal(await status(ec2, id), 'completed 100%');
    assert.equal(await status(ec2, another), 'completed 100%');
  });

  it('a snapshot is pending for a number of questions', async () => {
    const { ec2 } = await laidOver({ pendingPolls: 2 });
    const { id } = await newSnapshot(ec2);
    const asked = [await status(ec2, id), await status(ec2, id), await status(ec2, id)];
    assert.deepEqual(asked, ['pending 0%', 'pending 0%', 'completed 100%']);
  });

  it('a snapshot can fail in the end', async () => {
    const { ec2 } = await laidOver({ pendingMs: 10_000, fails: (volume) => volume === volumeId });
    const { id } = await newSnapshot(ec2);
    assert.equal(await status(ec2, id), 'pending 0%');
    clock.advance(10_000);
    assert.match(await status(ec2, id), /^error /);
  });

  it('a question by tag does not show a snapshot until it has some age; one by id does', async () => {
    const { ec2 } = await laidOver({ indexLagMs: 5_000 });
    const { id, pv } = await newSnapshot(ec2);
    const tagged = async (): Promise<number> => {
      const Filters = [{ Name: 'resource-id', Values: [id] }];
      return (await ec2.send(new DescribeTagsCommand({ Filters }))).Tags?.length ?? 0;
    };
    assert.deepEqual([await listed(ec2, pv), await tagged()], [[], 0]);
    assert.deepEqual(await listed(direct, pv), [id]);
    assert.equal(await status(ec2, id), 'completed 100%');
    clock.advance(5_000);
    assert.deepEqual([await listed(ec2, pv), await tagged()], [[id], 2]);
  });

  it('a question by tag does not show a snapshot until some have been asked', async () => {
    const { ec2 } = await laidOver({ indexLagCalls: 1 });
    const { id, pv } = await newSnapshot(ec2);
    assert.deepEqual([await listed(ec2, pv), await listed(ec2, pv)], [[], [id]]);
  });

  it('a client token stands for one volume, be its requests at the same time or its answer lost', async () => {
    const { ec2, proxy } = await laidOver({});
    proxy.add({ match: { action: 'CreateVolume' }, when: { nth: 1 }, fault: { type: 'drop' } });
    await assert.rejects(newVolume(ec2, 'token-1'));
    const [first, second] = await Promise.all([newVolume(ec2, 'token-1'), newVolume(ec2, 'token-1')]);
    assert.equal(first, second);
    assert.notEqual(await newVolume(ec2, 'token-2'), first);
    assert.notEqual(await newVolume(direct, 'token-1'), first, 'moto has come to know tokens');
    const { Volumes = [] } = await ec2.send(new DescribeVolumesCommand({ VolumeIds: [first] }));
    assert.equal(Volumes.length, 1);
  });

  it('a client token is refused for another volume, and free again if it came to none', async () => {
    const { ec2 } = await laidOver({});
    await newVolume(ec2, 'token-3');
    await assert.rejects(newVolume(ec2, 'token-3', 2), { name: 'IdempotentParameterMismatch' });
    const absent = { AvailabilityZone: zone, SnapshotId: 'snap-00000000', ClientToken: 'token-4' };
    await assert.rejects(ec2.send(new CreateVolumeCommand(absent)), { name: 'InvalidSnapshot.NotFound' });
    assert.notEqual(await newVolume(ec2, 'token-4'), '');
  });

  it('requests can be too many', async () => {
    const { ec2, proxy } = await laidOver({});
    proxy.add({ match: { action: 'DescribeSnapshots', form: { 'SnapshotId.1': /^snap-/ } }, fault: ec2Throttled });
    const { id, pv } = await newSnapshot(ec2);
    await assert.rejects(status(ec2, id), { name: 'RequestLimitExceeded' });
    assert.deepEqual(await listed(ec2, pv), [id]);
  });
});
