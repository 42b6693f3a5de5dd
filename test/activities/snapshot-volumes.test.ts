import assert from 'node:assert/strict';
import type { PreparedBackup } from '../../src/activities/prepare-backup.ts';
import type { BatchRef } from '../../src/api/run.ts';
import { ActivityRunner } from '../support/activity-runner.ts';
import { object } from '../support/objects.ts';

const volume = object('v1 PersistentVolume', 'pv-1', {
  metadata: { labels: { 'topology.kubernetes.io/zone': 'a' } },
  spec: {
    memory: { volumeId: 'volume-1' },
    persistentVolumeReclaimPolicy: 'Retain',
    claimRef: { namespace: 'shop', name: 'data' },
  },
});

describe('snapshots of volumes', () => {
  let runner: ActivityRunner;
  let prepared: PreparedBackup;
  let batch: BatchRef;

  beforeEach(async () => {
    runner = new ActivityRunner();
    prepared = await runner.prepareBackup({
      metadata: { labels: { team: 'a', 'velero.io/pv': 'forged', 'velero.io/source-volume': 'forged' } },
    });
    batch = await runner.batch([
      { groupResource: 'persistentvolumes', version: 'v1', item: volume },
      { groupResource: 'pods', version: 'v1', item: object('v1 Pod', 'shop/pv-1') },
    ]);
  });

  it('are of the PersistentVolumes in a batch', async () => {
    const { run, plan } = prepared;
    const selected = await runner.run('selectVolumes', { run, plan, step: 'volumes-0', batch });
    assert.deepEqual(selected.volumes, [
      {
        persistentVolume: 'pv-1',
        zone: 'a',
        pvcName: 'data',
        pvcNamespace: 'shop',
        reclaimPolicy: 'Retain',
        labels: { 'topology.kubernetes.io/zone': 'a' },
        location: 'disks',
      },
    ]);
    const input = { run, plan, batch, persistentVolume: 'pv-1', location: 'disks' };
    assert.equal(await runner.run('getVolumeId', input), 'volume-1');
    await assert.rejects(runner.run('getVolumeId', { ...input, persistentVolume: 'pv-2' }), { type: 'NotFound' });
  });

  it("are tagged with the backup's labels and with their owner, which no label can forge", async () => {
    const { run, plan } = prepared;
    const input = { run, plan, location: 'disks', volumeId: 'volume-1', zone: 'a', persistentVolume: 'pv-1' };
    const snapshotId = await runner.run('createSnapshot', input);
    assert.deepEqual(runner.snapshotter.snapshots.get(snapshotId)?.tags, {
      team: 'a',
      'velero.io/storage-location': 'default',
      'velero.io/backup': 'nightly',
      'velero.io/pv': 'pv-1',
      'velero.io/backup-uid': run.uid,
      'velero.io/source-volume': 'volume-1',
    });
  });

  it('are waited for, by a failure that says how far they are and when to ask again', async () => {
    const input = { location: 'disks', snapshotId: 'snapshot-1' };
    runner.snapshotter.status = { phase: 'Pending', percent: 43, pollAfterMs: 7_000 };
    await assert.rejects(runner.run('awaitSnapshot', input), {
      type: 'Pending',
      message: 'snapshot snapshot-1 is 43 % done; asked again in 7 s',
      nextRetryDelay: 7_000,
    });
    runner.snapshotter.status = { phase: 'Pending' };
    await assert.rejects(runner.run('awaitSnapshot', input), {
      message: 'snapshot snapshot-1 is not ready; asked again in 5 s',
      nextRetryDelay: 5_000,
    });
    runner.snapshotter.status = { phase: 'Failed', message: 'disk is gone' };
    await assert.rejects(runner.run('awaitSnapshot', input), {
      type: 'InvalidItem',
      nonRetryable: true,
      message: 'snapshot snapshot-1 failed: disk is gone',
    });
    runner.snapshotter.status = { phase: 'Ready' };
    await runner.run('awaitSnapshot', input);
  });

  it('are waited for though the provider does not know them yet, but not for longer than its index may lag', async () => {
    const input = { location: 'disks', snapshotId: 'absent' };
    const askAfter = (waitedMs: number): Promise<void> =>
      runner.run('awaitSnapshot', input, { scheduledTimestampMs: runner.now.getTime() - waitedMs });
    runner.snapshotter.status = undefined;
    await assert.rejects(askAfter(0), { type: 'NotFound', nonRetryable: true });
    runner.snapshotter.indexLagMs = 60_000;
    await assert.rejects(askAfter(0), { type: 'Pending', nonRetryable: false, nextRetryDelay: 5_000 });
    await assert.rejects(askAfter(59_000), { type: 'Pending', nextRetryDelay: 1_000 });
    await assert.rejects(askAfter(60_000), { type: 'NotFound' });
  });

  it('are reconciled: of this run only those that are kept stay, and what bears copies of its tags', async () => {
    const { run } = prepared;
    const own = {
      'velero.io/backup-uid': run.uid,
      'velero.io/pv': 'pv-1',
      'velero.io/source-volume': 'volume-1',
    };
    const { 'velero.io/pv': _pv, ...incomplete } = own;
    for (const [snapshotId, volumeId, tags] of [
      ['kept', 'volume-1', own],
      ['double', 'volume-1', own],
      ['another-run', 'volume-1', { ...own, 'velero.io/backup-uid': 'another-run' }],
      ['copy', 'volume-2', own],
      ['incomplete', 'volume-1', incomplete],
    ] as const) {
      const createdAt = '2026-01-02T03:04:30Z';
      runner.snapshotter.snapshots.set(snapshotId, { snapshotId, volumeId, tags, createdAt });
    }
    const input = { run, location: 'disks', keep: ['kept'] };
    assert.deepEqual(await runner.run('reconcileSnapshots', input), ['double']);
    const left = ['kept', 'another-run', 'copy', 'incomplete'];
    assert.deepEqual([...runner.snapshotter.snapshots.keys()], left);
    assert.deepEqual(await runner.run('reconcileSnapshots', { ...input, keep: [] }), ['kept']);
  });

  it('are reconciled only when the list has to show them all', async () => {
    runner.snapshotter.indexLagMs = 60_000;
    const reconcile = (askedAgoMs: number): Promise<string[]> => {
      const since = runner.now.getTime() - askedAgoMs;
      return runner.run('reconcileSnapshots', { run: prepared.run, location: 'disks', keep: [], since });
    };
    await assert.rejects(reconcile(45_000), { type: 'Pending', nextRetryDelay: 15_000 });
    assert.deepEqual(await reconcile(60_000), []);
  });
});
