import assert from 'node:assert/strict';
import type { DeleteBackupRequest, PreparedDeletion } from '../../src/activities/delete-backup.ts';
import type { VolumeSnapshot } from '../../src/api/backup.ts';
import { BowlineError } from '../../src/api/errors.ts';
import { backupLayout } from '../../src/backup-format/layout.ts';
import { ActivityRunner, workflow } from '../support/activity-runner.ts';
import { holdBackup } from '../support/backup-in-store.ts';

const id = workflow('delete-backup/nightly');
const layout = backupLayout('nightly');

const recorded: VolumeSnapshot = {
  spec: {
    backupName: 'nightly',
    backupUID: 'nightly-uid',
    location: 'disks',
    persistentVolumeName: 'pv-1',
    providerVolumeID: 'volume-1',
    volumeType: 'memory',
  },
  status: { phase: 'Completed', providerSnapshotID: 'recorded' },
};

/** The metadata of a backup with that uid. */
function metadataOf(uid: string): Buffer {
  return Buffer.from(JSON.stringify({ apiVersion: 'velero.io/v1', kind: 'Backup', metadata: { name: 'torn', uid } }));
}

describe('the deletion of a backup', () => {
  let runner: ActivityRunner;

  beforeEach(async () => {
    runner = new ActivityRunner();
    await holdBackup(runner.store, 'nightly', [], { snapshots: [recorded] });
  });

  function prepare(request: unknown = { name: 'nightly' }): Promise<PreparedDeletion> {
    return runner.run('prepareDeletion', request as DeleteBackupRequest, id);
  }

  describe('prepareDeletion', () => {
    it('(c.2.1) marks the backup, and tells of its snapshots and times', async () => {
      const { run, snapshots, snapshotLocations, backup } = await prepare();
      assert.deepEqual(run, {
        kind: 'deletion',
        name: 'nightly',
        uid: '1-run',
        location: 'default',
        staging: 'default',
      });
      assert.deepEqual([snapshots, snapshotLocations], [[recorded], []]);
      assert.deepEqual(backup, {
        uid: 'nightly-uid',
        startTimestamp: '2026-01-02T03:04:00Z',
        completionTimestamp: '2026-01-02T03:05:00Z',
      });
      assert.ok(runner.store.objects.has(layout.deletion));
    });

    it('names the locations that may hold snapshots and that the configuration still knows', async () => {
      const metadata = JSON.parse(runner.store.objects.get(layout.metadata)!.toString()) as { spec: object };
      metadata.spec = { volumeSnapshotLocations: ['disks', 'sold'] };
      await runner.store.putObject(layout.metadata, Buffer.from(JSON.stringify(metadata)));
      assert.deepEqual((await prepare()).snapshotLocations, ['disks']);
    });

    it('(c.1) accepts a mark that an earlier deletion left, and knows whose it is', async () => {
      assert.equal((await prepare()).isFirst, true);
      assert.equal((await prepare()).isFirst, true);
      const later = await runner.run(
        'prepareDeletion',
        { name: 'nightly' },
        workflow('delete-backup/nightly', '2-run'),
      );
      assert.equal(later.isFirst, false);
      await runner.store.putObject(layout.deletion, Buffer.from('{'));
      assert.equal((await prepare()).isFirst, false);
    });

    it('(c.2.5) refuses a backup whose list of snapshots can not be read, says what to do, and marks nothing', async () => {
      await runner.store.putObject(layout.volumeSnapshots, Buffer.from('x'));
      await assert.rejects(prepare(), {
        type: 'CorruptBackup',
        nonRetryable: true,
        message: /tag velero\.io\/backup=nightly, delete them, remove .*nightly-volumesnapshots\.json\.gz, and delete/,
      });
      assert.ok(!runner.store.objects.has(layout.deletion));
      await runner.store.deleteObject(layout.volumeSnapshots);
      assert.deepEqual((await prepare()).snapshots, []);
    });

    it('(c.2.3) deletes a backup whose metadata is damaged, and says what it can not look for', async () => {
      await runner.store.putObject(layout.metadata, Buffer.from('{'));
      const { backup, snapshots, remarks } = await prepare();
      assert.deepEqual([backup, snapshots], [undefined, [recorded]]);
      assert.match(
        remarks.join(),
        /^read velero-backup\.json: .*: snapshots that no file records can't be looked for$/,
      );
    });

    it('(c.2.6) tells of pod volume backups, whose data stays', async () => {
      const kept = { metadata: { name: 'a' }, status: { snapshotID: 'x' } };
      const files = { podVolumeBackups: [kept, { ...kept, status: {} }, kept] };
      await holdBackup(runner.store, 'nightly', [], { files });
      assert.deepEqual((await prepare()).remarks, ['the data of 2 pod volume backups stays in their repositories']);
      await runner.store.putObject(layout.podVolumeBackups, Buffer.from('x'));
      assert.match((await prepare()).remarks.join(), /the data of pod volume backups stays/);
    });

    it('(c.1) finds what a run that was terminated left', async () => {
      await runner.store.putObject('backups/torn/torn.tar.gz', Buffer.from('x'));
      const { backup, snapshots } = await runner.run(
        'prepareDeletion',
        { name: 'torn' },
        workflow('delete-backup/torn'),
      );
      assert.deepEqual([backup, snapshots], [undefined, []]);
    });

    it('finds the files, not the staging that lies elsewhere', async () => {
      await runner.stores['vault']!.putObject('backups/kept/velero-backup.json', Buffer.from('{}'));
      await runner.store.putObject('backups/kept/staging/1-run/plan-1', Buffer.from('x'));
      const ask = runner.run('prepareDeletion', { name: 'kept' }, workflow('delete-backup/kept'));
      await assert.rejects(ask, { type: 'ReadOnlyLocation', message: /location vault/ });
      await runner.stores['vault']!.deleteObject('backups/kept/velero-backup.json');
      const { run } = await runner.run('prepareDeletion', { name: 'kept' }, workflow('delete-backup/kept'));
      assert.equal(run.location, 'default');
    });

    it('(c.1) refuses a backup that is still running', async () => {
      runner.running.add('backup/nightly');
      await assert.rejects(prepare(), { type: 'Conflict', nonRetryable: true, message: /still in progress/ });
      assert.ok(!runner.store.objects.has(layout.deletion));
    });

    for (const { title, begin, message } of [
      {
        title: 'is running by then',
        begin: () => void runner.running.add('backup/torn'),
        message: /^delete backup torn: a backup of that name is in progress; cancel it first$/,
      },
      {
        title: 'has been made by then',
        begin: () => void runner.store.objects.set('backups/torn/velero-backup.json', metadataOf('young-uid')),
        message: /^delete backup torn: a backup of that name has been made meanwhile/,
      },
    ]) {
      it(`(c.1) gives way to a backup that begins before the mark is put, and ${title}`, async () => {
        const { deletion } = backupLayout('torn');
        await runner.store.putObject('backups/torn/staging/0-run/plan-1', Buffer.from('x'));
        runner.store.beforePut = (key) => {
          if (key === deletion) begin();
        };
        const ask = runner.run('prepareDeletion', { name: 'torn' }, workflow('delete-backup/torn'));
        await assert.rejects(ask, { type: 'Conflict', nonRetryable: true, message });
        assert.ok(!runner.store.objects.has(deletion));
      });
    }

    it('(c.1) leaves the mark of an earlier deletion where it gives way', async () => {
      await runner.store.putObject(layout.deletion, Buffer.from('{"uid":"0-run"}'));
      runner.store.beforePut = () => void runner.running.add('backup/nightly');
      await assert.rejects(prepare(), { type: 'Conflict' });
      assert.ok(runner.store.objects.has(layout.deletion));
    });

    it('(c.1) refuses a backup in a read-only location, and one that there is not', async () => {
      await holdBackup(runner.stores['vault']!, 'kept', []);
      const ask = (name: string) => runner.run('prepareDeletion', { name }, workflow(`delete-backup/${name}`));
      await assert.rejects(ask('kept'), { type: 'ReadOnlyLocation' });
      await assert.rejects(ask('weekly'), { type: 'NotFound', nonRetryable: true });
    });

    for (const { title, request, problems } of [
      { title: 'nothing', request: null, problems: [/^input: expected \{"name": "…"\}, got null$/, /^name: /] },
      { title: 'a bad name', request: { name: '../nightly' }, problems: [/^workflow id: /, /^name: /] },
      {
        title: 'unknown fields',
        request: { name: 'nightly', force: true, spec: {} },
        problems: [/^force: /, /^spec: /],
      },
    ]) {
      it(`(c.1) refuses ${title}, with all problems at once`, async () => {
        const failure = await prepare(request).then(
          () => assert.fail('it was accepted'),
          (error: { type: string; details: [string[]] }) => error,
        );
        assert.equal(failure.type, 'InvalidSpec');
        const [told] = failure.details;
        for (const problem of problems)
          assert.ok(
            told.some((one) => problem.test(one)),
            told.join('\n'),
          );
        assert.equal(told.length, problems.length, told.join('\n'));
      });
    }
  });

  describe('awaitUnused', () => {
    it('(c.1) waits for a running restore of the backup, by a failure that names it', async () => {
      const { run } = await prepare();
      await runner.store.putObject('restores/again/staging/1-run/uses-nightly', Buffer.from(''));
      await runner.run('awaitUnused', run);
      runner.running.add('restore/again');
      await assert.rejects(runner.run('awaitUnused', run), {
        type: 'Pending',
        nonRetryable: false,
        message: 'restore again is still reading the backup',
      });
    });

    it('(c.1) waits for no restore of another backup', async () => {
      const { run } = await prepare();
      runner.running.add('restore/again');
      await runner.store.putObject('restores/again/staging/1-run/uses-weekly-nightly', Buffer.from(''));
      await runner.store.putObject('restores/again/staging/1-run/uses-nightly-2', Buffer.from(''));
      await runner.run('awaitUnused', run);
    });
  });

  describe('sweepSnapshots', () => {
    function snapshot(
      snapshotId: string,
      {
        volumeId = 'volume-1',
        persistentVolume = 'pv-1',
        uid = 'nightly-uid',
        createdAt = '2026-01-02T03:04:30Z',
      }: { volumeId?: string; persistentVolume?: string; uid?: string; createdAt?: string } = {},
    ): void {
      const tags = { 'velero.io/backup-uid': uid, 'velero.io/pv': persistentVolume };
      runner.snapshotter.snapshots.set(snapshotId, { snapshotId, volumeId, tags, createdAt });
    }

    it('(c.2.5) deletes what the run took of a recorded volume while it lasted', async () => {
      const prepared = await prepare();
      snapshot('at-start', { createdAt: '2026-01-02T03:04:00.900Z' });
      snapshot('at-end', { createdAt: '2026-01-02T03:05:00.900Z' });
      const swept = await runner.run('sweepSnapshots', { prepared, location: 'disks' });
      assert.deepEqual(swept, { deleted: ['at-start', 'at-end'], leftAlone: [] });
      assert.equal(runner.snapshotter.snapshots.size, 0);
    });

    it("(c.2.5) leaves alone, and tells of, what bears the tag and may be another tool's", async () => {
      const prepared = await prepare();
      snapshot('of-another-volume', { volumeId: 'volume-2' });
      snapshot('of-another-pv', { persistentVolume: 'pv-2' });
      snapshot('too-early', { createdAt: '2026-01-02T03:03:59Z' });
      snapshot('too-late', { createdAt: '2026-01-02T03:05:01Z' });
      const swept = await runner.run('sweepSnapshots', { prepared, location: 'disks' });
      assert.deepEqual(swept, {
        deleted: [],
        leftAlone: ['of-another-volume', 'of-another-pv', 'too-early', 'too-late'],
      });
      assert.equal(runner.snapshotter.snapshots.size, 4);
    });

    it('takes nothing in a location for what was recorded in another', async () => {
      const prepared = await prepare();
      snapshot('elsewhere');
      assert.deepEqual(await runner.run('sweepSnapshots', { prepared, location: 'tapes' }), {
        deleted: [],
        leftAlone: ['elsewhere'],
      });
    });

    it("does not even look at another backup's", async () => {
      const prepared = await prepare();
      snapshot('another', { uid: 'weekly-uid' });
      const swept = await runner.run('sweepSnapshots', { prepared, location: 'disks' });
      assert.deepEqual(swept, { deleted: [], leftAlone: [] });
    });

    it('does nothing for a backup whose metadata is not there', async () => {
      const { backup, ...prepared } = await prepare();
      assert.ok(backup);
      snapshot('orphan');
      assert.deepEqual(await runner.run('sweepSnapshots', { prepared, location: 'disks' }), {
        deleted: [],
        leftAlone: [],
      });
    });
  });

  describe('withdrawDeletion', () => {
    it('(c.2.12) takes the mark away, and nothing else', async () => {
      const before = runner.store.keys();
      const { run } = await prepare();
      for (let attempt = 1; attempt <= 2; attempt++) await runner.run('withdrawDeletion', run, { attempt });
      assert.deepEqual(runner.store.keys(), before);
    });
  });

  describe('deleteFiles', () => {
    const restoreOf = (backupName: string) => Buffer.from(JSON.stringify({ spec: { backupName } }));

    it("(c.2.7) (c.2.9) removes the backup's files and those of its restores, and no others", async () => {
      const { run } = await prepare();
      const others = [
        'backups/nightly-2/velero-backup.json',
        'restores/other/velero-restore.json',
        'restores/other/restore-other-logs.gz',
      ];
      await runner.store.putObject('restores/again/velero-restore.json', restoreOf('nightly'));
      await runner.store.putObject('restores/again/restore-again-logs.gz', Buffer.from('x'));
      for (const key of others) await runner.store.putObject(key, restoreOf('weekly'));
      for (let attempt = 1; attempt <= 2; attempt++) await runner.run('deleteFiles', run, { attempt });
      assert.deepEqual(runner.store.keys(), others.toSorted());
    });

    it('(c.2.8) asks nothing of the cluster', async () => {
      const { run } = await prepare();
      await runner.run('deleteFiles', run);
      assert.deepEqual(runner.cluster.requests, []);
    });

    it('(c.2.9) leaves restores whose record can not be read, and says which', async () => {
      const { run } = await prepare();
      await runner.store.putObject('restores/broken/velero-restore.json', Buffer.from('{'));
      await runner.store.putObject('restores/empty/velero-restore.json', Buffer.from('null'));
      const { unreadable } = await runner.run('deleteFiles', run);
      assert.deepEqual(unreadable, ['broken', 'empty']);
      assert.deepEqual(runner.store.keys(), [
        'restores/broken/velero-restore.json',
        'restores/empty/velero-restore.json',
      ]);
    });

    it('(c.2.7) goes on where an attempt was cut off, at any file', async () => {
      const { run } = await prepare();
      const { deleteObject } = runner.store;
      let fails = true;
      for (let attempt = 1; fails; attempt++) {
        let left = attempt;
        runner.store.deleteObject = async (key) => {
          if (left-- === 0) throw new BowlineError('Unavailable', 'delete: no answer');
          return deleteObject.call(runner.store, key);
        };
        fails = await runner.run('deleteFiles', run, { attempt }).then(
          () => false,
          () => true,
        );
        assert.ok(attempt < 10);
      }
      assert.deepEqual(runner.store.keys(), []);
    });

    it('(c.2.7) names a file that can not be deleted, and can be run again', async () => {
      const { run } = await prepare();
      const { deleteObject } = runner.store;
      runner.store.deleteObject = async (key) => {
        if (key === layout.contents) throw new BowlineError('AccessDenied', `delete memory://bucket/${key}: 403`);
        return deleteObject.call(runner.store, key);
      };
      await assert.rejects(runner.run('deleteFiles', run), {
        type: 'AccessDenied',
        nonRetryable: true,
        message: `delete memory://bucket/${layout.contents}: 403`,
      });
      assert.ok(runner.store.objects.has(layout.metadata));
      runner.store.deleteObject = deleteObject;
      assert.equal((await prepare()).isFirst, true);
      await runner.run('deleteFiles', run);
      assert.deepEqual(runner.store.keys(), []);
    });

    it('(c.2.10) (c.2.12) removes the metadata after the other files, and the mark last', async () => {
      const { run } = await prepare();
      const deleted: string[] = [];
      runner.store.deleteObject = async (key) => {
        deleted.push(key);
      };
      await runner.run('deleteFiles', run);
      assert.deepEqual(deleted, [layout.volumeSnapshots, layout.contents, layout.metadata, layout.deletion]);
    });
  });
});
