import assert from 'node:assert/strict';
import { CancelledFailure } from '@temporalio/common';
import type { RunStatus } from '../../src/workflows/messages.ts';
import { group, unpacking, withVolumes } from '../support/restored-groups.ts';
import { temporalServer } from '../support/servers.ts';
import { permanent, reportRef, StubActivities } from '../support/stub-activities.ts';
import { WorkflowRunner, type StartedRun } from '../support/workflow-runner.ts';

const spec = { backupName: 'nightly' };
const definitions = 'customresourcedefinitions.apiextensions.k8s.io';

describe('a restore with dryRun', () => {
  let runner: WorkflowRunner;

  before(async () => {
    runner = await WorkflowRunner.connect(await temporalServer());
  });

  after(() => runner.close());

  /** Asks until the plan is ready to be read. */
  async function planOf(started: StartedRun): Promise<RunStatus> {
    for (;;) {
      const status = await started.status();
      if (status.plan) return status;
    }
  }

  it('goes through all steps but those that change something, hands its plan over, and leaves nothing', async () => {
    const stubs = new StubActivities({
      ...unpacking(group(definitions, 1), group('namespaces', 1), group('pods', 3)),
    });
    await runner.run(stubs, async (start) => {
      const started = await start('restore', spec, { dryRun: true });
      const { plan, step, phase } = await planOf(started);
      assert.deepEqual([plan?.location, phase, step], ['default', 'InProgress', 'the plan is ready to be read']);
      await started.signal('planTaken');
      const result = await started.result();
      assert.deepEqual([result.phase, result.items], ['Completed', 5]);
      assert.equal((await started.status()).plan, undefined);
    });
    assert.deepEqual(stubs.story.slice(-2), ['collectPlan changes-5', 'deleteStaging default']);
    assert.deepEqual([stubs.inputs('awaitDefinitions'), stubs.inputs('putObject')], [[], []]);
    const [, , pods] = stubs.inputs('applyItems');
    assert.deepEqual(
      pods?.groundwork?.map(({ key }) => key),
      ['apply-1-report', 'apply-2-report'],
    );
  });

  it('makes no volume, and tells of those that it would', async () => {
    const stubs = new StubActivities(withVolumes('pv-1', 'pv-2'));
    await runner.run(stubs, async (start) => {
      const started = await start('restore', spec, { dryRun: true });
      await planOf(started);
      await started.signal('planTaken');
      await started.result();
    });
    assert.deepEqual([stubs.inputs('createVolumeFromSnapshot'), stubs.inputs('setVolumeId')], [[], []]);
    assert.deepEqual(stubs.inputs('applyItems')[0]?.volumes, [
      { persistentVolume: 'pv-1' },
      { persistentVolume: 'pv-2' },
    ]);
  });

  it('ends PartiallyFailed where something is refused', async () => {
    const stubs = new StubActivities({
      applyItems: async ({ step }) => ({ report: reportRef(step, { errors: 2 }), created: 0, createdVolumes: [] }),
    });
    await runner.run(stubs, async (start) => {
      const started = await start('restore', spec, { dryRun: true });
      await started.signal('planTaken');
      const { phase, errors } = await started.result();
      assert.deepEqual([phase, errors], ['PartiallyFailed', 2]);
    });
  });

  it('removes its staging alone when it is cancelled, while the plan waits too', async () => {
    const stubs = new StubActivities();
    const { failure, temporalStatus } = await runner.fail(
      'restore',
      stubs,
      async (started) => {
        await planOf(started);
        await started.cancel();
      },
      { dryRun: true },
    );
    assert.ok(failure instanceof CancelledFailure);
    assert.equal(temporalStatus, 'CANCELLED');
    assert.equal(stubs.story.at(-1), 'deleteStaging default');
    assert.deepEqual([stubs.inputs('putObject'), stubs.inputs('deleteArtifacts')], [[], []]);
  });

  it('removes its staging alone when a step fails for good', async () => {
    const stubs = new StubActivities({
      async unpackBackup() {
        throw permanent('CorruptBackup', 'read tarball: it was cut off');
      },
    });
    const { status } = await runner.fail('restore', stubs, async () => undefined, { dryRun: true });
    assert.equal(status.phase, 'Failed');
    assert.deepEqual(stubs.story, ['prepareRestore', 'unpackBackup unpack-0', 'deleteStaging default']);
  });
});
