import assert from 'node:assert/strict';
import { CancelledFailure } from '@temporalio/common';
import type { RestoredHook, RestoredPod } from '../../src/activities/apply-items.ts';
import type { AwaitedContainers, WaitingPod } from '../../src/activities/await-containers.ts';
import { notYet } from '../../src/activities/failures.ts';
import type { Activities } from '../../src/activities/index.ts';
import type { RestoreSpec } from '../../src/api/restore.ts';
import type { RunResult, RunStatus } from '../../src/workflows/messages.ts';
import { group, unpacking } from '../support/restored-groups.ts';
import { temporalServer } from '../support/servers.ts';
import { permanent, reportRef, StubActivities, until } from '../support/stub-activities.ts';
import { WorkflowRunner } from '../support/workflow-runner.ts';

const usual = new StubActivities().activities;

function pod(name: string, ...hooks: Partial<RestoredHook>[]): RestoredPod {
  return {
    namespace: 'copy',
    name,
    from: 'shop',
    hooks: hooks.map((hook) => ({ container: 'main', timeoutMs: 1_000, waitForReady: false, stops: false, ...hook })),
  };
}

/** Stubs of a restore that creates these pods, and then a service. */
function creating(...pods: RestoredPod[]): Partial<Activities> {
  return {
    ...unpacking(group('pods', pods.length), group('services', 1)),
    async applyItems(input) {
      const applied = await usual.applyItems(input);
      return input.batch.groupResources[0] === 'pods' ? { ...applied, hooked: pods } : applied;
    },
  };
}

/** Names of pods, each with its containers, as a wait asks about them. */
function asked(pods: readonly WaitingPod[]): string {
  return pods.map(({ name, containers }) => `${name}: ${containers.map((one) => one.name).join(' ')}`).join(', ');
}

