import assert from 'node:assert/strict';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import type { ConformanceResult, ConformanceStatus } from '../../src/api/conformance.ts';
import { temporalServer } from '../support/servers.ts';
import { permanent, StubActivities, untilCancelled } from '../support/stub-activities.ts';
import { WorkflowRunner } from '../support/workflow-runner.ts';

const removal = 'what the checks wrote is removed';

describe('checkConformance', () => {
  let runner: WorkflowRunner;

  before(async () => {
    runner = await WorkflowRunner.connect(await temporalServer());
  });

  after(() => runner.close());

  async function check(stubs: StubActivities): Promise<ConformanceResult> {
    return runner.run(stubs, async (start) => (await start<ConformanceResult>('checkConformance')).result());
  }

  it('does one check after the other, and then removes what they wrote', async () => {
    const stubs = new StubActivities();
    const { name, ...result } = await check(stubs);
    assert.deepEqual(stubs.story, [
      'prepareConformance',
      'verifyCheck a',
      'verifyCheck b',
      'verifyCheck c',
      `deleteScratch ${name}`,
    ]);
    const prepared = { location: name, scratch: 'plugins/scratch/' };
    assert.deepEqual(stubs.inputs('verifyCheck')[1], { prepared, title: 'b', index: 1 });
    assert.deepEqual(result, {
      url: 'memory://bucket/plugins/scratch/',
      passed: 4,
      failed: 0,
      skipped: 0,
      checks: ['a', 'b', 'c', removal].map((title) => ({ title, outcome: 'passed' })),
    });
  });

  it('removes nothing where nothing is written', async () => {
    const stubs = new StubActivities({
      prepareConformance: async ({ name }) => ({
        location: name,
        url: 'memory://bucket',
        checks: ['a'],
        searchAttributes: true,
      }),
    });
    const { checks } = await check(stubs);
    assert.deepEqual(checks, [{ title: 'a', outcome: 'passed' }]);
    assert.deepEqual(stubs.story, ['prepareConformance', 'verifyCheck a']);
  });

  it('goes on after a check that failed', async () => {
    const stubs = new StubActivities({
      verifyCheck: async ({ title }) =>
        title === 'b' ? { title, outcome: 'failed', message: 'expected x' } : { title, outcome: 'passed' },
    });
    const { passed, failed, skipped, checks } = await check(stubs);
    assert.deepEqual([passed, failed, skipped], [3, 1, 0]);
    assert.deepEqual(checks[1], { title: 'b', outcome: 'failed', message: 'expected x' });
  });

  for (const { what, outcome, fails, message } of [
    { what: 'the first check fails', outcome: 'failed' as const, fails: 'a', message: 'the first check has failed' },
    { what: 'the store stops answering', outcome: undefined, fails: 'b', message: 'one before it could not be done' },
  ])
    it(`skips the others when ${what}, and removes all the same`, async () => {
      const stubs = new StubActivities({
        async verifyCheck({ title }) {
          if (title !== fails) return { title, outcome: 'passed' };
          if (outcome) return { title, outcome, message: 'no' };
          throw permanent('Unavailable', 'no');
        },
      });
      const { checks } = await check(stubs);
      assert.deepEqual(
        checks.find(({ title }) => title === fails),
        { title: fails, outcome: 'failed', message: 'no' },
      );
      assert.deepEqual(
        checks.find(({ title }) => title === 'c'),
        { title: 'c', outcome: 'skipped', message },
      );
      assert.deepEqual(checks.at(-1), { title: removal, outcome: 'passed' });
    });

  it('counts it as failed if something is left, and says where', async () => {
    const stubs = new StubActivities({
      async deleteScratch() {
        throw permanent('AccessDenied', 'delete s3://b/k: 403 AccessDenied');
      },
    });
    const { failed, checks } = await check(stubs);
    assert.equal(failed, 1);
    assert.deepEqual(checks.at(-1), {
      title: removal,
      outcome: 'failed',
      message: 'left at memory://bucket/plugins/scratch/: delete s3://b/k: 403 AccessDenied',
    });
  });

  it('fails where the location can not be opened: there is nothing to remove', async () => {
    const stubs = new StubActivities({
      async prepareConformance() {
        throw permanent('InvalidConfig', 'open /srv: ENOENT');
      },
    });
    const { failure, status } = await runner.fail('checkConformance', stubs);
    assert.ok(failure instanceof ApplicationFailure);
    assert.deepEqual([failure.type, failure.message, status.phase], ['InvalidConfig', 'open /srv: ENOENT', 'Failed']);
    assert.deepEqual(stubs.story, ['prepareConformance']);
  });

  it('removes what was written when it is cancelled, and tells how far it came', async () => {
    const stubs: StubActivities = new StubActivities({
      verifyCheck: async ({ title }) => (title === 'b' ? untilCancelled() : { title, outcome: 'passed' }),
    });
    const seen: ConformanceStatus[] = [];
    const { failure, temporalStatus, status } = await runner.fail('checkConformance', stubs, async (started) => {
      await stubs.called('verifyCheck', 2);
      seen.push((await started.status()) as unknown as ConformanceStatus);
      await started.cancel();
    });
    const [{ name, ...during }] = seen as [ConformanceStatus];
    assert.deepEqual(during, {
      kind: 'Conformance',
      phase: 'InProgress',
      step: 'b',
      total: 4,
      checks: [{ title: 'a', outcome: 'passed' }],
    });
    assert.ok(failure instanceof CancelledFailure);
    assert.deepEqual([temporalStatus, status.phase], ['CANCELLED', 'Cancelled']);
    assert.equal(stubs.story.at(-1), `deleteScratch ${name}`);
    assert.equal(stubs.inputs('verifyCheck').length, 2);
  });

  it('says where something is left of a cancelled run', async () => {
    const stubs: StubActivities = new StubActivities({
      verifyCheck: untilCancelled,
      async deleteScratch() {
        throw permanent('AccessDenied', 'locked');
      },
    });
    const { status } = await runner.fail('checkConformance', stubs, async (started) => {
      await stubs.called('verifyCheck');
      await started.cancel();
    });
    assert.deepEqual((status as unknown as ConformanceStatus).checks, [
      { title: removal, outcome: 'failed', message: 'left at memory://bucket/plugins/scratch/: locked' },
    ]);
  });
});
