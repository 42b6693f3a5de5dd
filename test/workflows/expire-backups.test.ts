import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Activities } from '../../src/activities/index.ts';
import type { LeftRun } from '../../src/activities/left-run.ts';
import type { ExpiryPlan } from '../../src/activities/plan-expiry.ts';
import type { ExpiredBackups } from '../../src/api/expiry.ts';
import { temporalServer } from '../support/servers.ts';
import { permanent, StubActivities, until, untilCancelled } from '../support/stub-activities.ts';
import { WorkflowRunner } from '../support/workflow-runner.ts';

const nothing: ExpiryPlan = { isReadOnly: false, backups: 7, deletions: [], more: 0, lastGood: 0, remarks: [] };
const noSweep = { runs: 0, snapshots: 0, volumes: 0, files: 0, uploads: 0 };
const left: LeftRun = { kind: 'backup', name: 'torn', uid: '1-run', location: 'default' };

/** A plan with the deletion of a backup that no other test has. */
function planned(others: Partial<ExpiryPlan> = {}): ExpiryPlan & { readonly workflowId: string } {
  const name = `old-${randomUUID().slice(0, 8)}`;
  const workflowId = `delete-backup/${name}`;
  return { ...nothing, deletions: [{ name, workflowId, reason: 'expired' }], ...others, workflowId };
}

