import assert from 'node:assert/strict';
import { cloneJson } from '../../api/json.ts';
import type { Unstructured } from '../../api/unstructured.ts';
import type { Check } from './check.ts';
import { SnapshotRun, untilNotFound, untilReady, type VolumeSnapshotterSubject } from './snapshot-run.ts';

/** A volume of a kind that no snapshotter here knows. */
const foreign: Unstructured = {
  apiVersion: 'v1',
  kind: 'PersistentVolume',
  metadata: { name: 'foreign' },
  spec: { capacity: { storage: '1Gi' }, nfs: { server: 'nfs.example.com', path: '/exports' } },
};

function check(
  title: string,
  verify: (run: SnapshotRun, subject: VolumeSnapshotterSubject) => Promise<void>,
): Check<VolumeSnapshotterSubject> {
  return {
    title,
    async verify(subject) {
      const run = new SnapshotRun(subject);
      try {
        await verify(run, subject);
      } finally {
        await run.remove();
      }
    },
  };
}

/** Providers round to seconds, and clocks differ. */
function assertBetween(before: number, time: string, after: number): void {
  assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/);
  const at = Date.parse(time);
  assert.ok(at > before - 300_000 && at < after + 300_000, time);
}

/**
 * Every promise of `VolumeSnapshotter`. Checks may share one volume, but not run at the same time; each removes the snapshots and
 * volumes that it made. How long they take is the provider's affair.
 */
