import assert from 'node:assert/strict';
import { CancelledFailure } from '@temporalio/common';
import { notYet } from '../../src/activities/failures.ts';
import type { Activities } from '../../src/activities/index.ts';
import { assertAbandoned, stubsThatOnce } from '../support/abandoned-backup.ts';
import { temporalServer } from '../support/servers.ts';
import { StubActivities, until, untilCancelled } from '../support/stub-activities.ts';
import { WorkflowRunner } from '../support/workflow-runner.ts';

describe('a backup that is cancelled', () => {
  let runner: WorkflowRunner;

  before(async () => {
    runner = await WorkflowRunner.connect(await temporalServer());
  });

  after(() => runner.close());

  /** Runs a backup that is cancelled while the first call of an activity is under way. */
  async function cancelDuring(name: keyof Activities, activity: () => Promise<unknown> = untilCancelled) {
    const stubs = stubsThatOnce(name, activity);
    const outcome = await runner.fail('backup', stubs, async (started) => {
      await stubs.called(name);
      await started.cancel();
    });
    assert.ok(outcome.failure instanceof CancelledFailure);
    assert.deepEqual([outcome.temporalStatus, outcome.status.phase], ['CANCELLED', 'Cancelled']);
    return stubs;
  }

  it('before it has begun writes nothing', async () => {
    assert.deepEqual((await cancelDuring('prepareBackup')).story, ['prepareBackup', 'selectNotifications']);
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
      assertAbandoned(await cancelDuring(name), 'cancelled');
    });
  }

  it('while an attempt of a wait runs ends as cancelled, though the attempt reports its own failure', async () => {
    const stubs = await cancelDuring('awaitSnapshot', async () => {
      await untilCancelled().catch(() => undefined);
      throw notYet('snapshot-of-pv-1 is 43 % done', 60_000);
    });
    assertAbandoned(stubs, 'cancelled');
  });

  it('between two attempts of a wait does not wait for the next one', async () => {
    const stubs = await cancelDuring('awaitSnapshot', async () => {
      throw notYet('snapshot-of-pv-1 is 43 % done', 600_000);
    });
    assertAbandoned(stubs, 'cancelled');
    assert.equal(stubs.inputs('awaitSnapshot').length, 1);
  });

  it('leaves a snapshot that was accepted meanwhile to the clean-up', async () => {
    const stubs = await cancelDuring('createSnapshot', async () => {
      await untilCancelled().catch(() => undefined);
      return 'snapshot-of-pv-1';
    });
    assertAbandoned(stubs, 'cancelled');
    assert.ok(stubs.inputs('reconcileSnapshots')[0]?.since, 'it does not wait for the index');
  });

  it('waits for no index if no snapshot was asked for', async () => {
    const stubs = await cancelDuring('collectItems');
    assert.deepEqual(
      stubs.inputs('reconcileSnapshots').map(({ since }) => since),
      [undefined],
    );
  });

  it('is complete all the same once it is sealed', async () => {
    const cancelled = Promise.withResolvers<void>();
    const stubs = new StubActivities({ deleteStaging: () => until(cancelled.promise) });
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
