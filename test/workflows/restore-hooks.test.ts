import assert from 'node:assert/strict';
import { CancelledFailure } from '@temporalio/common';
import { notYet } from '../../src/activities/failures.ts';
import type { RunResult, RunStatus } from '../../src/workflows/messages.ts';
import { containersOf, creating, remaining, restoredPodsRef } from '../support/hooked-restore.ts';
import { temporalServer } from '../support/servers.ts';
import { permanent, reportRef, StubActivities, until } from '../support/stub-activities.ts';
import { WorkflowRunner } from '../support/workflow-runner.ts';

const usual = new StubActivities().activities;

describe('the hooks of a restore', () => {
  let runner: WorkflowRunner;

  before(async () => {
    runner = await WorkflowRunner.connect(await temporalServer());
  });

  after(() => runner.close());

  async function restore(
    stubs: StubActivities,
    { options = {} }: { options?: object } = {},
  ): Promise<{ result: RunResult; status: RunStatus }> {
    return runner.run(
      stubs,
      async (start) => {
        const started = await start('restore', { backupName: 'nightly' });
        return { result: await started.result(), status: await started.status() };
      },
      options,
    );
  }

  function ran(stubs: StubActivities): string[] {
    return stubs.story.filter((call) => call.startsWith('runHook')).map((call) => call.replace('runHook restore ', ''));
  }

  function unrun(stubs: StubActivities): string[] {
    return stubs
      .inputs('reportUnrunHooks')
      .flatMap(({ pods }) => pods.map(({ name, hooks, reason }) => `${hooks} of ${name}: ${reason}`));
  }

  for (const { where, options } of [
    { where: '', options: { maxCachedWorkflows: 10 } },
    { where: ', on a worker that keeps no workflow in memory', options: { maxCachedWorkflows: 0 } },
  ]) {
    it(`run beside what is restored after the pods, and are waited for before the restore is recorded${where}`, async () => {
      const containers = [...containersOf('a', {}), ...containersOf('b', {}, {})];
      const applied = Promise.withResolvers<void>();
      const stubs: StubActivities = new StubActivities({
        ...creating(...containers),
        async awaitContainers(input) {
          await until(applied.promise);
          return { up: remaining(containers, input), over: [] };
        },
      });
      const services = stubs.called('applyItems', 2).then(() => applied.resolve());
      const { result, status } = await restore(stubs, { options });
      await services;
      assert.deepEqual(ran(stubs).toSorted(), ['a 0', 'b 0', 'b 1']);
      const { story } = stubs;
      const last = story.findLastIndex((call) => call.startsWith('runHook'));
      assert.ok(last < story.findIndex((call) => call.startsWith('putObject')), story.join('\n'));
      assert.deepEqual([result.phase, status.hooks], ['Completed', { attempted: 3, failed: 0 }]);
      const metadata = stubs.inputs('putObject').find(({ artifact }) => artifact.type === 'metadata');
      assert.ok(metadata?.artifact.type === 'metadata');
      assert.deepEqual(metadata.artifact.status.hookStatus, { hooksAttempted: 3 });
    });
  }

  it('are told which pod of which batch, and the place among its hooks', async () => {
    const stubs = new StubActivities(creating(...containersOf('a', {}, { container: 'side' })));
    await restore(stubs);
    const inputs = stubs.inputs('runHook').toSorted((a, b) => a.index - b.index);
    assert.deepEqual(
      inputs.map(({ batch, pod, phase, index }) => [batch.key, pod, phase, index]),
      [0, 1].map((index) => ['pods-0', { namespace: 'shop', name: 'a' }, 'restore', index]),
    );
  });

  it('(b.7) of one container run in their order, while others are still waited for', async () => {
    const [main, side] = containersOf('a', {}, { container: 'side' }, {});
    const last = Promise.withResolvers<void>();
    const stubs: StubActivities = new StubActivities({
      ...creating(main!, side!),
      async awaitContainers({ begun }) {
        if (begun.length === 0) return { up: [main!], over: [] };
        await until(last.promise);
        return { up: [side!], over: [] };
      },
      async runHook(input) {
        if (input.index === 2) last.resolve();
        return usual.runHook(input);
      },
    });
    await restore(stubs);
    assert.deepEqual(ran(stubs), ['a 0', 'a 2', 'a 1']);
    assert.deepEqual(
      stubs.inputs('awaitContainers').map(({ begun }) => begun),
      [[], ['a/main']],
    );
  });

  it("without a limit of their own wait as long as the run's settings say, from when the pods were created", async () => {
    const stubs = new StubActivities({
      ...creating(...containersOf('a', {})),
      async prepareRestore(request) {
        const prepared = await usual.prepareRestore(request);
        return { ...prepared, settings: { ...prepared.settings, itemOperationTimeoutMs: 600_000 } };
      },
    });
    await restore(stubs);
    const [input] = stubs.inputs('awaitContainers');
    assert.deepEqual([input?.run.kind, input?.pods.key, input?.limitMs], ['restore', 'hooked', 600_000]);
    assert.ok(Math.abs(Date.now() - input!.since) < 60_000);
  });

  it('poll without a worker, until a container is up', async () => {
    const containers = containersOf('a', {});
    let polls = 0;
    const stubs = new StubActivities({
      ...creating(...containers),
      async awaitContainers() {
        if (++polls < 3) throw notYet('not yet', 1);
        return { up: containers, over: [] };
      },
    });
    await restore(stubs);
    assert.deepEqual([polls, ran(stubs)], [3, ['a 0']]);
  });

  it('(b.7) count as failed where the pod is over, and the others run', async () => {
    const [a, b] = [containersOf('a', {}, {}), containersOf('b', {})];
    const stubs = new StubActivities({
      ...creating(...a, ...b),
      awaitContainers: async () => ({ up: b, over: [{ ...a[0]!, reason: 'the pod is gone' }] }),
    });
    const { result, status } = await restore(stubs);
    assert.deepEqual([unrun(stubs), ran(stubs)], [['2 of a: the pod is gone'], ['b 0']]);
    assert.deepEqual([result.phase, result.errors, status.hooks], ['PartiallyFailed', 2, { attempted: 3, failed: 2 }]);
  });

  it('(b.7) go on after one that failed and may', async () => {
    const stubs = new StubActivities({
      ...creating(...containersOf('a', {}, {}), ...containersOf('b', {})),
      runHook: async ({ step }) => ({ report: reportRef(step, { errors: 1 }), failed: true, stops: false }),
    });
    const { result, status } = await restore(stubs);
    assert.equal(ran(stubs).length, 3);
    assert.deepEqual([result.phase, status.hooks], ['PartiallyFailed', { attempted: 3, failed: 3 }]);
  });

  it('(b.7) all end with one that failed and says so: those waited for, and those in the same container', async () => {
    const [a, b] = [containersOf('a', { stops: true }, {}), containersOf('b', {})];
    const stubs = new StubActivities({
      ...creating(...a, ...b),
      async awaitContainers({ begun }) {
        if (begun.length === 0) return { up: a, over: [] };
        return until(new Promise<never>(() => undefined));
      },
      runHook: async ({ step }) => ({ report: reportRef(step, { errors: 1 }), failed: true, stops: true }),
    });
    const { status } = await restore(stubs);
    assert.deepEqual(ran(stubs), ['a 0']);
    const reason = 'a hook that failed has stopped all others';
    assert.deepEqual(unrun(stubs).toSorted(), [`1 of a: ${reason}`, `1 of b: ${reason}`]);
    assert.deepEqual(status.hooks, { attempted: 3, failed: 3 });
  });

  it('that could not be run stop the others, too, where they say so', async () => {
    const [a, b] = [containersOf('a', { stops: true }), containersOf('b', {})];
    const stubs = new StubActivities({
      ...creating(...a, ...b),
      async awaitContainers({ begun }) {
        if (begun.length === 0) return { up: [], over: [{ ...a[0]!, reason: 'it was not up in time' }] };
        throw notYet('b is not up', 600_000);
      },
    });
    const { status } = await restore(stubs);
    assert.deepEqual([ran(stubs), status.hooks], [[], { attempted: 2, failed: 2 }]);
  });

  it('(b.7) are not run when their turn comes after their own time', async () => {
    const stubs = new StubActivities(
      creating(...containersOf('a', {}, { waitTimeoutMs: 1 }, { waitTimeoutMs: 3_600_000 })),
    );
    const { status } = await restore(stubs);
    assert.deepEqual([ran(stubs), unrun(stubs)], [['a 0', 'a 2'], ['1 of a: its turn did not come in time']]);
    assert.deepEqual(status.hooks, { attempted: 3, failed: 1 });
  });

  it('run no more at the same time than batches are worked on, however many are up', async () => {
    const containers = Array.from({ length: 20 }, (_, index) => containersOf(`p${index}`, {})[0]!);
    let open = 0;
    let most = 0;
    const stubs: StubActivities = new StubActivities({
      ...creating(...containers),
      async applyItems(input) {
        const hooked = [restoredPodsRef(10, 'first'), restoredPodsRef(10, 'second')];
        return { ...(await usual.applyItems(input)), ...(input.batch.groupResources[0] === 'pods' && { hooked }) };
      },
      awaitContainers: async ({ pods }) => ({
        up: pods.key === 'first' ? containers.slice(0, 10) : containers.slice(10),
        over: [],
      }),
      async runHook(input) {
        most = Math.max(most, ++open);
        // The first one lets a second begin.
        await stubs.called('runHook', 2);
        open--;
        return usual.runHook(input);
      },
    });
    const { status } = await restore(stubs);
    assert.deepEqual([status.hooks, most], [{ attempted: 20, failed: 0 }, 2]);
  });

  describe('when the restore is cancelled', () => {
    it('while it waits run no more, and it ends at once', async () => {
      const stubs = new StubActivities({
        ...creating(...containersOf('a', {})),
        awaitContainers: async () => {
          throw notYet('a is not up', 600_000);
        },
      });
      const { failure, status } = await runner.fail('restore', stubs, async (started) => {
        await stubs.called('awaitContainers');
        await started.cancel();
      });
      assert.ok(failure instanceof CancelledFailure);
      assert.deepEqual([status.phase, ran(stubs)], ['Cancelled', []]);
    });

    it('while one runs let it end, and start no other', async () => {
      const cancelled = Promise.withResolvers<void>();
      const stubs = new StubActivities({
        ...creating(...containersOf('a', {}, {})),
        async runHook(input) {
          await until(cancelled.promise);
          return usual.runHook(input);
        },
      });
      const { status } = await runner.fail('restore', stubs, async (started) => {
        await stubs.called('runHook');
        await started.cancel();
        cancelled.resolve();
      });
      assert.deepEqual([status.phase, ran(stubs), status.hooks], ['Cancelled', ['a 0'], { attempted: 1, failed: 0 }]);
    });
  });

  it('end with the restore when something else fails for good', async () => {
    const waiting = Promise.withResolvers<void>();
    const containers = containersOf('a', {});
    const stubs = new StubActivities({
      ...creating(...containers),
      async applyItems(input) {
        if (input.batch.groupResources[0] === 'pods') return creating(...containers).applyItems!(input);
        await waiting.promise;
        throw permanent('CorruptBackup', 'staging is damaged');
      },
      awaitContainers: async () => {
        waiting.resolve();
        throw notYet('a is not up', 600_000);
      },
    });
    const { failure } = await runner.fail('restore', stubs);
    assert.equal(failure.message, 'staging is damaged');
    assert.deepEqual(ran(stubs), []);
  });
});
