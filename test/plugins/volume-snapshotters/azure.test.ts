import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import type { Unstructured } from '../../../src/api/unstructured.ts';
import type { VolumeSnapshotterSubject } from '../../../src/plugins/conformance/snapshot-run.ts';
import { volumeSnapshotterChecks } from '../../../src/plugins/conformance/volume-snapshotter.ts';
import type { SnapshotRequest, VolumeRequest, VolumeSnapshotter } from '../../../src/plugins/volume-snapshotter.ts';
import { azure } from '../../../src/plugins/volume-snapshotters/azure.ts';
import { AzureComputeServer } from '../../support/azure-compute-server.ts';
import { itConforms } from '../../support/it-conforms.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const [uid, persistentVolume] = ['2f3c0b8e-6f0a-4f5e-9d55-0d6b5ac0a0f1', 'data'];
const disksOf = (group: string) =>
  `/subscriptions/subscription-1/resourceGroups/${group}/providers/Microsoft.Compute/disks`;

/** A PersistentVolume of a disk, as its driver or an old cluster writes it. */
function volumeOf(source: 'csi' | 'in-tree', name: string): Unstructured {
  const diskURI = `${disksOf('disks-1')}/${name}`;
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: 'data', labels: { 'topology.kubernetes.io/zone': 'westeurope-2' } },
    spec: {
      capacity: { storage: '4Gi' },
      ...(source === 'csi'
        ? {
            csi: {
              driver: 'disk.csi.azure.com',
              volumeHandle: diskURI,
              volumeAttributes: { skuName: 'PremiumV2_LRS' },
            },
          }
        : { azureDisk: { diskName: name, diskURI, cachingMode: 'ReadOnly', kind: 'Managed' } }),
    },
  };
}

