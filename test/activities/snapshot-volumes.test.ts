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
    prepared = await runner.prepareBackup({ metadata: { labels: { team: 'a', 'velero.io/pv': 'forged' } } });
    batch = await runner.batch([
      { groupResource: 'persistentvolumes', version: 'v1', item: volume },
      { groupResource: 'pods', version: 'v1', item: object('v1 Pod', 'shop/pv-1') },
    ]);
  });

  it('are of the PersistentVolumes in a batch', async () => {
    const { run, plan } = prepared;
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
    });
  });

  it('are waited for, by a failure that says how far they are and when to ask again', async () => {
    const input = { location: 'disks', snapshotId: 'snapshot-1' };
    runner.snapshotter.status = { phase: 'Pending', percent: 43, pollAfterMs: 7_000 };
    await assert.rejects(runner.run('awaitSnapshot', input), {
      type: 'Pending',
      message: 'snapshot snapshot-1 is 43 % done',
      nextRetryDelay: 7_000,
    });
    runner.snapshotter.status = { phase: 'Pending' };
    await assert.rejects(runner.run('awaitSnapshot', input), { nextRetryDelay: 5_000 });
    runner.snapshotter.status = { phase: 'Failed', message: 'disk is gone' };
    await assert.rejects(runner.run('awaitSnapshot', input), {
      type: 'InvalidItem',
      nonRetryable: true,
      message: 'snapshot snapshot-1 failed: disk is gone',
    });
    runner.snapshotter.status = { phase: 'Ready' };
    await runner.run('awaitSnapshot', input);
  });

  it('are reconciled: of this run only those that are kept stay', async () => {
    const { run } = prepared;
    for (const [snapshotId, uid] of [
      ['kept', run.uid],
      ['double', run.uid],
      ['foreign', 'another-run'],
    ] as const) {
      const tags = { 'velero.io/backup-uid': uid };
      const createdAt = '2026-01-02T03:04:30Z';
      runner.snapshotter.snapshots.set(snapshotId, { snapshotId, volumeId: 'volume-1', tags, createdAt });
    }
    const input = { run, location: 'disks', keep: ['kept'] };
    assert.deepEqual(await runner.run('reconcileSnapshots', input), ['double']);
    assert.deepEqual([...runner.snapshotter.snapshots.keys()], ['kept', 'foreign']);
    assert.deepEqual(await runner.run('reconcileSnapshots', { ...input, keep: [] }), ['kept']);
  });
});
