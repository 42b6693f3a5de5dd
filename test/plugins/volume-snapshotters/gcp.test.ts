import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Unstructured } from '../../../src/api/unstructured.ts';
import type { VolumeSnapshotterSubject } from '../../../src/plugins/conformance/snapshot-run.ts';
import { volumeSnapshotterChecks } from '../../../src/plugins/conformance/volume-snapshotter.ts';
import type { SnapshotRequest, VolumeRequest, VolumeSnapshotter } from '../../../src/plugins/volume-snapshotter.ts';
import { gcp } from '../../../src/plugins/volume-snapshotters/gcp.ts';
import { GcpComputeServer } from '../../support/gcp-compute-server.ts';
import { itConforms } from '../../support/it-conforms.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const [uid, persistentVolume] = ['2f3c0b8e-6f0a-4f5e-9d55-0d6b5ac0a0f1', 'data'];
const [zonal, regional] = ['us-central1-a', 'us-central1-a__us-central1-b'];

/** A PersistentVolume of a disk, as its driver or an old cluster writes it. */
function volumeOf(source: 'csi' | 'in-tree', name: string, scope: string): Unstructured {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: 'data' },
    spec: {
      capacity: { storage: '4Gi' },
      ...(source === 'csi'
        ? {
            csi: { driver: 'pd.csi.storage.gke.io', volumeHandle: `projects/p/${scope}/disks/${name}`, fsType: 'ext4' },
          }
        : { gcePersistentDisk: { pdName: name, fsType: 'ext4', partition: 0 } }),
    },
  };
}

