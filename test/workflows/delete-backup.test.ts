import assert from 'node:assert/strict';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { notYet } from '../../src/activities/failures.ts';
import type { Activities } from '../../src/activities/index.ts';
import type { VolumeSnapshot } from '../../src/api/backup.ts';
import { temporalServer } from '../support/servers.ts';
import { permanent, stagedRef, StubActivities, untilCancelled } from '../support/stub-activities.ts';
import { WorkflowRunner } from '../support/workflow-runner.ts';

function snapshot(persistentVolumeName: string, location: string, taken = true): VolumeSnapshot {
  return {
    spec: {
      backupName: 'nightly',
      backupUID: 'uid',
      location,
      persistentVolumeName,
      providerVolumeID: 'volume',
      volumeType: 'memory',
    },
    status: taken
      ? { phase: 'Completed', providerSnapshotID: `snapshot-of-${persistentVolumeName}` }
      : { phase: 'Failed' },
  };
}

const plain = new StubActivities().activities;

const withSnapshots: Partial<Activities> = {
  prepareDeletion: async (request) => ({
    ...(await plain.prepareDeletion(request)),
    snapshots: [snapshot('pv-1', 'disks'), snapshot('pv-2', 'tapes'), snapshot('pv-3', 'disks', false)],
  }),
};

const names = ['example.com/a', 'example.com/b'];

const withActions: Partial<Activities> = {
  prepareDeletion: async (request) => ({
    ...(await plain.prepareDeletion(request)),
    itemActions: { plan: stagedRef('plan'), names },
  }),
};