describe('volume snapshotter: azure', () => {
  let server: AzureComputeServer;
  let disks = 0;

  before(async () => {
    server = await AzureComputeServer.start();
  });

  after(() => server.stop());

  async function subject(source: 'csi' | 'in-tree', type = 'PremiumV2_LRS'): Promise<VolumeSnapshotterSubject> {
    const name = `pvc-${++disks}`;
    server.addDisk(name, {
      sku: { name: type },
      zones: ['2'],
      tags: { team: 'a' },
      properties: { provisioningState: 'Succeeded', diskIOPSReadWrite: 4_000, diskMBpsReadWrite: 200 },
    });
    const content = (volumeId: string) => server.disk(volumeId) ?? assert.fail(volumeId);
    return {
      snapshotter: await azure(server.config(temporaryFolder())),
      persistentVolume: volumeOf(source, name),
      zone: 'westeurope-2',
      zoneOf: async (volumeId) => `${content(volumeId).location}-${content(volumeId).zones?.join()}`,
      contents: {
        write: async (volumeId, text) => void (content(volumeId).content = text),
        read: async (volumeId) => content(volumeId).content,
      },
    };
  }

  for (const source of ['csi', 'in-tree'] as const)
    describe(source, () => itConforms(volumeSnapshotterChecks, () => subject(source)));

  describe('beyond the contract', () => {
    let snapshotter: VolumeSnapshotter;
    let volumeId: string;

    beforeEach(async () => {
      server.polls = 1;
      server.server.requests.length = 0;
      volumeId = `pvc-${++disks}`;
      server.addDisk(volumeId, { tags: { team: 'a', 'velero.io-backup-uid': 'of-a-copy', 'velero.io-pv': 'old' } });
      snapshotter = await open();
    });

    const open = (config: Record<string, string> = {}) => azure(server.config(temporaryFolder(), config));

    function snapshotRequest(others: Partial<SnapshotRequest> = {}): SnapshotRequest {
      const tags = { 'velero.io/backup-uid': uid, 'velero.io/pv': 'data', 'example.com/team': 'b' };
      return { volumeId, zone: 'westeurope-2', tags, owner: { uid, persistentVolume }, ...others };
    }

    function volumeRequest(snapshotId: string, others: Partial<VolumeRequest> = {}): VolumeRequest {
      const [type, zone] = ['Premium_LRS', 'westeurope-2'];
      const tags = { 'velero.io/restore-uid': 'restore-1', 'velero.io/pv': 'data' };
      return { snapshotId, type, zone, tags, owner: { uid: 'restore-1', persistentVolume }, ...others };
    }

    async function ready(snapshotId: string): Promise<string> {
      while ((await snapshotter.snapshotStatus(snapshotId)).phase === 'Pending');
      return snapshotId;
    }

    it('a snapshot is named after its disk and its owner, and has the tags of both in letters that Azure takes', async () => {
      const snapshotId = await snapshotter.createSnapshot(snapshotRequest());
      assert.match(
        snapshotId,
        /^\/subscriptions\/subscription-1\/resourceGroups\/disks-1\/providers\/Microsoft\.Compute\/snapshots\/pvc-\d+-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
      );
      assert.deepEqual(server.find(snapshotId)?.tags, {
        team: 'a',
        'velero.io-backup-uid': uid,
        'velero.io-pv': 'data',
        'example.com-team': 'b',
      });
    });

    it('a snapshot of a disk with a long name has a name that Azure takes', async () => {
      volumeId = `${'d'.repeat(76)}-${++disks}`;
      server.addDisk(volumeId);
      const name = (await snapshotter.createSnapshot(snapshotRequest())).split('/').at(-1) ?? '';
      assert.equal(name.length, 80);
      assert.ok(name.startsWith('d'.repeat(43)), name);
    });

    it('what the configuration says is done: its tags, its place, incremental', async () => {
      const config = {
        resourceGroup: 'kept',
        subscriptionId: 'another',
        incremental: 'T',
        tags: 'cost-center=7, team=c',
      };
      snapshotter = await open(config);
      const snapshotId = await snapshotter.createSnapshot(snapshotRequest());
      assert.match(snapshotId, /^\/subscriptions\/another\/resourceGroups\/kept\//);
      const { tags, properties } = server.find(snapshotId) ?? assert.fail();
      assert.deepEqual([tags?.['cost-center'], tags?.['team']], ['7', 'c']);
      assert.equal(properties['incremental'], true);
      const [listed] = await summaries(snapshotter.listSnapshots({ 'velero.io/backup-uid': uid }));
      assert.deepEqual([listed?.snapshotId, listed?.volumeId], [snapshotId, volumeId]);
      await snapshotter.deleteSnapshot(snapshotId);
      assert.equal(server.find(snapshotId), undefined);
    });

    it('a creation is accepted, not waited for; its wait tells the percentage', async () => {
      server.polls = 3;
      const snapshotId = await snapshotter.createSnapshot(snapshotRequest());
      assert.deepEqual(server.server.asked('GET', /operations/), []);
      assert.deepEqual(await snapshotter.snapshotStatus(snapshotId), { phase: 'Pending' });
      const resource = server.find(snapshotId) ?? assert.fail();
      resource.properties.completionPercent = 43;
      assert.deepEqual(await snapshotter.snapshotStatus(snapshotId), { phase: 'Pending', percent: 43 });
      resource.left = 0;
      resource.properties.provisioningState = 'Succeeded';
      // Provisioned, but still being copied: no disk can be made of it yet.
      assert.deepEqual(await snapshotter.snapshotStatus(snapshotId), { phase: 'Pending', percent: 43 });
      resource.properties.completionPercent = 100;
      assert.deepEqual(await snapshotter.snapshotStatus(snapshotId), { phase: 'Ready', percent: 100 });
    });

    it('a creation that was accepted and then failed is Failed, with what Azure says of it', async () => {
      server.failures.push('InternalExecutionError');
      const snapshotId = await snapshotter.createSnapshot(snapshotRequest());
      await snapshotter.snapshotStatus(snapshotId);
      assert.deepEqual(await snapshotter.snapshotStatus(snapshotId), {
        phase: 'Failed',
        message: 'provisioning state Failed',
      });
      Object.assign(server.find(snapshotId)!.properties, {
        provisioningState: 'Succeeded',
        copyCompletionError: { errorCode: 'CopySourceNotFound', errorMessage: 'in the words of the server' },
      });
      assert.deepEqual(await snapshotter.snapshotStatus(snapshotId), {
        phase: 'Failed',
        message: 'CopySourceNotFound',
      });
    });

    it('a creation whose answer is lost is found by the next attempt', async () => {
      server.server.refuse('PUT', /snapshots/, 'lose');
      await assert.rejects(snapshotter.createSnapshot(snapshotRequest()), { code: 'Unavailable' });
      const snapshotId = await (await open()).createSnapshot(snapshotRequest());
      assert.equal(server.server.asked('PUT').length, 1);

      server.server.refuse('PUT', /disks/, 'lose');
      await assert.rejects(snapshotter.createVolumeFromSnapshot(volumeRequest(snapshotId)), { code: 'Unavailable' });
      const made = await (await open()).createVolumeFromSnapshot(volumeRequest(snapshotId));
      assert.equal(server.server.asked('PUT').length, 2);
      assert.ok(server.disk(made));
    });

    it('a deletion that Azure accepts and then refuses rejects with its code', async () => {
      const snapshotId = await ready(await snapshotter.createSnapshot(snapshotRequest()));
      server.failures.push('ScopeLocked');
      await assert.rejects(snapshotter.deleteSnapshot(snapshotId), {
        code: 'AccessDenied',
        message: `delete snapshot ${snapshotId}: ScopeLocked`,
      });
      assert.ok(server.find(snapshotId));
    });

    it('a call that takes longer than apiTimeout rejects, and may be repeated', async () => {
      const snapshotId = await ready(await snapshotter.createSnapshot(snapshotRequest()));
      server.polls = 1_000_000;
      snapshotter = await open({ apiTimeout: '100ms' });
      await assert.rejects(snapshotter.deleteSnapshot(snapshotId), {
        code: 'Unavailable',
        message: `delete snapshot ${snapshotId}: not done within 0.1 s`,
      });
    });

    it('a volume has the type, the zone and the throughput of the one before, and not its owner', async () => {
      volumeId = `pvc-${++disks}`;
      server.addDisk(volumeId, {
        sku: { name: 'UltraSSD_LRS' },
        properties: { provisioningState: 'Succeeded', diskIOPSReadWrite: 9_000, diskMBpsReadWrite: 300 },
      });
      const snapshotId = await ready(await snapshotter.createSnapshot(snapshotRequest()));
      const described = await snapshotter.getVolumeInfo(volumeId, '');
      assert.deepEqual(described, { type: 'UltraSSD_LRS', iops: 9_000 });
      const made = await snapshotter.createVolumeFromSnapshot(volumeRequest(snapshotId, described));
      assert.match(made, /^restore-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
      const { properties, sku, zones, location, tags } = server.disk(made) ?? assert.fail(made);
      assert.deepEqual([sku, zones, location], [{ name: 'UltraSSD_LRS' }, ['2'], 'westeurope']);
      assert.deepEqual([properties['diskIOPSReadWrite'], properties['diskMBpsReadWrite']], [9_000, 300]);
      assert.deepEqual(tags, { 'velero.io-restore-uid': 'restore-1', 'velero.io-pv': 'data', 'example.com-team': 'b' });
    });

    it('a disk that is spread over zones, or in none, is made in none', async () => {
      const snapshotId = await ready(await snapshotter.createSnapshot(snapshotRequest()));
      for (const [type, zone] of [
        ['Premium_ZRS', 'westeurope-1'],
        ['Premium_LRS', '0'],
        ['Premium_LRS', ''],
      ] as const) {
        const owner = { uid: 'restore-1', persistentVolume: `${type}-${zone}` };
        const made = await snapshotter.createVolumeFromSnapshot(volumeRequest(snapshotId, { type, zone, owner }));
        assert.equal(server.disk(made)?.zones, undefined);
      }
    });

    it('lists go through all pages, and tell disks of another place from ours', async () => {
      const ids = await Promise.all(
        ['a', 'b', 'c', 'd', 'e'].map((name) =>
          snapshotter.createSnapshot(
            snapshotRequest({ owner: { uid: 'pages', persistentVolume: name }, tags: { of: volumeId } }),
          ),
        ),
      );
      const listed = await summaries(snapshotter.listSnapshots({ of: volumeId }));
      assert.deepEqual(listed.map(({ snapshotId }) => snapshotId).toSorted(), ids.toSorted());
      assert.ok(listed.every((one) => one.volumeId === volumeId));

      const foreign = server.addDisk(volumeId, {}, 'elsewhere');
      Object.assign(server.find(ids[0]!)!.properties.creationData!, { sourceResourceId: foreign });
      const [moved] = (await summaries(snapshotter.listSnapshots({ of: volumeId }))).filter(
        (one) => one.snapshotId === ids[0],
      );
      assert.equal(moved?.volumeId, foreign);
    });

    it('ids are read in any case, and refused if they are none', async () => {
      const snapshotId = await ready(await snapshotter.createSnapshot(snapshotRequest()));
      assert.equal((await snapshotter.snapshotStatus(snapshotId.toUpperCase())).phase, 'Ready');
      for (const id of ['', 'snap-1', `${disksOf('disks-1')}/d`, `${snapshotId}/x`])
        for (const ask of [snapshotter.snapshotStatus(id), snapshotter.deleteSnapshot(id)])
          await assert.rejects(ask, { code: 'InvalidItem', message: /^read the id .*expected \/subscriptions\/…/ });
    });

    it('throttling passes with the time that Azure names, and a quota does not', async () => {
      const refuse = (status: number, code: string, headers = {}) =>
        server.server.refuse('PUT', /snapshots/, { status, headers, body: { error: { code } } });
      refuse(429, 'TooManyRequests', { 'retry-after': '17' });
      const tried = `snapshot volume ${volumeId}`;
      await assert.rejects(snapshotter.createSnapshot(snapshotRequest()), {
        code: 'Throttled',
        retryAfterMs: 17_000,
        message: `${tried}: 429 TooManyRequests`,
      });
      refuse(409, 'QuotaExceeded');
      await assert.rejects(snapshotter.createSnapshot(snapshotRequest()), {
        code: 'Unsupported',
        message: `${tried}: 409 QuotaExceeded`,
      });
      assert.equal(server.server.asked('PUT').length, 2);
    });

    it('a disk and a snapshot that are gone are NotFound', async () => {
      await assert.rejects(snapshotter.createSnapshot(snapshotRequest({ volumeId: 'gone' })), {
        code: 'NotFound',
        message: 'describe volume gone: 404 ResourceNotFound',
      });
      await assert.rejects(snapshotter.volumeStatus('gone'), { code: 'NotFound' });
    });

    it('a secret that is wrong is AccessDenied, and in no message', async () => {
      const config = server.config(temporaryFolder());
      const text = readFileSync(config['credentialsFile']!, 'utf8');
      writeFileSync(config['credentialsFile']!, text.replace('azure-secret', 'a-wrong-secret'));
      await assert.rejects((await azure(config)).getVolumeInfo(volumeId, ''), (error: Error & { code?: string }) => {
        assert.equal(error.code, 'AccessDenied');
        assert.doesNotMatch(error.message, /secret/);
        return true;
      });
    });
  });
});

async function summaries<T>(list: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const one of list) found.push(one);
  return found;
}