describe('the hooks of a restore', () => {
  let runner: WorkflowRunner;

  before(async () => {
    runner = await WorkflowRunner.connect(await temporalServer());
  });

  after(() => runner.close());

  async function restore(
    stubs: StubActivities,
    { spec = {}, options = {} }: { spec?: RestoreSpec; options?: object } = {},
  ): Promise<{ result: RunResult; status: RunStatus }> {
    return runner.run(
      stubs,
      async (start) => {
        const started = await start('restore', { backupName: 'nightly', ...spec });
        return { result: await started.result(), status: await started.status() };
      },
      options,
    );
  }

  function ran(stubs: StubActivities): string[] {
    return stubs.story.filter((call) => call.startsWith('runHook')).map((call) => call.replace('runHook restore ', ''));
  }

  for (const { where, options } of [
    { where: '', options: {} },
    { where: ', on a worker that keeps no workflow in memory', options: { maxCachedWorkflows: 0 } },
  ]) {
    it(`run beside what is restored after the pods, and are waited for before the restore is recorded${where}`, async () => {
      const applied = Promise.withResolvers<void>();
      const stubs: StubActivities = new StubActivities({
        ...creating(pod('a', {}), pod('b', {}, {})),
        async awaitContainers(input) {
          await applied.promise;
          return usual.awaitContainers(input);
        },
      });
      const services = stubs.called('applyItems', 2).then(() => applied.resolve());
      const { result, status } = await restore(stubs, { options });
      await services;
      assert.deepEqual(ran(stubs).toSorted(), ['a 0', 'b 0', 'b 1']);
      const story = stubs.story;
      assert.ok(
        story.findLastIndex((call) => call.startsWith('runHook')) <
          story.findIndex((call) => call.startsWith('putObject')),
        story.join('\n'),
      );
      assert.deepEqual([result.phase, status.hooks], ['Completed', { attempted: 3, failed: 0 }]);
      const metadata = stubs.inputs('putObject').find(({ artifact }) => artifact.type === 'metadata');
      assert.ok(metadata?.artifact.type === 'metadata');
      assert.deepEqual(metadata.artifact.status.hookStatus, { hooksAttempted: 3 });
    });
  }

  it('are told which pod of which batch, in its namespace there, and how long they may take', async () => {
    const stubs = new StubActivities(creating(pod('a', {}, { container: 'side' })));
    await restore(stubs);
    const inputs = stubs.inputs('runHook').toSorted((a, b) => a.index - b.index);
    assert.deepEqual(
      inputs.map(({ batch, pod: ref, phase, index }) => [batch.key, ref, phase, index]),
      [0, 1].map((index) => ['pods-0', { namespace: 'shop', name: 'a' }, 'restore', index]),
    );
  });

  it('of one container run in their order, while others are still waited for', async () => {
    const first = Promise.withResolvers<void>();
    const waits: string[] = [];
    const stubs: StubActivities = new StubActivities({
      ...creating(pod('a', {}, { container: 'side' }, {})),
      async awaitContainers({ pods }): Promise<AwaitedContainers> {
        waits.push(asked(pods));
        if (waits.length === 1) return { up: [{ pod: 0, container: 'main' }], over: [] };
        await until(first.promise);
        return { up: [{ pod: 0, container: 'side' }], over: [] };
      },
      async runHook(input) {
        if (input.index === 2) first.resolve();
        return usual.runHook(input);
      },
    });
    await restore(stubs);
    assert.deepEqual(ran(stubs), ['a 0', 'a 2', 'a 1']);
    assert.deepEqual(waits, ['a: main side', 'a: side']);
  });

  it('wait as long as the most patient hook of a pod, for ready containers where one wants that', async () => {
    const stubs = new StubActivities(
      creating(
        pod('a', { waitTimeoutMs: 60_000, waitForReady: true }, { waitTimeoutMs: 120_000 }),
        pod('b', { waitTimeoutMs: 60_000 }, {}),
        pod('c', { container: 'side' }),
      ),
    );
    await restore(stubs);
    const [{ pods, run }] = stubs.inputs('awaitContainers') as [Parameters<Activities['awaitContainers']>[0]];
    assert.equal(run.kind, 'restore');
    assert.deepEqual(
      pods.map(({ containers }) => containers),
      [[{ name: 'main', ready: true }], [{ name: 'main', ready: false }], [{ name: 'side', ready: false }]],
    );
    const [a, b, c] = pods.map(({ until: last }) => last - Date.now()) as [number, number, number];
    assert.ok(a > 0 && a <= 120_000, String(a));
    for (const limit of [b, c]) assert.ok(limit > 4 * 3_600_000 - 120_000 && limit <= 4 * 3_600_000, String(limit));
  });

  it('without a limit of their own have the spec’s', async () => {
    const stubs = new StubActivities(creating(pod('a', {})));
    await restore(stubs, { spec: { itemOperationTimeout: '10m' } });
    const [{ until: last }] = stubs.inputs('awaitContainers')[0]!.pods as [WaitingPod];
    assert.ok(last - Date.now() <= 600_000);
  });

  it('poll without a worker, until a container is up', async () => {
    let polls = 0;
    const stubs = new StubActivities({
      ...creating(pod('a', {})),
      async awaitContainers(input) {
        if (++polls < 3) throw notYet('not yet', 1);
        return usual.awaitContainers(input);
      },
    });
    await restore(stubs);
    assert.deepEqual([polls, ran(stubs)], [3, ['a 0']]);
  });

  it('count as failed where the pod is over, and the others run', async () => {
    const stubs = new StubActivities({
      ...creating(pod('a', {}, {}), pod('b', {})),
      awaitContainers: async ({ pods }) => ({
        up: pods.flatMap(({ name }, index) => (name === 'b' ? [{ pod: index, container: 'main' }] : [])),
        over: pods.flatMap(({ name }, index) => (name === 'a' ? [{ pod: index, reason: 'the pod is gone' }] : [])),
      }),
    });
    const { result, status } = await restore(stubs);
    assert.deepEqual(
      stubs.inputs('reportUnrunHooks').map(({ pods, reason }) => ({ pods, reason })),
      [{ pods: [{ namespace: 'copy', name: 'a', hooks: 2 }], reason: 'the pod is gone' }],
    );
    assert.deepEqual(ran(stubs), ['b 0']);
    assert.deepEqual([result.phase, result.errors, status.hooks], ['PartiallyFailed', 2, { attempted: 3, failed: 2 }]);
  });

  it('go on after one that failed and may', async () => {
    const stubs = new StubActivities({
      ...creating(pod('a', {}, {}), pod('b', {})),
      runHook: async ({ step }) => ({ report: reportRef(step, { errors: 1 }), failed: true, stops: false }),
    });
    const { result, status } = await restore(stubs);
    assert.equal(ran(stubs).length, 3);
    assert.deepEqual([result.phase, status.hooks], ['PartiallyFailed', { attempted: 3, failed: 3 }]);
  });

  it('all end with one that failed and says so: those waited for, and those in the same container', async () => {
    const stubs = new StubActivities({
      ...creating(pod('a', { stops: true }, {}), pod('b', {})),
      async awaitContainers({ pods }) {
        const index = pods.findIndex(({ name }) => name === 'a');
        if (index >= 0) return { up: [{ pod: index, container: 'main' }], over: [] };
        return until(new Promise<never>(() => undefined));
      },
      runHook: async ({ step }) => ({ report: reportRef(step, { errors: 1 }), failed: true, stops: true }),
    });
    const { status } = await restore(stubs);
    assert.deepEqual(ran(stubs), ['a 0']);
    const unrun = stubs.inputs('reportUnrunHooks');
    assert.deepEqual(unrun.flatMap(({ pods }) => pods.map(({ name, hooks }) => `${name} ${hooks}`)).toSorted(), [
      'a 1',
      'b 1',
    ]);
    for (const { reason } of unrun) assert.equal(reason, 'a hook that failed has stopped all others');
    assert.deepEqual(status.hooks, { attempted: 3, failed: 3 });
  });

  it('that could not be run stop the others, too, where they say so', async () => {
    const stubs = new StubActivities({
      ...creating(pod('a', { stops: true }), pod('b', {})),
      async awaitContainers({ pods }) {
        const index = pods.findIndex(({ name }) => name === 'a');
        if (index >= 0) return { up: [], over: [{ pod: index, reason: 'no container was up in time' }] };
        throw notYet('b is not up', 600_000);
      },
    });
    const { status } = await restore(stubs);
    assert.deepEqual([ran(stubs), status.hooks], [[], { attempted: 2, failed: 2 }]);
  });

  it('are not run when their turn comes after their own time', async () => {
    const stubs = new StubActivities({
      ...creating(pod('a', {}, { waitTimeoutMs: 1 }, { waitTimeoutMs: 3_600_000 })),
    });
    const { status } = await restore(stubs);
    assert.deepEqual(ran(stubs), ['a 0', 'a 2']);
    assert.deepEqual(
      stubs.inputs('reportUnrunHooks').map(({ reason }) => reason),
      ['its turn did not come in time'],
    );
    assert.deepEqual(status.hooks, { attempted: 3, failed: 1 });
  });

  it('are waited for in groups of fifty pods, and run no more at the same time than batches are worked on', async () => {
    const pods = Array.from({ length: 60 }, (_, index) => pod(`p${index}`, {}));
    let open = 0;
    let most = 0;
    const stubs = new StubActivities({
      ...creating(...pods),
      async runHook(input) {
        most = Math.max(most, ++open);
        await new Promise((resolve) => setImmediate(resolve));
        open--;
        return usual.runHook(input);
      },
    });
    const { status } = await restore(stubs);
    assert.deepEqual(
      stubs
        .inputs('awaitContainers')
        .map((input) => input.pods.length)
        .toSorted((a, b) => a - b),
      [10, 50],
    );
    assert.deepEqual([status.hooks, most <= 2], [{ attempted: 60, failed: 0 }, true]);
  });

  describe('when the restore is cancelled', () => {
    it('while it waits run no more, and it ends at once', async () => {
      const stubs = new StubActivities({
        ...creating(pod('a', {})),
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
        ...creating(pod('a', {}, {})),
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
    const stubs = new StubActivities({
      ...creating(pod('a', {})),
      awaitContainers: async () => {
        waiting.resolve();
        throw notYet('a is not up', 600_000);
      },
    });
    const { applyItems } = stubs.activities;
    stubs.activities.applyItems = async (input) => {
      if (input.batch.groupResources[0] !== 'services') return applyItems(input);
      await waiting.promise;
      throw permanent('CorruptBackup', 'staging is damaged');
    };
    const { failure } = await runner.fail('restore', stubs);
    assert.equal(failure.message, 'staging is damaged');
    assert.deepEqual(ran(stubs), []);
  });
});
