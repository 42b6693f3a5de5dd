import assert from 'node:assert/strict';
import { CancelledFailure } from '@temporalio/common';
import type { Activities } from '../../src/activities/index.ts';
import type { RunResult, RunStatus } from '../../src/workflows/messages.ts';
import { block, blockPod, withHooks } from '../support/hooked-pods.ts';
import { temporalServer } from '../support/servers.ts';
import { batchRef, permanent, reportRef, selectedVolumes, StubActivities, until } from '../support/stub-activities.ts';
import { WorkflowRunner } from '../support/workflow-runner.ts';

const usual = new StubActivities().activities;

describe('the hooks of a backup', () => {
  let runner: WorkflowRunner;

  before(async () => {
    runner = await WorkflowRunner.connect(await temporalServer());
  });

  after(() => runner.close());

  async function backUp(stubs: StubActivities, options = {}): Promise<{ result: RunResult; status: RunStatus }> {
    return runner.run(
      stubs,
      async (start) => {
        const started = await start('backup');
        return { result: await started.result(), status: await started.status() };
      },
      options,
    );
  }

  /** The calls that have to do with hooks and snapshots, in order. */
  function freezing(stubs: StubActivities): string[] {
    return stubs.story.filter((call) => /^(runHook|createSnapshot|deleteArtifacts)/.test(call));
  }

  /** A stub by which hooks fail, by `phase pod index`; `stops` names those after which nothing is to go on. */
  const failing = (failed: readonly string[], stops: readonly string[] = []): Partial<Activities> => ({
    async runHook({ step, phase, pod, index }) {
      const which = `${phase} ${pod.name} ${index}`;
      const isFailed = [...failed, ...stops].includes(which);
      return { report: reportRef(step, { errors: isFailed ? 1 : 0 }), failed: isFailed, stops: stops.includes(which) };
    },
  });

  for (const { where, options } of [
    { where: '', options: { maxCachedWorkflows: 10 } },
    { where: ', on a worker that keeps no workflow in memory', options: { maxCachedWorkflows: 0 } },
  ]) {
    it(`a.5.4 run around the snapshots of the pods' volumes, before anything else is listed${where}`, async () => {
      const stubs = new StubActivities(withHooks([block([blockPod('a', { pre: 2 }), blockPod('b')], 'pv-1')]));
      const { result, status } = await backUp(stubs, options);
      assert.deepEqual(freezing(stubs), [
        'runHook pre a 0',
        'runHook pre a 1',
        'runHook pre b 0',
        'createSnapshot pv-1',
        'runHook post a 0',
        'runHook post b 0',
      ]);
      const thawed = stubs.story.lastIndexOf('runHook post b 0');
      assert.ok(thawed < stubs.story.findIndex((call) => call.startsWith('archiveItems')));
      assert.ok(thawed < stubs.story.findLastIndex((call) => call.startsWith('collectItems')));
      const lists = stubs.inputs('collectItems').map(({ from, hooked }) => [from.list, hooked]);
      assert.deepEqual(lists, [
        [0, undefined],
        [1, undefined],
      ]);
      assert.deepEqual(
        stubs.inputs('archiveItems').map(({ batch, failedPods }) => [batch.key, failedPods]),
        [
          ['pods', undefined],
          ['volumes pv-1', undefined],
        ],
      );
      assert.deepEqual(
        [result.phase, result.volumes.completed, status.hooks],
        ['Completed', 1, { attempted: 5, failed: 0 }],
      );
    });
  }

  it('are told which pod, batch and place, and how long they may take, and no command', async () => {
    const stubs = new StubActivities(withHooks([block([blockPod('a')])]));
    const history = await runner.run(stubs, async (start) => {
      const started = await start('backup');
      await started.result();
      return runner.histories(started.workflowId);
    });
    const [pre] = stubs.inputs('runHook');
    const { run, plan, ...rest } = pre!;
    assert.deepEqual([run.kind, plan.key], ['backup', 'plan']);
    assert.deepEqual(rest, {
      step: 'hook-2',
      batch: batchRef('pods', 'pods', 1),
      pod: { namespace: 'shop', name: 'a' },
      phase: 'pre',
      index: 0,
    });
    const scheduled = history
      .flatMap(({ events }) => events ?? [])
      .find((event) => event.activityTaskScheduledEventAttributes?.activityType?.name === 'runHook');
    assert.equal(Number(scheduled?.activityTaskScheduledEventAttributes?.startToCloseTimeout?.seconds), 61);
  });

  it('leave volumes that get no snapshot to the batches in which they come: these tell why, once', async () => {
    const stubs = new StubActivities({
      ...withHooks([block([blockPod('a')], 'pv-1', 'pv-2', 'pv-3')]),
      selectVolumes: async ({ step }) => ({
        ...selectedVolumes(['pv-1', 'pv-2']),
        report: reportRef(step, { warnings: 1 }),
      }),
      getVolumeId: async ({ persistentVolume }) => (persistentVolume === 'pv-2' ? '' : 'volume-1'),
    });
    const { result } = await backUp(stubs);
    assert.deepEqual(freezing(stubs), ['runHook pre a 0', 'createSnapshot pv-1', 'runHook post a 0']);
    assert.deepEqual(
      stubs
        .inputs('archiveItems')
        .map(({ batch, failedVolumes, unknownVolumes }) => [batch.key, failedVolumes, unknownVolumes]),
      [
        ['pods', {}, []],
        ['volumes pv-1 pv-2 pv-3', {}, ['pv-2']],
      ],
    );
    assert.deepEqual([result.phase, result.warnings], ['Completed', 1]);
  });

  it('of blocks run side by side, no more than batches do', async () => {
    const names = ['a', 'b', 'c', 'd'];
    let open = 0;
    let most = 0;
    const stubs = new StubActivities({
      ...withHooks(names.map((name) => block([blockPod(name)]))),
      async runHook(input) {
        if (input.phase === 'pre') most = Math.max(most, ++open);
        else open--;
        return usual.runHook(input);
      },
    });
    await backUp(stubs);
    assert.deepEqual([stubs.inputs('runHook').length, most], [8, 2]);
  });

  it('a.4.7 that fail before keep the pod out, and end those after them; its volumes are snapshotted, and it is thawed', async () => {
    const stubs = new StubActivities({
      ...withHooks([block([blockPod('a', { pre: 3 }), blockPod('b')], 'pv-1')]),
      ...failing([], ['pre a 1']),
    });
    const { result, status } = await backUp(stubs);
    assert.deepEqual(freezing(stubs), [
      'runHook pre a 0',
      'runHook pre a 1',
      'runHook pre b 0',
      'createSnapshot pv-1',
      'runHook post a 0',
      'runHook post b 0',
    ]);
    assert.deepEqual(stubs.inputs('archiveItems')[0]?.failedPods, [{ namespace: 'shop', name: 'a' }]);
    assert.deepEqual([result.phase, result.errors, status.hooks], ['PartiallyFailed', 1, { attempted: 6, failed: 1 }]);
    const metadata = stubs.inputs('putObject').find(({ artifact }) => artifact.type === 'metadata');
    assert.ok(metadata?.artifact.type === 'metadata');
    assert.deepEqual(metadata.artifact.status.hookStatus, { hooksAttempted: 6, hooksFailed: 1 });
  });

  it('a.5.5 that fail and may go on to the next, and keep nothing out', async () => {
    const stubs = new StubActivities({
      ...withHooks([block([blockPod('a', { pre: 2 })])]),
      ...failing(['pre a 0']),
    });
    const { result, status } = await backUp(stubs);
    assert.deepEqual(freezing(stubs), ['runHook pre a 0', 'runHook pre a 1', 'runHook post a 0']);
    assert.equal(stubs.inputs('archiveItems')[0]?.failedPods, undefined);
    assert.deepEqual([result.phase, status.hooks], ['PartiallyFailed', { attempted: 3, failed: 1 }]);
  });

  it('a.4.11 after snapshots all run, whichever fails', async () => {
    const stubs = new StubActivities({
      ...withHooks([block([blockPod('a', { post: 2 }), blockPod('b')])]),
      ...failing([], ['post a 0']),
    });
    const { status } = await backUp(stubs);
    assert.deepEqual(freezing(stubs).slice(2), ['runHook post a 0', 'runHook post a 1', 'runHook post b 0']);
    assert.deepEqual(status.hooks, { attempted: 5, failed: 1 });
  });

  it('a.4.11 thaw when a snapshot is refused, and its reason reaches the PersistentVolume when that is listed', async () => {
    const stubs = new StubActivities({
      ...withHooks([block([blockPod('a')], 'pv-1', 'pv-2')]),
      async getVolumeId({ persistentVolume }) {
        if (persistentVolume === 'pv-1') throw permanent('AccessDenied', 'no rights to pv-1');
        return `volume-of-${persistentVolume}`;
      },
    });
    const { result } = await backUp(stubs);
    assert.deepEqual(freezing(stubs), ['runHook pre a 0', 'createSnapshot pv-2', 'runHook post a 0']);
    assert.deepEqual(
      stubs.inputs('archiveItems').map(({ failedVolumes }) => failedVolumes),
      [{}, { 'pv-1': 'no rights to pv-1' }],
    );
    assert.equal(stubs.inputs('getVolumeId').length, 2, 'a volume was asked for twice');
    assert.equal(result.volumes.failed, 1);
  });

  it('wait until the pods of all calls are listed, and keep these apart from the others', async () => {
    const blocks = [block([blockPod('a'), blockPod('b', { batch: 1 })])];
    const stubs = new StubActivities({
      ...withHooks(blocks),
      ...failing([], ['pre b 0']),
      async collectItems({ step, from }) {
        return {
          batches: from.list < 2 ? [batchRef(`${step}-others`, 'pods', 1)] : [],
          ...(from.list < 2 && { hooked: [batchRef(`${step}-hooked`, 'pods', 1)] }),
          ...(from.list === 1 && { hooksAreDue: true as const }),
          ...(from.list < 2 && { next: { list: from.list + 1 } }),
          segments: [],
          report: reportRef(step),
          selected: {},
          archived: {},
          remaining: 0,
        };
      },
    });
    await backUp(stubs);
    assert.deepEqual(
      stubs.inputs('collectItems').map(({ hooked, staged }) => [hooked, staged]),
      [
        [undefined, 0],
        [true, 2],
        [undefined, 4],
      ],
    );
    const [{ batches }] = stubs.inputs('selectHooks') as [Parameters<Activities['selectHooks']>[0]];
    assert.equal(stubs.inputs('selectHooks').length, 1);
    assert.deepEqual(
      batches.map(({ key }) => key.replace(/\d+/, 'n')),
      ['collect-n-hooked', 'collect-n-hooked'],
    );
    const archived = stubs.inputs('archiveItems');
    assert.equal(new Set(archived.map(({ order }) => String(order))).size, 4, 'two segments stand at one place');
    const hooked = archived.filter(({ batch }) => batch.key.endsWith('hooked'));
    assert.deepEqual(
      batches.map(({ key }) => hooked.find(({ batch }) => batch.key === key)?.failedPods),
      [undefined, [{ namespace: 'shop', name: 'b' }]],
    );
  });

  it('of pods that an action asks for run before the volumes of the same wave are snapshotted', async () => {
    const stubs = new StubActivities({
      ...withHooks([block([blockPod('a')], 'pv-0', 'pv-1')]),
      async collectItems({ step }) {
        const report = reportRef(step, { additionalItems: 1 });
        const batches = [batchRef('volumes pv-0', 'persistentvolumes', 1)];
        return { batches, segments: [], report, selected: {}, archived: {}, remaining: 0 };
      },
      collectAdditionalItems: async ({ step }) => ({
        batches: [batchRef('volumes pv-1 pv-2', 'persistentvolumes', 2)],
        hooked: [batchRef('pods', 'pods', 1)],
        segments: [],
        report: reportRef(step),
        selected: {},
        archived: {},
      }),
    });
    const { result } = await backUp(stubs);
    assert.deepEqual(freezing(stubs), [
      'createSnapshot pv-0',
      'runHook pre a 0',
      'createSnapshot pv-1',
      'runHook post a 0',
      'createSnapshot pv-2',
    ]);
    assert.equal(result.volumes.completed, 3);
  });

  describe('when the backup is cancelled', () => {
    /** Cancels while the first call of an activity that matches runs, which then ends as it would have. */
    async function cancelDuring(call: RegExp, blocks = [block([blockPod('a'), blockPod('b')], 'pv-1')]) {
      const cancelled = Promise.withResolvers<void>();
      const reached = Promise.withResolvers<void>();
      const stubs: StubActivities = new StubActivities({
        ...withHooks(blocks),
        async runHook(input) {
          await meet(`runHook ${input.phase} ${input.pod.name}`);
          return usual.runHook(input);
        },
        async createSnapshot(input) {
          await meet(`createSnapshot ${input.persistentVolume}`);
          return usual.createSnapshot(input);
        },
      });
      async function meet(which: string): Promise<void> {
        if (!call.test(which)) return;
        reached.resolve();
        await until(cancelled.promise);
      }
      const outcome = await runner.fail('backup', stubs, async (started) => {
        await reached.promise;
        await started.cancel();
        // A hook is not told of it, and so has to be let go.
        cancelled.resolve();
      });
      assert.ok(outcome.failure instanceof CancelledFailure);
      assert.equal(outcome.status.phase, 'Cancelled');
      return stubs;
    }

    it('before a snapshot: the hook at hand ends, nothing else is frozen, and what is frozen is thawed first', async () => {
      const stubs = await cancelDuring(/pre a/);
      assert.deepEqual(freezing(stubs), ['runHook pre a 0', 'runHook post a 0', 'deleteArtifacts']);
    });

    it('during a snapshot: all are thawed before anything is cleaned up', async () => {
      const stubs = await cancelDuring(/createSnapshot/);
      assert.deepEqual(freezing(stubs), [
        'runHook pre a 0',
        'runHook pre b 0',
        'createSnapshot pv-1',
        'runHook post a 0',
        'runHook post b 0',
        'deleteArtifacts',
      ]);
    });

    it('while it thaws: the other pods are thawed, too', async () => {
      const stubs = await cancelDuring(/post a/);
      assert.deepEqual(freezing(stubs).slice(3), ['runHook post a 0', 'runHook post b 0', 'deleteArtifacts']);
    });
  });

  it('thaw every block when another one fails for good', async () => {
    const frozen = Promise.withResolvers<void>();
    const stubs = new StubActivities({
      ...withHooks([block([blockPod('a')], 'pv-1'), block([blockPod('b', { pre: 2 })])]),
      async createSnapshot(input) {
        frozen.resolve();
        return until(new Promise<never>(() => undefined)).then(() => usual.createSnapshot(input));
      },
      async runHook(input) {
        if (input.pod.name === 'b' && input.phase === 'pre') {
          await frozen.promise;
          throw permanent('CorruptBackup', 'staging is damaged');
        }
        return usual.runHook(input);
      },
    });
    const { failure, status } = await runner.fail('backup', stubs);
    assert.equal(failure.message, 'staging is damaged');
    assert.equal(status.phase, 'Failed');
    assert.deepEqual(freezing(stubs).slice(-3).toSorted(), ['deleteArtifacts', 'runHook post a 0', 'runHook post b 0']);
  });

  it('thaw the other pods when one can not be thawed, and the backup fails', async () => {
    const stubs = new StubActivities({
      ...withHooks([block([blockPod('a'), blockPod('b')])]),
      async runHook(input) {
        if (input.phase === 'post' && input.pod.name === 'a') throw permanent('CorruptBackup', 'staging is damaged');
        return usual.runHook(input);
      },
    });
    const { failure } = await runner.fail('backup', stubs);
    assert.equal(failure.message, 'staging is damaged');
    assert.deepEqual(freezing(stubs).slice(2), ['runHook post a 0', 'runHook post b 0', 'deleteArtifacts']);
  });
});
