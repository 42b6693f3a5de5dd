import assert from 'node:assert/strict';
import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { notYet } from '../../src/activities/failures.ts';
import type { Activities } from '../../src/activities/index.ts';
import type { BackupStatus } from '../../src/api/backup.ts';
import type { RunStatus } from '../../src/workflows/messages.ts';
import { temporalServer } from '../support/servers.ts';
import { batchRef, permanent, reportRef, StubActivities, untilCancelled } from '../support/stub-activities.ts';
import { WorkflowRunner, type StartedRun } from '../support/workflow-runner.ts';

/** What a run does on its way out. */
const cleanUp = [
  'deleteArtifacts',
  'reconcileSnapshots disks',
  'putObject logs',
  'putObject results',
  'putObject metadata',
  'deleteStaging default',
];

/** One batch of a PersistentVolume; its action asks for additional items. */
const withEverything: Partial<Activities> = {
  async collectItems({ step }) {
    const batches = [batchRef(`${step}-batch0`, 'persistentvolumes', 1)];
    return { batches, segments: [], report: reportRef(step), selected: {}, archived: {}, remaining: 0 };
  },
  selectVolumes: async () => [{ persistentVolume: 'pv-1', zone: 'a', reclaimPolicy: 'Retain', labels: null }],
};

async function failureOf({ result }: StartedRun): Promise<Error> {
  const error: unknown = await result().then(
    () => assert.fail('it did not fail'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof WorkflowFailedError);
  return error.cause!;
}

/** The status that `velero-backup.json` was last written with. */
function recorded(stubs: StubActivities): BackupStatus {
  const artifact = stubs.inputs('putObject').findLast((input) => input.artifact.type === 'metadata')?.artifact;
  assert.ok(artifact?.type === 'metadata');
  return artifact.status as BackupStatus;
}

interface Outcome {
  readonly stubs: StubActivities;
  readonly failure: Error;
  readonly status: RunStatus;
  readonly temporalStatus: string;
}

describe('a backup that can not finish', () => {
  let runner: WorkflowRunner;

  before(async () => {
    runner = await WorkflowRunner.connect(await temporalServer());
  });

  after(() => runner.close());

  /** Runs a backup to its failure; `meanwhile` is done while it runs. */
  async function fail(
    stubs: StubActivities,
    meanwhile: (started: StartedRun) => Promise<unknown> = async () => undefined,
  ): Promise<Outcome> {
    return runner.run(stubs, async (start) => {
      const started = await start('backup');
      await meanwhile(started);
      const failure = await failureOf(started);
      const { status } = await started.describe();
      return { stubs, failure, status: await started.status(), temporalStatus: status.name };
    });
  }

  function assertFailed({ failure, temporalStatus }: Outcome, type: string, message: string): void {
    assert.ok(failure instanceof ApplicationFailure);
    assert.deepEqual([failure.type, failure.message, failure.nonRetryable], [type, message, true]);
    assert.equal(temporalStatus, 'FAILED');
  }

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
    const outcome = await fail(stubs);
    assertFailed(outcome, 'InvalidSpec', problems.join('; '));
    assert.deepEqual((outcome.failure as ApplicationFailure).details, [problems]);
    assert.deepEqual(stubs.story, ['prepareBackup']);
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
    it(`because ${name} fails removes what it made, and records why`, async () => {
      let failed = false;
      const faulty = async (): Promise<never> => {
        failed = true;
        throw permanent('AccessDenied', `${name}: 403 Forbidden`);
      };
      const healthy = new StubActivities(withEverything).activities[name] as (input: unknown) => Promise<never>;
      const stubs = new StubActivities({
        ...withEverything,
        [name]: (input: unknown) => (failed ? healthy(input) : faulty()),
      });
      const outcome = await fail(stubs);
      assertFailed(outcome, 'AccessDenied', `${name}: 403 Forbidden`);
      assert.deepEqual(stubs.story.slice(-cleanUp.length), cleanUp);
      assert.deepEqual(stubs.inputs('reconcileSnapshots').at(-1)?.keep, []);
      const { phase, failureReason } = recorded(stubs);
      assert.deepEqual([phase, failureReason], ['Failed', `${name}: 403 Forbidden`]);
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
    await fail(stubs);
    const [{ types }] = stubs.inputs('deleteArtifacts') as [Parameters<Activities['deleteArtifacts']>[0]];
    assert.deepEqual([types.length, types[0], types.at(-1)], [10, 'metadata', 'contents']);
  });

  it("does not remove an artifact that is somebody else's", async () => {
    const stubs = new StubActivities({
      async putObject({ artifact: { type } }) {
        if (type === 'contents') throw permanent('AlreadyExists', 'put contents: another object is there');
        return { key: type, bytes: 1, sha256: '' };
      },
    });
    await fail(stubs);
    assert.deepEqual(
      stubs.inputs('deleteArtifacts').map(({ types }) => types),
      [[]],
    );
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
    const outcome = await fail(stubs);
    assertFailed(outcome, 'AccessDenied', 'put segment: 403; could not be cleaned up: snapshots in disks');
    assert.deepEqual(stubs.story.slice(-cleanUp.length), cleanUp);
    const log = stubs.inputs('putObject').find(({ artifact }) => artifact.type === 'logs')?.artifact;
    assert.ok(log?.type === 'logs');
    assert.deepEqual(
      log.closing.map(({ message }) => message),
      ['Backup failed: put segment: 403', 'Could not be removed: snapshots in disks'],
    );
  });

  it('stops the other batches when one fails', async () => {
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
        if (batch.key === 'slow') return untilCancelled();
        throw permanent('AccessDenied', 'put segment: 403');
      },
    });
    assertFailed(await fail(stubs), 'AccessDenied', 'put segment: 403');
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
          await stubs.called('archiveItems');
          throw permanent('AccessDenied', 'list: 403');
        }
        const batches = [batchRef('slow', 'secrets', 1)];
        const next = { list: 1 };
        return { batches, segments: [], report: reportRef(step), next, selected: {}, archived: {}, remaining: 0 };
      },
      archiveItems: untilCancelled,
    });
    assertFailed(await fail(stubs), 'AccessDenied', 'list: 403');
  });

  describe('because it is cancelled', () => {
    function assertCancelled(outcome: Outcome): void {
      assert.ok(outcome.failure instanceof CancelledFailure);
      assert.deepEqual([outcome.temporalStatus, outcome.status.phase], ['CANCELLED', 'Cancelled']);
    }

    function assertCleanedUp({ stubs }: Outcome): void {
      assert.deepEqual(stubs.story.slice(-cleanUp.length), cleanUp);
      assert.deepEqual(stubs.inputs('reconcileSnapshots').at(-1)?.keep, []);
      const { phase, failureReason } = recorded(stubs);
      assert.deepEqual([phase, failureReason], ['Failed', 'cancelled']);
    }

    async function cancelDuring(
      name: keyof Activities,
      activity: () => Promise<never> = untilCancelled,
    ): Promise<Outcome> {
      const healthy = new StubActivities(withEverything).activities[name] as (input: unknown) => Promise<never>;
      let cancelled = false;
      const stubs = new StubActivities({
        ...withEverything,
        [name]: (input: unknown) => (cancelled ? healthy(input) : activity()),
      });
      return fail(stubs, async (started) => {
        await stubs.called(name);
        cancelled = true;
        await started.cancel();
      });
    }

    it('before it has begun writes nothing', async () => {
      const outcome = await cancelDuring('prepareBackup');
      assertCancelled(outcome);
      assert.deepEqual(outcome.stubs.story, ['prepareBackup']);
    });

    for (const name of [
      'collectItems',
      'executeBackupItemAction',
      'getVolumeId',
      'createSnapshot',
      'archiveItems',
      'collectAdditionalItems',
      'putObject',
      'verifyArtifacts',
    ] as const satisfies (keyof Activities)[]) {
      it(`during ${name} waits for it, and removes what it made`, async () => {
        const outcome = await cancelDuring(name);
        assertCancelled(outcome);
        assertCleanedUp(outcome);
      });
    }

    it('while an attempt of a wait runs ends as cancelled, though the attempt reports its own failure', async () => {
      const outcome = await cancelDuring('awaitSnapshot', async () => {
        await untilCancelled().catch(() => undefined);
        throw notYet('snapshot-of-pv-1 is 43 % done', 60_000);
      });
      assertCancelled(outcome);
      assertCleanedUp(outcome);
    });

    it('between two attempts of a wait does not wait for the next one', async () => {
      const stubs = new StubActivities({
        ...withEverything,
        async awaitSnapshot() {
          throw notYet('snapshot-of-pv-1 is 43 % done', 600_000);
        },
      });
      const outcome = await fail(stubs, async (started) => {
        await stubs.called('awaitSnapshot');
        await started.cancel();
      });
      assertCancelled(outcome);
      assertCleanedUp(outcome);
      assert.equal(stubs.inputs('awaitSnapshot').length, 1);
    });

    it('leaves a snapshot that was accepted meanwhile to the clean-up', async () => {
      const outcome = await cancelDuring('createSnapshot', async () => {
        await untilCancelled().catch(() => undefined);
        return 'snapshot-of-pv-1' as never;
      });
      assertCancelled(outcome);
      assertCleanedUp(outcome);
    });

    it('is complete all the same once it is sealed', async () => {
      const cancelled = Promise.withResolvers<void>();
      const stubs = new StubActivities({ deleteStaging: () => cancelled.promise });
      const { result, temporalStatus } = await runner.run(stubs, async (start) => {
        const started = await start('backup');
        await stubs.called('deleteStaging');
        await started.cancel();
        cancelled.resolve();
        return { result: await started.result(), temporalStatus: (await started.describe()).status.name };
      });
      assert.deepEqual([result.phase, temporalStatus], ['Completed', 'COMPLETED']);
      assert.ok(!stubs.story.includes('deleteArtifacts'));
    });
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