describe('deleteBackup', () => {
  let runner: WorkflowRunner;

  before(async () => {
    runner = await WorkflowRunner.connect(await temporalServer());
  });

  after(() => runner.close());

  for (const { where, options } of [
    { where: '', options: { maxCachedWorkflows: 10 } },
    { where: ', on a worker that keeps no workflow in memory', options: { maxCachedWorkflows: 0 } },
  ]) {
    it(`(c.1) (c.2.10) marks the backup, waits for its users, deletes snapshots, sweeps, and deletes files last${where}`, async () => {
      const stubs = new StubActivities(withSnapshots);
      const result = await runner.run(stubs, async (start) => (await start('deleteBackup')).result(), options);
      const story = stubs.story;
      assert.deepEqual(story.slice(0, 2), ['prepareDeletion', 'awaitUnused default']);
      assert.deepEqual(story.slice(2, 4).toSorted(), [
        'deleteSnapshot snapshot-of-pv-1',
        'deleteSnapshot snapshot-of-pv-2',
      ]);
      assert.deepEqual(story.slice(4), ['sweepSnapshots disks', 'sweepSnapshots tapes', 'deleteFiles default']);
      assert.deepEqual([result.phase, result.volumes], ['Completed', { attempted: 2, completed: 2, failed: 0 }]);
      assert.equal(result.bytes, undefined);
    });
  }

  it('sweeps nothing where the backup has no snapshots', async () => {
    const stubs = new StubActivities();
    await runner.run(stubs, async (start) => (await start('deleteBackup')).result());
    assert.deepEqual(stubs.story, ['prepareDeletion', 'awaitUnused default', 'deleteFiles default']);
  });

  it('(c.1) goes on asking while a restore uses the backup', async () => {
    const stubs: StubActivities = new StubActivities({
      async awaitUnused() {
        if (stubs.inputs('awaitUnused').length < 3) throw notYet('restore again is still reading the backup', 1);
      },
    });
    await runner.run(stubs, async (start) => {
      const started = await start('deleteBackup');
      await started.result();
    });
    assert.equal(stubs.inputs('awaitUnused').length, 3);
  });

  it('(c.2.5) (c.2.7) leaves the files when a snapshot can not be deleted, deletes the others, and says which', async () => {
    const stubs = new StubActivities({
      ...withSnapshots,
      async deleteSnapshot({ snapshotId }) {
        if (snapshotId === 'snapshot-of-pv-1') throw permanent('AccessDenied', 'delete snapshot-of-pv-1: 403');
      },
    });
    const { failure, status } = await runner.fail('deleteBackup', stubs);
    assert.ok(failure instanceof ApplicationFailure);
    assert.equal(
      failure.message,
      'snapshots could not be deleted, so the files stay: snapshot-of-pv-1 of pv-1: delete snapshot-of-pv-1: 403',
    );
    assert.deepEqual([failure.type, failure.nonRetryable], ['AccessDenied', true]);
    assert.equal(status.phase, 'Failed');
    assert.equal(stubs.inputs('deleteSnapshot').length, 2);
    assert.deepEqual([stubs.inputs('sweepSnapshots'), stubs.inputs('deleteFiles')], [[], []]);
  });

  it('(c.2.5) (c.2.9) (c.2.11) tells what it leaves: snapshots of others, restores and volumes that it can not read', async () => {
    const stubs = new StubActivities({
      ...withSnapshots,
      async prepareDeletion(request) {
        return {
          ...(await withSnapshots.prepareDeletion!(request)),
          remarks: ['the data of 2 pod volume backups stays'],
        };
      },
      sweepSnapshots: async ({ location }) => ({ deleted: [], leftAlone: location === 'disks' ? ['a', 'b'] : [] }),
      deleteFiles: async () => ({ files: 3, unreadable: ['broken'] }),
    });
    const result = await runner.run(stubs, async (start) => (await start('deleteBackup')).result());
    assert.deepEqual([result.phase, result.warnings], ['Completed', 4]);
    assert.deepEqual(result.remarks, [
      'the data of 2 pod volume backups stays',
      "snapshot a in disks bears the backup's uid, but may be another tool's: left alone",
      "snapshot b in disks bears the backup's uid, but may be another tool's: left alone",
      "restore broken: its record can't be read, so its files stay",
    ]);
  });

  it('sweeps where the backup may have taken snapshots, too, though none is recorded there', async () => {
    const stubs = new StubActivities({
      prepareDeletion: async (request) => ({ ...(await plain.prepareDeletion(request)), snapshotLocations: ['disks'] }),
    });
    await runner.run(stubs, async (start) => (await start('deleteBackup')).result());
    assert.deepEqual(stubs.story.slice(-2), ['sweepSnapshots disks', 'deleteFiles default']);
  });

  it('(c.1) fails as its first step does, and touches nothing then', async () => {
    const stubs = new StubActivities({
      async prepareDeletion() {
        throw permanent('NotFound', 'delete backup nightly: nothing of that name');
      },
    });
    const { failure, temporalStatus } = await runner.fail('deleteBackup', stubs);
    assert.ok(failure instanceof ApplicationFailure);
    assert.deepEqual([failure.type, temporalStatus], ['NotFound', 'FAILED']);
    assert.deepEqual(stubs.story, ['prepareDeletion', 'selectNotifications']);
  });

  for (const name of ['awaitUnused', 'deleteSnapshot', 'deleteFiles'] as const) {
    it(`(c.1) is cancelled during ${name}, and can be run again`, async () => {
      const stubs = new StubActivities({
        ...withSnapshots,
        async [name]() {
          await untilCancelled().catch(() => undefined);
          throw notYet('not yet', 60_000);
        },
      });
      const { failure, status, temporalStatus } = await runner.fail('deleteBackup', stubs, async (started) => {
        await stubs.called(name);
        await started.cancel();
      });
      assert.ok(failure instanceof CancelledFailure);
      assert.deepEqual([status.phase, temporalStatus], ['Cancelled', 'CANCELLED']);
      if (name !== 'deleteFiles') assert.deepEqual(stubs.inputs('deleteFiles'), []);
      assert.equal(stubs.inputs('withdrawDeletion').length, name === 'awaitUnused' ? 1 : 0);
    });
  }

  it('(c.1) takes its mark back where it can not begin, but not that of an earlier deletion', async () => {
    for (const isFirst of [true, false]) {
      const stubs = new StubActivities({
        prepareDeletion: async (request) => ({ ...(await plain.prepareDeletion(request)), isFirst }),
        async awaitUnused() {
          throw permanent('AccessDenied', 'list restores: 403');
        },
      });
      const { failure } = await runner.fail('deleteBackup', stubs);
      assert.equal(failure.message, 'list restores: 403');
      assert.equal(stubs.inputs('withdrawDeletion').length, isFirst ? 1 : 0);
    }
  });

  describe('with item actions', () => {
    it('(c.2.4) executes those that concern a batch, in their order, before anything goes', async () => {
      const stubs = new StubActivities(withActions);
      const result = await runner.run(stubs, async (start) => (await start('deleteBackup')).result());
      assert.deepEqual(stubs.story, [
        'prepareDeletion',
        'awaitUnused default',
        'unpackDeletion unpack',
        'executeDeleteItemAction example.com/a',
        'executeDeleteItemAction example.com/b',
        'deleteStaging default',
        'deleteFiles default',
      ]);
      assert.deepEqual(
        stubs.inputs('executeDeleteItemAction').map(({ batch, plan }) => [batch.key, plan.key]),
        [
          ['unpack-batch0', 'plan'],
          ['unpack-batch0', 'plan'],
        ],
      );
      assert.deepEqual(stubs.inputs('unpackDeletion')[0]!.actions, names);
      assert.deepEqual([result.phase, result.items], ['Completed', 15]);
    });

    it('(c.2.4) (c.2.11) goes on where actions fail at items, and ends PartiallyFailed', async () => {
      const stubs = new StubActivities({
        ...withActions,
        executeDeleteItemAction: async () => ({ warnings: 1, errors: 2, firstError: 'AccessDenied' }),
      });
      const result = await runner.run(stubs, async (start) => (await start('deleteBackup')).result());
      assert.equal(stubs.inputs('deleteFiles').length, 1);
      assert.deepEqual([result.phase, result.warnings, result.errors], ['PartiallyFailed', 2, 4]);
    });

    it('(c.2.4) deletes a damaged backup all the same, and counts the damage', async () => {
      const stubs = new StubActivities({
        ...withActions,
        unpackDeletion: async () => ({
          batches: [],
          actions: [],
          selected: {},
          warnings: 0,
          errors: 1,
          firstError: 'CorruptBackup',
        }),
      });
      const result = await runner.run(stubs, async (start) => (await start('deleteBackup')).result());
      assert.deepEqual(stubs.story.slice(-2), ['deleteStaging default', 'deleteFiles default']);
      assert.deepEqual([result.phase, result.errors], ['PartiallyFailed', 1]);
    });

    it('leaves everything but its staging when an action can not be executed', async () => {
      const stubs = new StubActivities({
        ...withActions,
        async executeDeleteItemAction() {
          throw permanent('InvalidConfig', 'execute example.com/a: this worker has no such action');
        },
      });
      const { failure, status } = await runner.fail('deleteBackup', stubs);
      assert.match(failure.message, /this worker has no such action/);
      assert.equal(status.phase, 'Failed');
      assert.equal(stubs.story.at(-1), 'deleteStaging default');
      assert.deepEqual(stubs.inputs('deleteFiles'), []);
    });

    for (const name of ['unpackDeletion', 'executeDeleteItemAction'] as const) {
      it(`leaves everything but its staging when it is cancelled during ${name}`, async () => {
        const stubs = new StubActivities({
          ...withActions,
          async [name]() {
            await untilCancelled().catch(() => undefined);
            throw notYet('not yet', 60_000);
          },
        });
        const { failure, status, temporalStatus } = await runner.fail('deleteBackup', stubs, async (started) => {
          await stubs.called(name);
          await started.cancel();
        });
        assert.ok(failure instanceof CancelledFailure);
        assert.deepEqual([status.phase, temporalStatus], ['Cancelled', 'CANCELLED']);
        assert.equal(stubs.story.at(-1), 'deleteStaging default');
        assert.deepEqual(stubs.inputs('deleteFiles'), []);
      });
    }
  });
});