describe('expireBackups', () => {
  let runner: WorkflowRunner;

  before(async () => {
    runner = await WorkflowRunner.connect(await temporalServer());
  });

  after(() => runner.close());

  async function expire(stubs: StubActivities): Promise<ExpiredBackups> {
    return runner.run(stubs, async (start) => (await start<ExpiredBackups>('expireBackups')).result());
  }

  /** Stubs for one location. */
  function stubsOf(overrides: Partial<Activities>): StubActivities {
    return new StubActivities({
      listLocations: async () => ['default'],
      planExpiry: async () => nothing,
      ...overrides,
    });
  }

  it('starts the deletions that are due, and does not wait for them', async () => {
    const plan = planned({ more: 3, lastGood: 1, remarks: ['backup bad never goes by itself'] });
    let finish = (): void => undefined;
    const finished = new Promise<void>((resolve) => (finish = resolve));
    const stubs: StubActivities = stubsOf({
      planExpiry: async () => plan,
      awaitUnused: () => until(finished),
    });
    await runner.run(stubs, async (start) => {
      const { locations } = await (await start<ExpiredBackups>('expireBackups')).result();
      const { name } = plan.deletions[0]!;
      const remarks = ['backup bad never goes by itself'];
      assert.deepEqual(locations, [
        { name: 'default', phase: 'Done', backups: 7, deleting: [name], more: 3, lastGood: 1, swept: noSweep, remarks },
      ]);
      const deletion = runner.client.workflow.getHandle(plan.workflowId);
      assert.equal((await deletion.describe()).status.name, 'RUNNING');
      finish();
      await deletion.result();
    });
    assert.deepEqual(stubs.inputs('prepareDeletion'), [{ name: plan.deletions[0]!.name }]);
  });

  it('takes a deletion that is at work already for granted', async () => {
    const plan = planned();
    let finish = (): void => undefined;
    const finished = new Promise<void>((resolve) => (finish = resolve));
    const stubs: StubActivities = stubsOf({ planExpiry: async () => plan, awaitUnused: () => until(finished) });
    await runner.run(stubs, async (start) => {
      await (await start('expireBackups')).result();
      const { locations } = await (await start<ExpiredBackups>('expireBackups')).result();
      assert.deepEqual(locations[0]?.deleting, []);
      finish();
      await runner.client.workflow.getHandle(plan.workflowId).result();
    });
    assert.equal(stubs.inputs('prepareDeletion').length, 1);
  });

  it('starts a deletion again that has failed', async () => {
    const plan = planned();
    const stubs = stubsOf({
      planExpiry: async () => plan,
      prepareDeletion: async () => {
        throw permanent('AccessDenied', 'delete: 403');
      },
    });
    await runner.run(stubs, async (start) => {
      for (const time of [1, 2]) {
        const { locations } = await (await start<ExpiredBackups>('expireBackups')).result();
        assert.equal(locations[0]?.deleting.length, 1, `time ${time}`);
        await assert.rejects(runner.client.workflow.getHandle(plan.workflowId).result());
      }
    });
  });

  it('sweeps what is left of each run, then uploads, and adds up what went', async () => {
    const stubs = stubsOf({
      findLeftovers: async () => ({ runs: [left, { ...left, name: 'torn-2' }], more: 0 }),
      sweepRun: async ({ name }) => ({ snapshots: 2, volumes: 0, files: 1, remarks: [`of ${name}`] }),
      sweepUploads: async () => 4,
    });
    const { locations } = await expire(stubs);
    assert.deepEqual(locations[0]?.swept, { runs: 2, snapshots: 4, volumes: 0, files: 2, uploads: 4 });
    assert.deepEqual(locations[0]?.remarks, ['of torn', 'of torn-2']);
    assert.deepEqual(stubs.inputs('sweepRun'), [left, { ...left, name: 'torn-2' }]);
  });

  it('goes on with the next run where one can not be swept, and says why', async () => {
    const stubs = stubsOf({
      findLeftovers: async () => ({ runs: [left, { ...left, name: 'torn-2' }], more: 0 }),
      async sweepRun({ name }) {
        if (name === 'torn') throw permanent('AccessDenied', 'delete snapshot: 403');
        return { snapshots: 0, volumes: 0, files: 0, remarks: [] };
      },
      async sweepUploads() {
        throw permanent('AccessDenied', 'list uploads: 403');
      },
    });
    const { locations } = await expire(stubs);
    assert.partialDeepStrictEqual(locations[0], { phase: 'Done', swept: { runs: 1 } });
    assert.deepEqual(locations[0]?.remarks, [
      'what is left of backup torn 1-run stays: delete snapshot: 403',
      'unfinished uploads in default stay: list uploads: 403',
    ]);
  });

  it('(d.1) does nothing in a location that is read-only', async () => {
    const stubs = stubsOf({ planExpiry: async () => ({ ...nothing, isReadOnly: true }) });
    const { locations } = await expire(stubs);
    assert.equal(locations[0]?.phase, 'ReadOnly');
    assert.deepEqual(stubs.story, ['listLocations', 'planExpiry default']);
  });

  it('does its work in other locations where one can not be looked at, and fails in the end, with the result', async () => {
    const stubs = new StubActivities({
      async planExpiry({ location }) {
        if (location === 'default') throw permanent('AccessDenied', 'list s3://b/: 403');
        return nothing;
      },
    });
    const { failure, temporalStatus } = await runner.run(stubs, async (start) => {
      const started = await start('expireBackups');
      const failed = await started.result().then(
        () => assert.fail('it did not fail'),
        ({ cause }: Error) => cause as Error & { type: string; details: [ExpiredBackups] },
      );
      return { failure: failed, temporalStatus: (await started.describe()).status.name };
    });
    assert.equal(temporalStatus, 'FAILED');
    assert.equal(failure.type, 'AccessDenied');
    assert.equal(failure.message, 'not all locations could be looked at: default: list s3://b/: 403');
    const [{ locations }] = failure.details;
    assert.deepEqual(
      locations.map(({ name, phase, code }) => [name, phase, code]),
      [
        ['default', 'Failed', 'AccessDenied'],
        ['vault', 'Done', undefined],
      ],
    );
    assert.deepEqual(stubs.inputs('sweepUploads'), [{ location: 'vault' }]);
  });

  it('can be cancelled; deletions that it has started go on', async () => {
    const plan = planned();
    let finish = (): void => undefined;
    const finished = new Promise<void>((resolve) => (finish = resolve));
    const stubs: StubActivities = stubsOf({
      planExpiry: async () => plan,
      awaitUnused: () => until(finished),
      findLeftovers: untilCancelled,
    });
    await runner.run(stubs, async (start) => {
      const started = await start('expireBackups');
      await stubs.called('findLeftovers');
      await stubs.called('awaitUnused');
      await started.cancel();
      await started.result().catch(() => undefined);
      assert.equal((await started.describe()).status.name, 'CANCELLED');
      const deletion = runner.client.workflow.getHandle(plan.workflowId);
      assert.equal((await deletion.describe()).status.name, 'RUNNING');
      finish();
      await deletion.result();
    });
  });
});
