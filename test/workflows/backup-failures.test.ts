import assert from 'node:assert/strict';
import { ApplicationFailure } from '@temporalio/common';
import type { Activities } from '../../src/activities/index.ts';
import { assertAbandoned, stubsThatOnce } from '../support/abandoned-backup.ts';
import { temporalServer } from '../support/servers.ts';
import { batchRef, permanent, reportRef, StubActivities, until, untilCancelled } from '../support/stub-activities.ts';
import { WorkflowRunner, type FailedRun } from '../support/workflow-runner.ts';

describe('a backup that can not finish', () => {
  let runner: WorkflowRunner;

  before(async () => {
    runner = await WorkflowRunner.connect(await temporalServer());
  });

  after(() => runner.close());

  function assertFailed({ failure, temporalStatus }: FailedRun, type: string, message: string): void {
    assert.ok(failure instanceof ApplicationFailure);
    assert.deepEqual([failure.type, failure.message, failure.nonRetryable], [type, message, true]);
    assert.equal(temporalStatus, 'FAILED');
  }

  it('does not include one whose items could not be counted', async () => {
    const stubs: StubActivities = new StubActivities({
      async countItems() {
        throw permanent('AccessDenied', 'list pods: 403');
      },
      async collectItems({ step, from }) {
        const next = from.list === 0 ? { next: { list: 1 } } : {};
        return {
          batches: [],
          segments: [],
          report: reportRef(step),
          ...next,
          selected: {},
          archived: {},
          remaining: 0,
        };
      },
    });
    const { phase } = await runner.run(stubs, async (start) => (await start('backup')).result());
    assert.equal(phase, 'Completed');
    assert.equal(stubs.inputs('countItems').length, 1);
  });

  it('because its request is invalid fails with all problems, and writes nothing', async () => {
    const problems = ['name: missing', 'spec.ttl: expected a duration'];
    const stubs = new StubActivities({
      async prepareBackup() {
        throw ApplicationFailure.create({
          message: problems.join('; '),
          type: 'InvalidSpec',
          nonRetryable: true,
          details: [problems],
        });
      },
    });
    const outcome = await runner.fail('backup', stubs);
    assertFailed(outcome, 'InvalidSpec', problems.join('; '));
    assert.deepEqual((outcome.failure as ApplicationFailure).details, [problems]);
    assert.deepEqual(stubs.story, ['prepareBackup', 'selectNotifications']);
    assert.deepEqual([outcome.status.phase, outcome.status.step], ['FailedValidation', 'FailedValidation']);
  });

  for (const name of [
    'collectItems',
    'executeBackupItemAction',
    'selectVolumes',
    'archiveItems',
    'collectAdditionalItems',
    'reconcileSnapshots',
    'putObject',
    'verifyArtifacts',
  ] as const satisfies (keyof Activities)[]) {
    it(`a.8.4 because ${name} fails removes what it made, and records why`, async () => {
      const stubs = stubsThatOnce(name, async () => {
        throw permanent('AccessDenied', `${name}: 403 Forbidden`);
      });
      const outcome = await runner.fail('backup', stubs);
      assertFailed(outcome, 'AccessDenied', `${name}: 403 Forbidden`);
      assertAbandoned(stubs, `${name}: 403 Forbidden`);
      assert.deepEqual([outcome.status.phase, outcome.status.step], ['Failed', 'Failed']);
    });
  }

  it('removes the artifacts that it has put and those of which it can not know, the last one first', async () => {
    const stubs = new StubActivities({
      async putObject({ artifact: { type } }) {
        if (type === 'metadata' && stubs.story.filter((call) => call === 'putObject metadata').length === 1)
          throw permanent('Unavailable', 'put metadata: the answer was lost');
        return { key: type, bytes: 1, sha256: '' };
      },
    });
    await runner.fail('backup', stubs);
    const [{ types }] = stubs.inputs('deleteArtifacts') as [Parameters<Activities['deleteArtifacts']>[0]];
    assert.deepEqual([types.length, types[0]], [10, 'metadata']);
  });

  it('waits for the artifacts under way before it removes what it made', async () => {
    const stubs: StubActivities = new StubActivities({
      async putObject({ artifact: { type } }) {
        if (stubs.story.includes('deleteArtifacts')) return { key: type, bytes: 1, sha256: '' };
        if (type === 'resourceList') return untilCancelled();
        if (type === 'results') throw permanent('AccessDenied', 'put results: 403');
        return { key: type, bytes: 1, sha256: '' };
      },
    });
    assertFailed(await runner.fail('backup', stubs), 'AccessDenied', 'put results: 403');
    assert.equal(stubs.story.filter((call) => call === 'deleteArtifacts').length, 1);
  });

  it("does not remove an artifact that is somebody else's", async () => {
    const stubs = new StubActivities({
      async putObject({ artifact: { type } }) {
        if (type === 'contents') throw permanent('AlreadyExists', 'put contents: another object is there');
        return { key: type, bytes: 1, sha256: '' };
      },
    });
    await runner.fail('backup', stubs);
    const [{ types }] = stubs.inputs('deleteArtifacts') as [Parameters<Activities['deleteArtifacts']>[0]];
    assert.ok(types.includes('logs') && !types.includes('contents'), types.join());
  });

  it('puts and removes nothing beside the log of another run, but takes its snapshots back', async () => {
    const stubs = new StubActivities({
      async putObject({ artifact: { type } }) {
        if (type === 'logs') throw permanent('AlreadyExists', 'put logs: another object is there');
        return { key: type, bytes: 1, sha256: '' };
      },
    });
    const outcome = await runner.fail('backup', stubs);
    assertFailed(outcome, 'AlreadyExists', 'put logs: another object is there');
    assert.deepEqual(stubs.story.slice(-5), [
      'putObject logs',
      'deleteArtifacts',
      'reconcileSnapshots disks',
      'putObject logs',
      'deleteStaging default',
    ]);
    assert.deepEqual(stubs.inputs('deleteArtifacts')[0]?.types, []);
  });

  it('tells what it could not remove, and goes on removing', async () => {
    const stubs = new StubActivities({
      async archiveItems() {
        throw permanent('AccessDenied', 'put segment: 403');
      },
      async reconcileSnapshots() {
        throw permanent('AccessDenied', 'list snapshots: 403');
      },
    });
    const outcome = await runner.fail('backup', stubs);
    assertFailed(outcome, 'AccessDenied', 'put segment: 403; could not be cleaned up: snapshots in disks');
    assertAbandoned(stubs, 'put segment: 403');
    const log = stubs.inputs('putObject').find(({ artifact }) => artifact.type === 'logs')?.artifact;
    assert.ok(log?.type === 'logs');
    assert.deepEqual(
      log.closing.map(({ message }) => message),
      ['Backup failed: put segment: 403', 'Could not be removed: snapshots in disks'],
    );
  });

  it('records the snapshots that it could not remove, so that its deletion does', async () => {
    const failing = async (): Promise<never> => {
      throw permanent('AccessDenied', 'list snapshots: 403');
    };
    const { activities } = stubsThatOnce('reconcileSnapshots', failing);
    const stubs = new StubActivities({ ...activities, reconcileSnapshots: failing });
    await runner.fail('backup', stubs);
    const artifacts = stubs.inputs('putObject').map(({ artifact }) => artifact);
    assert.deepEqual(
      artifacts.slice(-4).map(({ type }) => type),
      ['logs', 'results', 'volumeSnapshots', 'metadata'],
    );
    const recorded = artifacts.findLast((artifact) => artifact.type === 'volumeSnapshots');
    assert.deepEqual(
      recorded?.volumes.map(({ snapshot }) => snapshot?.status.providerSnapshotID),
      ['snapshot-of-pv-1'],
    );
  });

  it('stops the other batches when one fails', async () => {
    const slowBegan = Promise.withResolvers<void>();
    const stubs = new StubActivities({
      async collectItems({ step }) {
        const batches = [
          batchRef('slow', 'secrets', 1),
          batchRef('faulty', 'secrets', 1),
          batchRef('last', 'secrets', 1),
        ];
        return { batches, segments: [], report: reportRef(step), selected: {}, archived: {}, remaining: 0 };
      },
      async archiveItems({ batch }) {
        if (batch.key === 'slow') {
          slowBegan.resolve();
          return untilCancelled();
        }
        await slowBegan.promise;
        throw permanent('AccessDenied', 'put segment: 403');
      },
    });
    assertFailed(await runner.fail('backup', stubs), 'AccessDenied', 'put segment: 403');
    assert.deepEqual(
      stubs
        .inputs('archiveItems')
        .map(({ batch }) => batch.key)
        .toSorted(),
      ['faulty', 'slow'],
    );
  });

  it('stops the batches under way when a later list fails', async () => {
    const stubs = new StubActivities({
      async collectItems({ step, from }) {
        if (from.list > 0) {
          await until(stubs.called('archiveItems'));
          throw permanent('AccessDenied', 'list: 403');
        }
        const batches = [batchRef('slow', 'secrets', 1)];
        const next = { list: 1 };
        return { batches, segments: [], report: reportRef(step), next, selected: {}, archived: {}, remaining: 0 };
      },
      archiveItems: untilCancelled,
    });
    assertFailed(await runner.fail('backup', stubs), 'AccessDenied', 'list: 403');
  });

  it('is complete although its staging can not be removed', async () => {
    const stubs = new StubActivities({
      async deleteStaging() {
        throw permanent('AccessDenied', 'delete: 403');
      },
    });
    const result = await runner.run(stubs, async (start) => (await start('backup')).result());
    assert.equal(result.phase, 'Completed');
    assert.ok(!stubs.story.includes('deleteArtifacts'));
  });
});