describe('volume snapshotter: gcp', () => {
  let server: GcpComputeServer;
  let disks = 0;

  before(async () => {
    server = await GcpComputeServer.start();
  });

  after(() => server.stop());

  async function subject(source: 'csi' | 'in-tree', zone: string): Promise<VolumeSnapshotterSubject> {
    const name = `pvc-${++disks}`;
    const scope = zone === regional ? 'regions/us-central1' : `zones/${zone}`;
    const type = `https://www.googleapis.com/compute/v1/projects/p/${scope}/diskTypes/hyperdisk-balanced`;
    server.addDisk(name, { type, provisionedIops: '4000', provisionedThroughput: '200' }, scope);
    const content = (volumeId: string) => server.disk(volumeId) ?? assert.fail(volumeId);
    return {
      snapshotter: await gcp(server.config(temporaryFolder())),
      persistentVolume: volumeOf(source, name, scope),
      zone,
      zoneOf: async (volumeId) => {
        const { selfLink, replicaZones = [] } = content(volumeId);
        return replicaZones.map((one) => one.split('/').at(-1)).join('__') || /zones\/([^/]+)/.exec(selfLink)![1]!;
      },
      contents: {
        write: async (volumeId, text) => void (content(volumeId).content = text),
        read: async (volumeId) => content(volumeId).content,
      },
    };
  }

  for (const [title, source, zone] of [
    ['csi', 'csi', zonal],
    ['csi, regional', 'csi', regional],
    ['in-tree', 'in-tree', zonal],
  ] as const)
    describe(title, () => itConforms(volumeSnapshotterChecks, () => subject(source, zone)));

  describe('beyond the contract', () => {
    let snapshotter: VolumeSnapshotter;
    let volumeId: string;

    beforeEach(async () => {
      server.polls = 1;
      server.mayLabel = true;
      server.server.requests.length = 0;
      volumeId = `pvc-${++disks}`;
      const tags = {
        'kubernetes.io/created-for/pv/name': 'old',
        'velero.io/backup-uid': 'of-a-copy',
        'velero.io/pv': 'old',
      };
      server.addDisk(volumeId, { description: JSON.stringify(tags), labels: { 'goog-k8s-cluster-name': 'c' } });
      snapshotter = await open();
    });

    const open = (config: Record<string, string> = {}) => gcp(server.config(temporaryFolder(), config));

    function snapshotRequest(others: Partial<SnapshotRequest> = {}): SnapshotRequest {
      const tags = { 'velero.io/backup-uid': uid, 'velero.io/pv': 'data', 'example.com/team': 'b' };
      return { volumeId, zone: zonal, tags, owner: { uid, persistentVolume }, ...others };
    }

    function volumeRequest(snapshotId: string, others: Partial<VolumeRequest> = {}): VolumeRequest {
      const tags = { 'velero.io/restore-uid': 'restore-1', 'velero.io/pv': 'data' };
      return { snapshotId, type: '', zone: zonal, tags, owner: { uid: 'restore-1', persistentVolume }, ...others };
    }

    it('a snapshot is named after its disk and its owner; tags of both are in its description, labels are copied', async () => {
      const snapshotId = await snapshotter.createSnapshot(snapshotRequest());
      assert.match(snapshotId, /^pvc-\d+-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
      const { description = '', labels, snapshotType } = server.snapshot(snapshotId) ?? assert.fail();
      assert.deepEqual(JSON.parse(description), {
        'velero.io/backup-uid': uid,
        'velero.io/pv': 'data',
        'example.com/team': 'b',
        'kubernetes.io/created-for/pv/name': 'old',
      });
      assert.deepEqual([labels, snapshotType], [{ 'goog-k8s-cluster-name': 'c' }, 'STANDARD']);
    });

    it('a snapshot of a disk with a long name, and of one with a long description, is one that Google takes', async () => {
      volumeId = `d${'e'.repeat(55)}-${++disks}`;
      server.addDisk(volumeId, { description: JSON.stringify({ notes: 'n'.repeat(2_000) }) });
      const snapshotId = await snapshotter.createSnapshot(snapshotRequest());
      assert.equal(snapshotId.length, 63);
      assert.deepEqual(JSON.parse(server.snapshot(snapshotId)?.description ?? ''), snapshotRequest().tags);
    });

    it('what the configuration says is done: another project, another location, another type', async () => {
      snapshotter = await open({ project: 'kept', snapshotLocation: 'eu', snapshotType: 'archive' });
      const snapshotId = await snapshotter.createSnapshot(snapshotRequest());
      const { snapshotType, storageLocations } = server.snapshot(snapshotId, 'kept') ?? assert.fail();
      assert.deepEqual([snapshotType, storageLocations], ['ARCHIVE', ['eu']]);
      assert.equal((await snapshotter.snapshotStatus(snapshotId)).phase, 'Ready');
      const [listed] = await summaries(snapshotter.listSnapshots({ 'velero.io/backup-uid': uid }));
      assert.deepEqual([listed?.snapshotId, listed?.volumeId], [snapshotId, volumeId]);
      await snapshotter.deleteSnapshot(snapshotId);
      assert.equal(server.snapshot(snapshotId, 'kept'), undefined);
    });

    it('goes without labels where it may not set them', async () => {
      server.mayLabel = false;
      const snapshotId = await snapshotter.createSnapshot(snapshotRequest());
      assert.equal(server.snapshot(snapshotId)?.labels, undefined);
      server.server.refuse('POST', /snapshots/, {
        status: 403,
        body: { error: { errors: [{ reason: 'forbidden' }] } },
      });
      const owner = { uid, persistentVolume: 'another' };
      await assert.rejects(snapshotter.createSnapshot(snapshotRequest({ owner })), { code: 'AccessDenied' });
    });

    it('a creation is accepted, not waited for; its wait tells the percentage of the operation', async () => {
      server.polls = 8;
      const snapshotId = await snapshotter.createSnapshot(snapshotRequest());
      assert.deepEqual(server.server.asked('POST', /wait/), []);
      const seen = [];
      let status = await snapshotter.snapshotStatus(snapshotId);
      for (; status.phase === 'Pending'; status = await snapshotter.snapshotStatus(snapshotId))
        seen.push(status.percent);
      assert.deepEqual([seen, status], [[25, 50, 75, 100], { phase: 'Ready', percent: 100 }]);

      const made = await snapshotter.createVolumeFromSnapshot(volumeRequest(snapshotId));
      assert.deepEqual(await snapshotter.volumeStatus(made), { phase: 'Pending', percent: 25 });
    });

    it('a creation that was accepted and then failed is Failed, with the code of its operation', async () => {
      server.failures.push('QUOTA_EXCEEDED');
      const snapshotId = await snapshotter.createSnapshot(snapshotRequest());
      assert.deepEqual(await snapshotter.snapshotStatus(snapshotId), { phase: 'Failed', message: 'QUOTA_EXCEEDED' });

      const good = await snapshotter.createSnapshot(snapshotRequest({ owner: { uid, persistentVolume: 'another' } }));
      assert.equal((await snapshotter.snapshotStatus(good)).phase, 'Ready');
      server.failures.push('ZONE_RESOURCE_POOL_EXHAUSTED');
      const made = await snapshotter.createVolumeFromSnapshot(volumeRequest(good));
      const failed = { phase: 'Failed', message: 'ZONE_RESOURCE_POOL_EXHAUSTED' };
      assert.deepEqual(await snapshotter.volumeStatus(made), failed);
      assert.deepEqual(await (await open()).volumeStatus(made), failed);
    });

    it('a creation whose answer is lost is found by the next attempt', async () => {
      server.server.refuse('POST', /snapshots/, 'lose');
      await assert.rejects(snapshotter.createSnapshot(snapshotRequest()), { code: 'Unavailable' });
      const snapshotId = await (await open()).createSnapshot(snapshotRequest());
      assert.equal(server.server.asked('POST', /snapshots/).length, 1);

      server.server.refuse('POST', /disks/, 'lose');
      await assert.rejects(snapshotter.createVolumeFromSnapshot(volumeRequest(snapshotId)), { code: 'Unavailable' });
      const made = await (await open()).createVolumeFromSnapshot(volumeRequest(snapshotId));
      assert.equal(server.server.asked('POST', /disks/).length, 1);
      assert.equal((await snapshotter.volumeStatus(made)).phase, 'Ready');
    });

    it('a name that another attempt has just taken is taken for its own', async () => {
      server.server.refuse('POST', /snapshots/, {
        status: 409,
        body: { error: { errors: [{ reason: 'alreadyExists' }] } },
      });
      assert.match(await snapshotter.createSnapshot(snapshotRequest()), /^pvc-/);
    });

    it('a deletion that Google accepts and then refuses rejects with its code', async () => {
      const snapshotId = await snapshotter.createSnapshot(snapshotRequest());
      await snapshotter.snapshotStatus(snapshotId);
      server.failures.push('RESOURCE_IN_USE_BY_ANOTHER_RESOURCE');
      await assert.rejects(snapshotter.deleteSnapshot(snapshotId), {
        code: 'Conflict',
        message: `delete snapshot ${snapshotId}: RESOURCE_IN_USE_BY_ANOTHER_RESOURCE`,
      });
      assert.ok(server.snapshot(snapshotId));
    });

    it('a snapshot that is being deleted is NotFound', async () => {
      const snapshotId = await snapshotter.createSnapshot(snapshotRequest());
      await snapshotter.snapshotStatus(snapshotId);
      server.snapshot(snapshotId)!.status = 'DELETING';
      await assert.rejects(snapshotter.snapshotStatus(snapshotId), { code: 'NotFound' });
    });

    it('a volume has the type, IOPS and throughput of the one before, and not its owner', async () => {
      const type = 'https://www.googleapis.com/compute/v1/projects/p/zones/us-central1-a/diskTypes/hyperdisk-balanced';
      volumeId = `pvc-${++disks}`;
      server.addDisk(volumeId, { type, provisionedIops: '9000', provisionedThroughput: '300', labels: { a: 'b' } });
      const snapshotId = await snapshotter.createSnapshot(snapshotRequest());
      const described = await snapshotter.getVolumeInfo(volumeId, zonal);
      assert.deepEqual(described, { type, iops: 9_000 });
      const made = await snapshotter.createVolumeFromSnapshot(volumeRequest(snapshotId, described));
      assert.match(made, /^restore-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
      const disk = server.disk(made) ?? assert.fail(made);
      assert.deepEqual([disk.type, disk.provisionedIops, disk.provisionedThroughput], [type, '9000', '300']);
      assert.deepEqual(disk.labels, { a: 'b' });
      assert.deepEqual(JSON.parse(disk.description ?? ''), {
        'velero.io/restore-uid': 'restore-1',
        'velero.io/pv': 'data',
        'example.com/team': 'b',
      });
    });

    it('I/O of a type that takes none is not set', async () => {
      const snapshotId = await snapshotter.createSnapshot(snapshotRequest());
      const { type, iops } = await snapshotter.getVolumeInfo(volumeId, zonal);
      assert.deepEqual([type.split('/').at(-1), iops], ['pd-ssd', undefined]);
      const made = await snapshotter.createVolumeFromSnapshot(volumeRequest(snapshotId, { type, iops: 500 }));
      assert.equal(server.disk(made)?.provisionedIops, undefined);
    });

    it('a disk whose zone is not known is looked for, one to be made is refused', async () => {
      assert.match((await snapshotter.getVolumeInfo(volumeId, '')).type, /pd-ssd$/);
      const snapshotId = await snapshotter.createSnapshot(snapshotRequest({ zone: '' }));
      for (const zone of ['', '../b', 'zones', 'us-central1-a__'])
        await assert.rejects(snapshotter.createVolumeFromSnapshot(volumeRequest(snapshotId, { zone })), {
          code: 'InvalidItem',
          message: `find a disk's place: expected a zone such as us-central1-a, got ${JSON.stringify(zone)}`,
        });
    });

    it('a name that is in two zones is nobody to be deleted', async () => {
      server.addDisk(volumeId, {}, 'zones/us-central1-b');
      await assert.rejects(snapshotter.deleteVolume(volumeId), {
        code: 'InvalidItem',
        message: `find volume ${volumeId}: it is in zones/us-central1-a and zones/us-central1-b`,
      });
    });

    it('lists go through all pages, and tell disks of another project from ours', async () => {
      const names = ['a', 'b', 'c', 'd', 'e'];
      const request = (name: string) =>
        snapshotRequest({ owner: { uid: 'pages', persistentVolume: name }, tags: { of: volumeId } });
      const ids = await Promise.all(names.map((name) => snapshotter.createSnapshot(request(name))));
      const listed = await summaries(snapshotter.listSnapshots({ of: volumeId }));
      assert.deepEqual(listed.map(({ snapshotId }) => snapshotId).toSorted(), ids.toSorted());

      const one = server.snapshot(ids[0]!)!;
      one.sourceDisk = one.sourceDisk!.replace('/projects/p/', '/projects/q/');
      const moved = (await summaries(snapshotter.listSnapshots({ of: volumeId }))).find(
        (each) => each.snapshotId === ids[0],
      );
      assert.equal(moved?.volumeId, one.sourceDisk);

      for (const name of names)
        await snapshotter.createVolumeFromSnapshot(
          volumeRequest(ids[1]!, { owner: { uid: 'pages', persistentVolume: name }, tags: { for: volumeId } }),
        );
      assert.equal((await summaries(snapshotter.listVolumes({ for: volumeId }))).length, 5);
    });

    it('lists are not misled by what other tools write into descriptions', async () => {
      const snapshotId = await snapshotter.createSnapshot(snapshotRequest());
      for (const description of [`a copy of ${uid}`, `["${uid}"]`, `"${uid}"`, `{"velero.io/backup-uid":["${uid}"]}`]) {
        server.snapshot(snapshotId)!.description = description;
        const found = await summaries(snapshotter.listSnapshots({ 'velero.io/backup-uid': uid }));
        assert.ok(
          found.every((one) => one.snapshotId !== snapshotId),
          description,
        );
      }
      await summaries(snapshotter.listSnapshots({ strange: `it's "so"` }));
    });

    it('names that Google never gives are those of nothing', async () => {
      for (const id of ['', '../disks/d', 'Snap', 'a/b', 'projects/p/global/snapshots/s', '-']) {
        await assert.rejects(snapshotter.snapshotStatus(id), { code: 'NotFound' }, id);
        await assert.rejects(snapshotter.volumeStatus(id), { code: 'NotFound' }, id);
        await snapshotter.deleteSnapshot(id);
        await snapshotter.deleteVolume(id);
      }
      assert.deepEqual(server.server.asked('DELETE'), []);
    });

    it('throttling passes, with the time that Google names, and a quota does not', async () => {
      const refuse = (status: number, reason: string, headers = {}) =>
        server.server.refuse('POST', /snapshots/, { status, headers, body: { error: { errors: [{ reason }] } } });
      refuse(403, 'rateLimitExceeded', { 'retry-after': '17' });
      await assert.rejects(snapshotter.createSnapshot(snapshotRequest()), {
        code: 'Throttled',
        retryAfterMs: 17_000,
        message: `snapshot volume ${volumeId}: 403 rateLimitExceeded`,
      });
      refuse(403, 'quotaExceeded');
      await assert.rejects(snapshotter.createSnapshot(snapshotRequest()), {
        code: 'Unsupported',
        message: `snapshot volume ${volumeId}: 403 quotaExceeded`,
      });
    });

    it('a disk that is gone is NotFound', async () => {
      await assert.rejects(snapshotter.createSnapshot(snapshotRequest({ volumeId: 'gone' })), {
        code: 'NotFound',
        message: 'describe volume gone: 404 notFound',
      });
    });

    it('a token that is wrong is AccessDenied, and in no message', async () => {
      const config = server.config(temporaryFolder());
      writeFileSync(join(dirname(config['credentialsFile']!), 'subject'), 'a-wrong-token');
      await assert.rejects((await gcp(config)).getVolumeInfo(volumeId, zonal), (error: Error & { code?: string }) => {
        assert.equal(error.code, 'AccessDenied');
        assert.doesNotMatch(error.message, /token/);
        return true;
      });
    });

    it('nobody who answers is Unavailable', async () => {
      const dead = await open({ computeUrl: 'http://127.0.0.1:1/compute/v1' });
      await assert.rejects(dead.getVolumeInfo(volumeId, zonal), { code: 'Unavailable' });
    });
  });
});

async function summaries<T>(list: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const one of list) found.push(one);
  return found;
}
