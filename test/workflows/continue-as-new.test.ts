import assert from 'node:assert/strict';
import { CancelledFailure } from '@temporalio/common';
import type { Activities } from '../../src/activities/index.ts';
import { startTemporal, type TemporalServer } from '../../tools/stack/temporal.ts';
import { block, blockPod, withHooks } from '../support/hooked-pods.ts';
import { containersOf, creating, remaining } from '../support/hooked-restore.ts';
import { begunWhilePaused, holding, quiet } from '../support/paused-runs.ts';
import { group, unpacking } from '../support/restored-groups.ts';
import {
  batchRef,
  permanent,
  reportRef,
  selectedVolumes,
  stagedRef,
  StubActivities,
  until,
} from '../support/stub-activities.ts';
import { WorkflowRunner } from '../support/workflow-runner.ts';

const calls = 12;

const plain = new StubActivities().activities;

/** So many calls of collection, each with one batch; the third holds a PersistentVolume, and asks for more. */
const manyCalls: Partial<Activities> = {
  async collectItems({ step, from, order }) {
    const groupResource = from.list === 2 ? 'persistentvolumes' : 'pods';
    return {
      batches: [batchRef(`${step}-batch0`, groupResource, 1)],
      segments: [{ ...stagedRef(`${step}-segment`), items: 1, order: [...order, 0] }],
      report: reportRef(step, { additionalItems: from.list === 2 ? 1 : 0, warnings: 1 }),
      ...(from.list < calls - 1 && { next: { list: from.list + 1 } }),
      selected: { [groupResource]: 1, secrets: 1 },
      archived: { secrets: 1 },
      remaining: 0,
    };
  },
  selectVolumes: async () => selectedVolumes(['pv-1']),
};

/** By which batches and volumes are worked on eight at a time. */
const sideBySide: Partial<Activities> = {
  async prepareBackup(request) {
    const prepared = await plain.prepareBackup(request);
    return { ...prepared, settings: { ...prepared.settings, concurrency: { batches: 8, volumes: 8 } } };
  },
};

