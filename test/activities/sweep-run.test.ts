import assert from 'node:assert/strict';
import type { LeftRun } from '../../src/activities/left-run.ts';
import type { SweptRun } from '../../src/activities/sweep-run.ts';
import type { VolumeSnapshot } from '../../src/api/backup.ts';
import { BowlineError } from '../../src/api/errors.ts';
import { backupLayout, restoreLayout } from '../../src/backup-format/layout.ts';
import { ActivityRunner } from '../support/activity-runner.ts';
import { holdBackup } from '../support/backup-in-store.ts';
import { object } from '../support/objects.ts';

const nothing: SweptRun = { snapshots: 0, volumes: 0, files: 0, remarks: [] };
const layout = backupLayout('nightly');

describe('sweepRun', () => {
  let runner: ActivityRunner;

  beforeEach(() => (runner = new ActivityRunner()));

  function sweep(kind: LeftRun['kind'], name: string, uid = '1-run', location = 'default'): Promise<SweptRun> {
    return runner.run('sweepRun', { kind, name, uid, location });
  }

  function keys(): string[] {
    return runner.store.keys();
  }

  describe('of a backup', () => {
    const snapshot = {
      snapshotId: 'left',
      volumeId: 'volume-1',
      createdAt: '2026-01-01T00:00:00Z',
      tags: { 'velero.io/backup-uid': '1-run', 'velero.io/pv': 'pv-1', 'velero.io/source-volume': 'volume-1' },
    };

    beforeEach(async () => {
      await runner.prepareBackup();
      runner.snapshotter.snapshots.set('left', snapshot);
      runner.snapshotter.snapshots.set('other', {
        ...snapshot,
        snapshotId: 'other',
        tags: { ...snapshot.tags, 'velero.io/backup-uid': '2-run' },
      });
    });

    it('removes its snapshots, its files and its staging, and nobody else', async () => {
      await runner.store.putObject(layout.contents, Buffer.from('x'));
      await runner.store.putObject(layout.logs, Buffer.from('x'));
      await runner.store.putObject(layout.staging('2-run'), Buffer.from('x')).catch(() => undefined);
      await runner.store.putObject('backups/nightly/mine.txt', Buffer.from('x'));
      await holdBackup(runner.store, 'weekly', []);
      const others = keys().filter((key) => key.startsWith('backups/weekly/'));
      assert.deepEqual(await sweep('backup', 'nightly'), { ...nothing, snapshots: 1, files: 2 });
      assert.deepEqual(keys(), ['backups/nightly/mine.txt', ...others]);
      assert.deepEqual([...runner.snapshotter.snapshots.keys()], ['other']);
      assert.deepEqual(await sweep('backup', 'nightly'), nothing);
    });

    it('touches nothing of a run that goes on', async () => {
      const before = keys();
      runner.running.add('backup/nightly');
      assert.deepEqual(await sweep('backup', 'nightly'), nothing);
      assert.deepEqual(keys(), before);
      assert.equal(runner.snapshotter.snapshots.size, 2);
    });

    it('leaves the files to another run of that name that goes on, and takes the snapshots of its own', async () => {
      await runner.store.putObject(layout.contents, Buffer.from('of the other run'));
      runner.running.add('backup/nightly');
      runner.firstRuns.set('backup/nightly', '2-run');
      assert.deepEqual(await sweep('backup', 'nightly'), { ...nothing, snapshots: 1 });
      assert.deepEqual(keys(), [layout.contents]);
    });

    it('removes nothing but staging if its record has been written', async () => {
      await holdBackup(runner.store, 'nightly', []);
      const metadata = JSON.parse(runner.store.objects.get(layout.metadata)!.toString()) as {
        metadata: { uid: string };
      };
      metadata.metadata.uid = '1-run';
      await runner.store.putObject(layout.metadata, Buffer.from(JSON.stringify(metadata)));
      const files = keys().filter((key) => !key.includes('/staging/'));
      assert.deepEqual(await sweep('backup', 'nightly'), nothing);
      assert.deepEqual(keys(), files);
      assert.equal(runner.snapshotter.snapshots.size, 2);
    });

    it('leaves a backup of that name that another run has finished, and takes the snapshots of its own', async () => {
      await holdBackup(runner.store, 'nightly', []);
      const files = keys().filter((key) => !key.includes('/staging/'));
      assert.deepEqual(await sweep('backup', 'nightly'), { ...nothing, snapshots: 1 });
      assert.deepEqual(keys(), files);
    });

    it('leaves everything where the record can not be read: it may name the snapshots', async () => {
      await runner.store.putObject(layout.metadata, Buffer.from('{'));
      const before = keys();
      await assert.rejects(sweep('backup', 'nightly'), { type: 'CorruptBackup' });
      assert.deepEqual([keys(), runner.snapshotter.snapshots.size], [before, 2]);
    });

    it('leaves everything where the plan can not be read: it says where the snapshots are', async () => {
      const [plan] = keys();
      await runner.store.putObject(plan!, Buffer.from('x'));
      await assert.rejects(sweep('backup', 'nightly'), { type: 'CorruptBackup', message: /: not a plan$/ });
      assert.equal(runner.snapshotter.snapshots.size, 2);
    });

    it('leaves snapshots that bear copies of its tags, and says so', async () => {
      runner.snapshotter.snapshots.set('left', { ...snapshot, volumeId: 'volume-2' });
      const { snapshots, remarks } = await sweep('backup', 'nightly');
      assert.equal(snapshots, 0);
      assert.match(
        remarks.join(),
        /^snapshot left in disks bears the uid 1-run, but is another tool's copy: left alone$/,
      );
    });

    it('keeps staging, by which it is found again, until the snapshots are gone', async () => {
      runner.snapshotter.deleteSnapshot = () => Promise.reject(new BowlineError('AccessDenied', 'delete: 403'));
      const before = keys();
      await assert.rejects(sweep('backup', 'nightly'), { type: 'AccessDenied' });
      assert.deepEqual(keys(), before);
    });
  });

  it('of a deletion removes its staging alone', async () => {
    await holdBackup(runner.store, 'nightly', []);
    const files = keys();
    const plan = await runner.stage([{ backup: { metadata: { uid: 'nightly-uid' }, spec: {} } }]);
    await runner.store.putObject(`${layout.staging('1-run')}plan-1-1`, runner.store.objects.get(plan.key)!);
    await runner.store.deleteObject(plan.key);
    assert.deepEqual(await sweep('backup', 'nightly'), nothing);
    assert.deepEqual(keys(), files);
  });

  describe('of a restore', () => {
    const taken: VolumeSnapshot = {
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
    const made = {
      volumeId: 'made',
      snapshotId: 'snapshot-1',
      createdAt: '2026-01-01T00:00:00Z',
      tags: { 'velero.io/restore-uid': '1-run', 'velero.io/pv': 'pv-1' },
    };
    const files = restoreLayout('again');

    beforeEach(async () => {
      await holdBackup(runner.store, 'nightly', [], { snapshots: [taken] });
      await runner.prepareRestore();
      runner.snapshotter.volumes.set('made', made);
      runner.snapshotter.volumes.set('other', {
        ...made,
        volumeId: 'other',
        tags: { ...made.tags, 'velero.io/restore-uid': '2-run' },
      });
    });

    it('removes the volumes that it made, its files, its staging and its mark', async () => {
      await runner.store.putObject(files.logs, Buffer.from('x'));
      assert.ok(runner.store.objects.has(files.usesMark('1-run', 'nightly')));
      assert.deepEqual(await sweep('restore', 'again'), { ...nothing, volumes: 1, files: 1 });
      assert.deepEqual(
        keys().filter((key) => key.startsWith('restores/')),
        [],
      );
      assert.deepEqual([...runner.snapshotter.volumes.keys()], ['other']);
      assert.deepEqual(await sweep('restore', 'again'), nothing);
    });

    it('leaves a volume to which a PersistentVolume points, whoever made that', async () => {
      runner.cluster.hold(object('v1 PersistentVolume', 'pv-9', { spec: { memory: { volumeId: 'made' } } }));
      assert.deepEqual(await sweep('restore', 'again'), nothing);
      assert.equal(runner.snapshotter.volumes.size, 2);
    });

    it('leaves a volume of another snapshot, and says so', async () => {
      runner.snapshotter.volumes.set('made', { ...made, snapshotId: 'snapshot-2' });
      const { volumes, remarks } = await sweep('restore', 'again');
      assert.equal(volumes, 0);
      assert.match(remarks.join(), /^volume made in disks bears the uid 1-run, but is another tool's copy/);
    });

    it('removes nothing but staging if its record has been written', async () => {
      const record = { kind: 'Restore', metadata: { name: 'again', uid: '1-run' } };
      await runner.store.putObject(files.record, Buffer.from(JSON.stringify(record)));
      assert.deepEqual(await sweep('restore', 'again'), nothing);
      assert.deepEqual(
        keys().filter((key) => key.startsWith('restores/')),
        [files.record],
      );
      assert.equal(runner.snapshotter.volumes.size, 2);
    });

    it('leaves everything where the record can not be read', async () => {
      await runner.store.putObject(files.record, Buffer.from('{'));
      await assert.rejects(sweep('restore', 'again'), { type: 'CorruptBackup' });
      assert.equal(runner.snapshotter.volumes.size, 2);
    });

    it('touches nothing of a run that goes on', async () => {
      runner.running.add('restore/again');
      const before = keys();
      assert.deepEqual(await sweep('restore', 'again'), nothing);
      assert.deepEqual([keys(), runner.snapshotter.volumes.size], [before, 2]);
    });

    it('asks for no volumes of a dry run', async () => {
      const [uid] = [(await runner.prepareRestore({}, { dryRun: true })).run.uid];
      runner.snapshotter.listVolumes = () => assert.fail('asked');
      assert.deepEqual(await sweep('restore', 'again', uid), nothing);
    });

    it('removes a mark that was put before there was a plan', async () => {
      const mark = restoreLayout('early').usesMark('7-run', 'nightly');
      await runner.store.putObject(mark, Buffer.from(''));
      assert.deepEqual(await sweep('restore', 'early', '7-run'), nothing);
      assert.ok(!runner.store.objects.has(mark));
    });
  });

  it('of the checks of a location removes what they wrote', async () => {
    await runner.store.putObject('plugins/bowline-validate-1-run/1-1/k', Buffer.from('x'));
    await runner.store.putObject('plugins/theirs/k', Buffer.from('x'));
    assert.deepEqual(await sweep('check', 'default'), nothing);
    assert.deepEqual(keys(), ['plugins/theirs/k']);
  });
});
