import assert from 'node:assert/strict';
import type { Planned } from '../../src/activities/plan.ts';
import type { VolumesMade, VolumeToRestore } from '../../src/activities/restore-volumes.ts';
import type { VolumeSnapshot } from '../../src/api/backup.ts';
import type { RestoreSpec } from '../../src/api/restore.ts';
import type { Unstructured } from '../../src/api/unstructured.ts';
import { ActivityRunner } from '../support/activity-runner.ts';
import { holdBackup } from '../support/backup-in-store.ts';
import { object } from '../support/objects.ts';

const snapshot: VolumeSnapshot = {
  spec: {
    backupName: 'nightly',
    backupUID: 'nightly-uid',
    location: 'disks',
    persistentVolumeName: 'pv-1',
    providerVolumeID: 'volume-1',
    volumeType: 'memory',
  },
  status: { phase: 'Completed', providerSnapshotID: 'snapshot-1' },
};

function volume(name = 'pv-1', others: object = {}): Unstructured {
  return object('v1 PersistentVolume', name, { spec: { claimRef: { namespace: 'shop', name: 'data' } }, ...others });
}

describe('volumes of a restore', () => {
  let runner: ActivityRunner;

  beforeEach(async () => {
    runner = new ActivityRunner();
    await holdBackup(runner.store, 'nightly', [], { snapshots: [snapshot] });
  });

  async function select(spec: RestoreSpec = {}, waitedMinutes = 0): Promise<VolumeToRestore[]> {
    const { run, plan } = await runner.prepareRestore(spec);
    const batch = await runner.batch(
      ['pv-1', 'pv-2'].map((name) => ({ groupResource: 'persistentvolumes', itemFromBackup: volume(name) })),
    );
    const scheduledTimestampMs = runner.now.getTime() - waitedMinutes * 60_000;
    return runner.run('selectSnapshots', { run, plan, batch }, { scheduledTimestampMs });
  }

  it('(b.4.6) (b.5) are made for the PersistentVolumes that have a snapshot', async () => {
    assert.deepEqual(await select(), [{ persistentVolume: 'pv-1', snapshot, pvcName: 'data', pvcNamespace: 'shop' }]);
    assert.deepEqual(await select({ restorePVs: false }), []);
  });

  it('(b.5) are made from the first of several records', async () => {
    const second = { ...snapshot, status: { ...snapshot.status, providerSnapshotID: 'snapshot-2' } };
    await holdBackup(runner.store, 'nightly', [], { snapshots: [snapshot, second] });
    assert.deepEqual(
      (await select()).map((one) => one.snapshot),
      [snapshot],
    );
  });

  it('(b.5) can not be made from a snapshot that failed, which is the fault of that volume alone', async () => {
    await holdBackup(runner.store, 'nightly', [], { snapshots: [{ ...snapshot, status: { phase: 'Failed' } }] });
    const [failed] = await select();
    assert.match(failed?.error ?? '', /tried to take a snapshot, and failed/);
  });

  type Fields = Parameters<typeof object>[2];

  /** The claim that the volume is bound to, and its namespace; `null` for none. */
  function holdClaim({ claim = {}, namespace = {} }: { claim?: Fields | null; namespace?: Fields | null } = {}): void {
    if (namespace) runner.cluster.hold(object('v1 Namespace', 'shop', namespace));
    if (claim) runner.cluster.hold(object('v1 PersistentVolumeClaim', 'shop/data', claim));
  }

  it('(b.5) are not made where the PersistentVolume is in use, unless its claim is mapped to another namespace', async () => {
    runner.cluster.hold(volume('pv-1', { status: { phase: 'Bound' } }));
    holdClaim();
    assert.deepEqual(await select(), []);
    const [renamed] = await select({ namespaceMapping: { shop: 'copy' } });
    assert.match(renamed?.renamedTo ?? '', /^velero-clone-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  });

  it('are made once more by the attempt after one that got as far as the PersistentVolume', async () => {
    const { run, plan } = await runner.prepareRestore();
    runner.cluster.hold(
      volume('pv-1', { metadata: { labels: { 'velero.io/restore-uid': run.uid } }, status: { phase: 'Bound' } }),
    );
    const batch = await runner.batch([{ groupResource: 'persistentvolumes', itemFromBackup: volume() }]);
    assert.equal((await runner.run('selectSnapshots', { run, plan, batch })).length, 1);
  });

  const going = { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } };
  const leaving: readonly { title: string; volume?: object; claim?: Fields | null; namespace?: Fields | null }[] = [
    { title: 'is released', volume: { status: { phase: 'Released' } } },
    { title: 'is being deleted', volume: going },
    { title: 'has lost its claim', claim: null },
    { title: 'has a claim that is being deleted', claim: going },
    { title: 'has a claim whose namespace is gone', namespace: null },
    { title: 'has a claim whose namespace is terminating', namespace: { status: { phase: 'Terminating' } } },
  ];
  for (const { title, volume: state = {}, claim = {}, namespace = {} } of leaving) {
    describe(`whose PersistentVolume ${title}`, () => {
      beforeEach(() => {
        runner.cluster.hold(volume('pv-1', state));
        holdClaim({ claim, namespace });
      });

      it('(b.5) wait until it has gone', async () => {
        await assert.rejects(select({}, 9), { type: 'Pending', nonRetryable: false });
      });

      it('(b.5) fail after ten minutes, each for itself, and the others are made', async () => {
        const other = { ...snapshot, spec: { ...snapshot.spec, persistentVolumeName: 'pv-2' } };
        await holdBackup(runner.store, 'nightly', [], { snapshots: [snapshot, other] });
        const [late, made, ...more] = await select({}, 10);
        assert.match(late?.error ?? '', /^one of that name has been .* for 10 minutes$/);
        assert.deepEqual(
          [late?.persistentVolume, made?.persistentVolume, made?.error, more],
          ['pv-1', 'pv-2', undefined, []],
        );
      });
    });
  }

  it('(b.5) point the PersistentVolume to the volume that was made', async () => {
    const { run, plan } = await runner.prepareRestore();
    const batch = await runner.batch([{ groupResource: 'persistentvolumes', itemFromBackup: volume() }]);
    const volumeId = await runner.run('createVolumeFromSnapshot', {
      run,
      volume: { persistentVolume: 'pv-1', snapshot },
    });
    const input = { run, plan, batch, persistentVolume: 'pv-1', location: 'disks', volumeId, step: 'volume-pv-1' };
    const item = await runner.run('setVolumeId', input);
    const [persistentVolume] = runner.staged<Unstructured>(item);
    assert.deepEqual((persistentVolume?.['spec'] as { memory?: object } | undefined)?.memory, { volumeId });
    await assert.rejects(runner.run('setVolumeId', { ...input, persistentVolume: 'pv-9' }), { type: 'NotFound' });
  });

  describe('to which no PersistentVolume points', () => {
    const since = Date.parse('2026-01-02T03:04:05Z');

    function make(persistentVolume: string): Promise<string> {
      const { run } = planned;
      return runner.run('createVolumeFromSnapshot', { run, volume: { persistentVolume, snapshot } });
    }

    let planned: Planned;

    beforeEach(async () => {
      const other = { ...snapshot, spec: { ...snapshot.spec, persistentVolumeName: 'pv-2' } };
      await holdBackup(runner.store, 'nightly', [], { snapshots: [snapshot, other] });
      planned = await runner.prepareRestore();
    });

    function deleteUnused(others: Partial<VolumesMade> = {}): Promise<string[]> {
      const { run, plan } = planned;
      const input = { run, plan, location: 'disks', used: [], unused: [], since };
      return runner.run('deleteUnusedVolumes', { ...input, ...others });
    }

    it('are deleted, recorded or not, and no others', async () => {
      const [recorded, used] = [await make('pv-1'), 'used'];
      const own = { 'velero.io/restore-uid': planned.run.uid, 'velero.io/pv': 'pv-2' };
      for (const [volumeId, snapshotId, tags] of [
        ['unrecorded', 'snapshot-1', own],
        [used, 'snapshot-1', own],
        ['copy', 'snapshot-of-a-copy', own],
        ['of-another-volume', 'snapshot-1', { ...own, 'velero.io/pv': 'pv-9' }],
        ['of-another-run', 'snapshot-1', { ...own, 'velero.io/restore-uid': 'another-run' }],
      ] as const)
        runner.snapshotter.volumes.set(volumeId, { volumeId, snapshotId, tags, createdAt: '2026-01-02T03:04:30Z' });
      const deleted = await deleteUnused({ used: [used], unused: [recorded] });
      assert.deepEqual(deleted.toSorted(), ['unrecorded', recorded].toSorted());
      const left = [used, 'copy', 'of-another-volume', 'of-another-run'];
      assert.deepEqual([...runner.snapshotter.volumes.keys()], left);
      assert.deepEqual(await deleteUnused({ used: [used] }), []);
    });

    it("do not include those that the cluster's PersistentVolumes of this run use, whatever the run knows", async () => {
      const volumeId = await make('pv-1');
      const labels = { 'velero.io/restore-uid': planned.run.uid };
      runner.cluster.hold(volume('velero-clone-1', { metadata: { labels }, spec: { memory: { volumeId } } }));
      assert.deepEqual(await deleteUnused({ unused: [volumeId] }), []);
      assert.ok(runner.snapshotter.volumes.has(volumeId));
    });

    it('are looked for only when the list has to show them all', async () => {
      runner.snapshotter.indexLagMs = 60_000;
      await assert.rejects(deleteUnused({ since: since - 45_000 }), { type: 'Pending', nextRetryDelay: 15_000 });
      assert.deepEqual(await deleteUnused({ since: since - 60_000 }), []);
    });
  });

  it('(b.5) are waited for, and a failed one fails for good', async () => {
    const input = { location: 'disks', volumeId: 'volume-1' };
    runner.snapshotter.status = { phase: 'Pending', percent: 7 };
    await assert.rejects(runner.run('awaitVolume', input), {
      type: 'Pending',
      message: 'volume volume-1 is 7 % done; asked again in 5 s',
    });
    runner.snapshotter.status = { phase: 'Failed' };
    await assert.rejects(runner.run('awaitVolume', input), { type: 'InvalidItem', nonRetryable: true });
  });
});