describe('a run whose history has become long', () => {
  let server: TemporalServer;
  let runner: WorkflowRunner;

  before(async () => {
    server = await startTemporal({ dynamicConfig: { 'limit.historyCount.suggestContinueAsNew': 60 } });
    runner = await WorkflowRunner.connect(server);
  });

  after(async () => {
    await runner?.close();
    await server?.stop();
  });

  it('goes on in a fresh one with all that it has, and nothing in flight', async () => {
    const stubs = new StubActivities(manyCalls);
    const { result, status, histories } = await runner.run(stubs, async (start) => {
      const started = await start('backup');
      return {
        result: await started.result(),
        status: await started.status(),
        histories: await runner.histories(started.workflowId),
      };
    });
    assert.ok(histories.length > 2, `${histories.length} runs`);
    for (const { events } of histories.slice(0, -1)) {
      const types = (events ?? []).map((event) => event.activityTaskScheduledEventAttributes?.activityType?.name);
      const scheduled = types.filter((name) => name !== undefined).length;
      const ended = (events ?? []).filter((event) => event.activityTaskCompletedEventAttributes).length;
      assert.equal(ended, scheduled, 'an activity was in flight');
    }

    assert.deepEqual(
      stubs.inputs('collectItems').map(({ from }) => from.list),
      Array.from({ length: calls }, (_, list) => list),
    );
    assert.equal(stubs.inputs('prepareBackup').length, 1);
    assert.equal(stubs.inputs('archiveItems').length, calls);
    const steps = stubs.calls.map(({ input }) => (input as { step?: string }).step).filter(Boolean);
    assert.equal(new Set(steps).size, steps.length, 'a step is named twice');

    const contents = stubs.inputs('putObject').find(({ artifact }) => artifact.type === 'contents')?.artifact;
    assert.ok(contents?.type === 'contents');
    assert.equal(contents.segments.length, 2 * calls);
    assert.deepEqual(
      stubs.inputs('reconcileSnapshots').map(({ keep }) => keep),
      [['snapshot-of-pv-1']],
    );
    assert.deepEqual(
      [result.phase, result.items, result.warnings, result.volumes.completed],
      ['Completed', 2 * calls, calls, 1],
    );
    assert.deepEqual(status.progress.resources, {
      pods: { totalItems: calls - 1, doneItems: calls - 1 },
      persistentvolumes: { totalItems: 1, doneItems: 1 },
      secrets: { totalItems: calls, doneItems: calls },
    });
    const firstRunId = histories[0]?.events?.[0]?.workflowExecutionStartedEventAttributes?.firstExecutionRunId;
    assert.deepEqual([status.uid, result.uid], [firstRunId, firstRunId]);
    assert.equal(status.progress.totalItems, 2 * calls);
  });

  it('goes on waiting for snapshots in a fresh one, for each once', async () => {
    const names = Array.from({ length: 70 }, (_, index) => `pv-${index + 10}`);
    const stubs = new StubActivities({
      ...sideBySide,
      async collectItems({ step }) {
        const batches = [batchRef(`${step}-batch0`, 'persistentvolumes', names.length)];
        return { batches, segments: [], report: reportRef(step), selected: {}, archived: {}, remaining: 0 };
      },
      selectVolumes: async () => selectedVolumes(names),
      async awaitSnapshot({ snapshotId }) {
        if (snapshotId === 'snapshot-of-pv-20') throw permanent('InvalidItem', 'the disk is gone');
      },
    });
    const { result, histories } = await runner.run(stubs, async (start) => {
      const started = await start('backup');
      return { result: await started.result(), histories: await runner.histories(started.workflowId) };
    });
    assert.ok(histories.length > 2, `${histories.length} runs`);
    assert.deepEqual(
      stubs
        .inputs('awaitSnapshot')
        .map(({ snapshotId }) => snapshotId)
        .toSorted(),
      names.map((name) => `snapshot-of-${name}`),
    );
    assert.deepEqual(
      stubs.inputs('reconcileSnapshots').map(({ keep }) => keep.length),
      [names.length],
    );
    assert.deepEqual(result.volumes, { attempted: 70, completed: 69, failed: 1 });
  });

  it('is cancelled in the run that goes on, and removes what the runs before have made', async () => {
    const cancelled = Promise.withResolvers<void>();
    const lastCall = Promise.withResolvers<void>();
    const stubs = new StubActivities({
      ...manyCalls,
      async collectItems(input) {
        if (input.from.list === calls - 2) {
          lastCall.resolve();
          await until(cancelled.promise);
        }
        return manyCalls.collectItems!(input);
      },
    });
    const { failure, status, runs } = await runner.run(stubs, async (start) => {
      const started = await start('backup');
      await lastCall.promise;
      const running = await started.status();
      assert.equal(running.phase, 'InProgress');
      assert.ok(running.progress.doneItems >= 2 * (calls - 4), JSON.stringify(running.progress));
      await started.cancel();
      cancelled.resolve();
      const error = await started.result().then(
        () => assert.fail('it was not cancelled'),
        (thrown: Error) => thrown.cause,
      );
      const histories = await runner.histories(started.workflowId);
      return { failure: error, status: await started.status(), runs: histories.length };
    });
    assert.ok(runs > 2, `${runs} runs`);
    assert.ok(failure instanceof CancelledFailure);
    assert.equal(status.phase, 'Cancelled');
    assert.deepEqual(
      stubs.inputs('reconcileSnapshots').map(({ keep }) => keep),
      [[]],
    );
    assert.deepEqual(stubs.story.slice(-2), ['putObject metadata', 'deleteStaging default']);
    assert.equal(new Set(stubs.inputs('deleteStaging').map(({ uid }) => uid)).size, 1);
    const logs = stubs.inputs('putObject').find(({ artifact }) => artifact.type === 'logs')?.artifact;
    assert.ok(logs?.type === 'logs' && logs.reports.some(({ key }) => key === 'collect-0'));
  });

  for (const { workflow, name, overrides } of [
    { workflow: 'backup', name: 'archiveItems', overrides: manyCalls },
    {
      workflow: 'restore',
      name: 'applyItems',
      overrides: unpacking(group('pods', ...Array.from({ length: 20 }, () => 1)), group('services', 1)),
    },
  ] as const) {
    it(`stays paused in a fresh one, and keeps what else it was told: a ${workflow}`, async () => {
      const { promise: released, resolve: release } = Promise.withResolvers<void>();
      const stubs = holding(overrides, { name, released });
      const { before, after, result, runs, histories } = await runner.run(stubs, async (start) => {
        const started = await start(workflow);
        await stubs.called(name);
        // All else has gone on until the history was long, and that one step is waited for.
        await quiet(started, 1);
        await started.executeUpdate('setConcurrency', { args: [{ batches: 3, volumes: 4 }] });
        await started.executeUpdate('pause');
        const before = await started.status();
        release();
        await quiet(started);
        const after = await started.status();
        const runs = await runner.histories(started.workflowId);
        await started.executeUpdate('resume');
        const result = await started.result();
        return { before, after, result, runs: runs.length, histories: await runner.histories(started.workflowId) };
      });
      assert.ok(runs > 1, `${runs} runs`);
      assert.ok(before.pausedSince);
      assert.deepEqual(
        [after.phase, after.pausedSince, after.concurrency],
        ['InProgress', before.pausedSince, { batches: 3, volumes: 4 }],
      );
      assert.deepEqual(begunWhilePaused(histories), []);
      assert.deepEqual([result.phase, result.items], ['Completed', workflow === 'backup' ? 2 * calls : 21]);
    });
  }

  it('does not go on in a fresh one once it is cancelled', async () => {
    const cancelled = Promise.withResolvers<void>();
    const batches = Array.from({ length: 8 }, (_, index) => batchRef(`batch-${index}`, 'pods', 1));
    const stubs: StubActivities = new StubActivities({
      ...sideBySide,
      async collectItems(input) {
        const collected = { ...(await plain.collectItems(input)), next: { list: input.from.list + 1 } };
        if (input.from.list === 0) return { ...collected, batches };
        // By now the history is long, and this call succeeds although it is cancelled.
        await until(cancelled.promise).catch(() => undefined);
        return { ...collected, batches: [] };
      },
    });
    const { failure, runs } = await runner.run(stubs, async (start) => {
      const started = await start('backup');
      await stubs.called('archiveItems', batches.length);
      await started.cancel();
      cancelled.resolve();
      const error = await started.result().then(
        () => assert.fail('it was not cancelled'),
        (thrown: Error) => thrown.cause,
      );
      return { failure: error, runs: (await runner.histories(started.workflowId)).length };
    });
    assert.ok(failure instanceof CancelledFailure);
    assert.equal(runs, 1);
  });

  it('restores on from the group after the last one that is done', async () => {
    const groups = Array.from({ length: calls }, (_, index) => ({
      groupResource: `resource-${index}`,
      batches: [batchRef(`batch-${index}`, `resource-${index}`, 1)],
    }));
    const stubs = new StubActivities({
      unpackBackup: async ({ step }) => ({
        groups,
        report: reportRef(step),
        selected: Object.fromEntries(groups.map(({ groupResource }) => [groupResource, 1])),
      }),
      prepareRestore: async ({ name }) => ({
        ...(await plain.prepareRestore({ name })),
        actions: [{ name: 'example.com/a' }],
      }),
    });
    const { result, runs } = await runner.run(stubs, async (start) => {
      const started = await start('restore', { backupName: 'nightly' });
      return { result: await started.result(), runs: (await runner.histories(started.workflowId)).length };
    });
    assert.ok(runs > 1, `${runs} runs`);
    assert.deepEqual(
      stubs.inputs('applyItems').map(({ batch }) => batch.key),
      groups.map(({ batches }) => batches[0]!.key),
    );
    assert.equal(stubs.inputs('unpackBackup').length, 1);
    assert.deepEqual([result.phase, result.items], ['Completed', calls]);
  });

  it('goes on with the pods that are not frozen yet, and leaves none frozen meanwhile', async () => {
    const names = Array.from({ length: calls }, (_, index) => `pod-${index}`);
    const stubs = new StubActivities({
      ...withHooks(names.map((name, index) => block([blockPod(name)], `pv-${index}`))),
      async runHook({ step, phase, pod }) {
        const failed = phase === 'pre' && pod.name === 'pod-0';
        return { report: reportRef(step), failed, stops: failed };
      },
    });
    const { result, histories } = await runner.run(stubs, async (start) => {
      const started = await start('backup');
      return { result: await started.result(), histories: await runner.histories(started.workflowId) };
    });
    assert.ok(histories.length > 2, `${histories.length} runs`);
    for (const { events } of histories) {
      const hooks = (events ?? []).filter(
        (event) => event.activityTaskScheduledEventAttributes?.activityType?.name === 'runHook',
      );
      assert.equal(hooks.length % 2, 0, 'a pod was left frozen');
    }
    for (const phase of ['pre', 'post'])
      assert.deepEqual(
        stubs
          .inputs('runHook')
          .filter((input) => input.phase === phase)
          .map(({ pod }) => pod.name)
          .toSorted(),
        names.toSorted(),
      );
    assert.equal(stubs.inputs('createSnapshot').length, calls);
    assert.deepEqual(stubs.inputs('archiveItems')[0]?.failedPods, [{ namespace: 'shop', name: 'pod-0' }]);
    assert.equal(result.volumes.completed, calls);
  });

  it('waits on for the containers of restored pods, and runs no hook twice', async () => {
    const names = Array.from({ length: calls }, (_, index) => `pod-${index}`);
    const containers = names.flatMap((name) => containersOf(name, {}, {}));
    const stubs = new StubActivities({
      ...creating(...containers),
      // One pod comes up after the other.
      awaitContainers: async (input) => ({ up: remaining(containers, input).slice(0, 1), over: [] }),
    });
    const { status, runs } = await runner.run(stubs, async (start) => {
      const started = await start('restore', { backupName: 'nightly' });
      await started.result();
      return { status: await started.status(), runs: (await runner.histories(started.workflowId)).length };
    });
    assert.ok(runs > 1, `${runs} runs`);
    assert.deepEqual(
      stubs
        .inputs('runHook')
        .map(({ pod, index }) => `${pod.name} ${index}`)
        .toSorted(),
      names.flatMap((name) => [`${name} 0`, `${name} 1`]).toSorted(),
    );
    assert.deepEqual(status.hooks, { attempted: 2 * calls, failed: 0 });
    assert.equal(stubs.inputs('applyItems').length, 2);
    const since = new Set(stubs.inputs('awaitContainers').map((input) => input.since));
    assert.equal(since.size, 1, 'the time to wait began anew');
  });

  it('shows no batch to an action of a deletion twice', async () => {
    const names = ['example.com/a', 'example.com/b'];
    const keys = Array.from({ length: 30 }, (_, index) => `batch-${index}`);
    const stubs = new StubActivities({
      prepareDeletion: async (request) => ({
        ...(await plain.prepareDeletion(request)),
        itemActions: { plan: stagedRef('plan'), names },
      }),
      unpackDeletion: async ({ actions }) => ({
        batches: keys.map((key) => batchRef(key, 'pods', 1)),
        actions: actions.map((name) => ({ name })),
        selected: { pods: keys.length },
        warnings: 0,
        errors: 0,
      }),
    });
    const { result, runs } = await runner.run(stubs, async (start) => {
      const started = await start('deleteBackup');
      return {
        result: await started.result(),
        runs: (await runner.histories(started.workflowId)).length,
      };
    });
    assert.ok(runs > 1, `${runs} run`);
    const seen = stubs.inputs('executeDeleteItemAction').map(({ action, batch }) => `${action} ${batch.key}`);
    assert.deepEqual(seen.toSorted(), keys.flatMap((key) => names.map((name) => `${name} ${key}`)).toSorted());
    for (const once of ['prepareDeletion', 'unpackDeletion', 'deleteStaging', 'deleteFiles'] as const)
      assert.equal(stubs.inputs(once).length, 1, once);
    assert.deepEqual([result.phase, result.items], ['Completed', keys.length]);
  });
});