export const volumeSnapshotterChecks: readonly Check<VolumeSnapshotterSubject>[] = [
  check('getVolumeId names the volume and leaves the PersistentVolume as it is', async (_run, subject) => {
    const { snapshotter, persistentVolume } = subject;
    const before = cloneJson(persistentVolume);
    const volumeId = snapshotter.getVolumeId(persistentVolume);
    assert.notEqual(volumeId, '');
    assert.equal(snapshotter.getVolumeId(persistentVolume), volumeId);
    assert.deepEqual(persistentVolume, before);
  }),

  check('getVolumeId is empty for a volume of another provider, or of none', async (_run, { snapshotter }) => {
    const { spec: _spec, ...bare } = foreign;
    for (const persistentVolume of [foreign, bare, { ...bare, spec: null }, { ...bare, spec: {} }])
      assert.equal(snapshotter.getVolumeId(persistentVolume as Unstructured), '');
  }),

  check('setVolumeId refuses a volume of another provider with Unsupported', async (_run, { snapshotter }) => {
    const volume = cloneJson(foreign);
    assert.throws(() => snapshotter.setVolumeId(volume, 'v-1'), { code: 'Unsupported' });
    assert.deepEqual(volume, foreign);
  }),

  check('setVolumeId with its own volume changes nothing', async (_run, { snapshotter, persistentVolume }) => {
    const edited = cloneJson(persistentVolume);
    assert.equal(snapshotter.setVolumeId(edited, snapshotter.getVolumeId(persistentVolume)), edited);
    assert.deepEqual(edited, persistentVolume);
  }),

  check('getVolumeInfo tells the type, and IOPS only where there are some', async (run, { snapshotter, zone }) => {
    const { type, iops } = await snapshotter.getVolumeInfo(run.snapshotRequest().volumeId, zone);
    assert.notEqual(type, '');
    assert.ok(iops === undefined || iops > 0, `${iops} IOPS`);
  }),

  check('a snapshot becomes ready', async (run) => {
    assert.notEqual(await run.readySnapshot(), '');
  }),

  check('the same owner gets the same snapshot, later as at the same time', async (run) => {
    const [first, second] = await Promise.all([run.snapshot(), run.snapshot()]);
    assert.equal(first, second);
    assert.equal(await run.snapshot(), first);
    assert.deepEqual(
      (await run.listed()).map(({ snapshotId }) => snapshotId),
      [first],
    );
  }),

  check('another owner gets another snapshot', async (run, subject) => {
    const other = new SnapshotRun(subject);
    try {
      assert.notEqual(await run.snapshot(), await other.snapshot());
      assert.notEqual(await run.snapshot(), await run.snapshot(run.snapshotRequest('another-volume')));
    } finally {
      await other.remove();
    }
  }),

  check('a list has the snapshots that bear all of the tags, with their volume and time', async (run) => {
    const request = run.snapshotRequest();
    const before = Date.now();
    const snapshotId = await run.snapshot(request);
    const after = Date.now();

    const [found = assert.fail('not listed'), ...others] = await run.listed();
    assert.deepEqual(others, []);
    assert.deepEqual([found.snapshotId, found.volumeId], [snapshotId, request.volumeId]);
    for (const [key, value] of Object.entries(run.tags)) assert.equal(found.tags[key], value);
    assertBetween(before, found.createdAt, after);

    assert.equal((await run.listed({ 'velero.io/backup-uid': run.uid })).length, 1);
    assert.deepEqual(await run.listed({ ...run.tags, 'velero.io/pv': 'another' }), []);
    assert.deepEqual(await run.listed({ ...run.tags, 'velero.io/absent': '' }), []);
  }),

  check('a deleted snapshot is gone, and its deletion may be repeated', async (run, { snapshotter }) => {
    const snapshotId = await run.readySnapshot();
    await snapshotter.deleteSnapshot(snapshotId);
    await snapshotter.deleteSnapshot(snapshotId);
    await untilNotFound(() => snapshotter.snapshotStatus(snapshotId));
    assert.deepEqual(await run.listed(), []);
  }),

  check('no volume is made from a snapshot that is absent: NotFound', async (run, { snapshotter }) => {
    const snapshotId = await run.readySnapshot();
    const request = await run.volumeRequest(snapshotId);
    await snapshotter.deleteSnapshot(snapshotId);
    await untilNotFound(() => snapshotter.snapshotStatus(snapshotId));
    await assert.rejects(run.volume(request), { code: 'NotFound' });
  }),

  check('a volume made from a snapshot becomes ready, and a PersistentVolume can point to it', async (run, subject) => {
    const { snapshotter, persistentVolume, zone } = subject;
    const original = snapshotter.getVolumeId(persistentVolume);
    const volumeId = await run.readyVolume(await run.volumeRequest(await run.readySnapshot()));
    assert.notEqual(volumeId, original);
    // Type, and IOPS where the type has them.
    assert.deepEqual(await snapshotter.getVolumeInfo(volumeId, zone), await snapshotter.getVolumeInfo(original, zone));

    const edited = cloneJson(persistentVolume);
    assert.equal(snapshotter.setVolumeId(edited, volumeId), edited);
    assert.equal(snapshotter.getVolumeId(edited), volumeId);
    assert.deepEqual(snapshotter.setVolumeId(edited, original), persistentVolume);
  }),

  check('a volume made from a snapshot is in the zone that was asked for', async (run, { zone, zoneOf }) => {
    assert.ok(zoneOf, 'no access to zones');
    const volumeId = await run.readyVolume(await run.volumeRequest(await run.readySnapshot()));
    assert.equal(await zoneOf(volumeId), zone);
  }),

  check('a list of volumes has those that bear all of the tags', async (run) => {
    const before = Date.now();
    const snapshotId = await run.readySnapshot();
    const volumeId = await run.readyVolume(await run.volumeRequest(snapshotId));
    const [found = assert.fail('not listed'), ...others] = await run.listedVolumes();
    assert.deepEqual([found.volumeId, found.snapshotId, others], [volumeId, snapshotId, []]);
    for (const [key, value] of Object.entries(run.volumeTags)) assert.equal(found.tags[key], value);
    assertBetween(before, found.createdAt, Date.now());

    assert.equal((await run.listedVolumes({ 'velero.io/restore-uid': run.uid })).length, 1);
    assert.deepEqual(await run.listedVolumes({ ...run.volumeTags, 'velero.io/pv': 'another' }), []);
    assert.deepEqual(await run.listedVolumes({ ...run.volumeTags, 'velero.io/absent': '' }), []);
  }),

  check('who owns a snapshot or a volume is never copied from one to the other', async (run) => {
    const volumeId = await run.readyVolume(await run.volumeRequest(await run.readySnapshot()));
    assert.deepEqual(await run.listedVolumes({ 'velero.io/backup-uid': run.uid }), []);
    await run.snapshot(run.snapshotRequestOf(volumeId));
    assert.deepEqual(await run.listed({ 'velero.io/restore-uid': run.uid }), []);
  }),

  check('the same owner gets the same volume, later as at the same time, and another one another', async (run) => {
    const snapshotId = await run.readySnapshot();
    const request = await run.volumeRequest(snapshotId);
    const [first, second] = await Promise.all([run.volume(request), run.volume(request)]);
    assert.equal(first, second);
    assert.equal(await run.readyVolume(request), first);
    assert.notEqual(await run.readyVolume(await run.volumeRequest(snapshotId, 'another')), first);
  }),

  check('a deleted volume is gone, and its deletion may be repeated', async (run, { snapshotter, zone }) => {
    const volumeId = await run.readyVolume(await run.volumeRequest(await run.readySnapshot()));
    await snapshotter.deleteVolume(volumeId);
    await snapshotter.deleteVolume(volumeId);
    await untilNotFound(() => snapshotter.volumeStatus(volumeId));
    await untilNotFound(() => snapshotter.getVolumeInfo(volumeId, zone));
    assert.deepEqual(await run.listedVolumes(), []);
  }),

  check('a snapshot holds what was in the volume when it was asked for', async (run, { snapshotter, contents }) => {
    assert.ok(contents, 'no access to contents');
    const request = run.snapshotRequest();
    await contents.write(request.volumeId, 'before');
    const snapshotId = await run.snapshot(request);
    await contents.write(request.volumeId, 'after');
    await untilReady(() => snapshotter.snapshotStatus(snapshotId));

    const volumeId = await run.readyVolume(await run.volumeRequest(snapshotId));
    assert.equal(await contents.read(volumeId), 'before');
    await contents.write(volumeId, 'changed in the new volume');
    const another = await run.readyVolume(await run.volumeRequest(snapshotId, 'another'));
    assert.equal(await contents.read(another), 'before');
    assert.equal(await contents.read(request.volumeId), 'after');
  }),

  check('a signal that fired before rejects everything with Interrupted', async (run, { snapshotter, zone }) => {
    const options = { signal: AbortSignal.abort() };
    const snapshotId = await run.readySnapshot();
    const volumeRequest = await run.volumeRequest(snapshotId);
    const volumeId = await run.readyVolume(volumeRequest);
    const calls = [
      () => snapshotter.getVolumeInfo(volumeId, zone, options),
      () => snapshotter.createSnapshot(run.snapshotRequest('another'), options),
      () => snapshotter.snapshotStatus(snapshotId, options),
      () => snapshotter.deleteSnapshot(snapshotId, options),
      () => run.listed(run.tags, options),
      () => snapshotter.createVolumeFromSnapshot(volumeRequest, options),
      () => snapshotter.volumeStatus(volumeId, options),
      () => snapshotter.deleteVolume(volumeId, options),
      () => run.listedVolumes(run.volumeTags, options),
    ];
    for (const call of calls) await assert.rejects(call, { code: 'Interrupted' }, String(call));
    assert.equal((await run.listed()).length, 1);
    await snapshotter.volumeStatus(volumeId);
  }),
];
