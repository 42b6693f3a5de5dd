import assert from 'node:assert/strict';
import type { WorkflowUpdateFailedError } from '@temporalio/client';
import { CancelledFailure, type ApplicationFailure } from '@temporalio/common';
import type { Activities } from '../../src/activities/index.ts';
import type { RunResult, Steered } from '../../src/workflows/messages.ts';
import { assertAbandoned } from '../support/abandoned-backup.ts';
import { block, blockPod, withHooks } from '../support/hooked-pods.ts';
import { containersOf, creating } from '../support/hooked-restore.ts';
import { begunWhilePaused, holding, quiet } from '../support/paused-runs.ts';
import { withVolumes } from '../support/restored-groups.ts';
import { temporalServer } from '../support/servers.ts';
import { batchRef, permanent, reportRef, selectedVolumes, StubActivities, until } from '../support/stub-activities.ts';
import { WorkflowRunner, type History, type StartedRun } from '../support/workflow-runner.ts';

const usual = new StubActivities().activities;

/** Stubs by which a backup takes every step. */
const backingUp: Partial<Activities> = {
  async collectItems({ step, from }) {
    const batches = [batchRef(from.list === 0 ? 'first' : 'second', 'persistentvolumes', 1)];
    const next = from.list === 0 && { next: { list: 1 } };
    return { batches, segments: [], report: reportRef(step), ...next, selected: {}, archived: {}, remaining: 0 };
  },
  selectVolumes: async ({ batch }) => selectedVolumes([`pv-of-${batch.key}`]),
};

/** Stubs by which a restore takes every step. */
const restoring: Partial<Activities> = {
  ...withVolumes('pv-1'),
  prepareRestore: async (request) => ({
    ...(await usual.prepareRestore(request)),
    actions: [{ name: 'example.com/a' }],
    finishesVolumes: true,
  }),
  executeRestoreItemAction: async ({ batch, step }) => ({
    batch,
    report: reportRef(step, { additionalItems: 1 }),
    waits: true,
  }),
};

/** Settings by which so many batches and volumes are worked on at the same time. */
function atTheSameTime(batches: number, volumes: number): Pick<Activities, 'prepareBackup'> {
  return {
    async prepareBackup(request) {
      const prepared = await usual.prepareBackup(request);
      return { ...prepared, settings: { ...prepared.settings, concurrency: { batches, volumes } } };
    },
  };
}

/** All that was done, in no order: by it steps are numbered. */
function deedsOf({ story }: StubActivities): string[] {
  return story.map((call) => call.replace(/-\d+$/, '')).toSorted();
}

describe('a run that is steered', function () {
  this.timeout(30_000);
  let runner: WorkflowRunner;

  before(async () => {
    runner = await WorkflowRunner.connect(await temporalServer());
  });

  after(() => runner.close());

  const pause = (started: StartedRun): Promise<Steered> => started.executeUpdate<Steered, []>('pause');
  const resume = (started: StartedRun): Promise<Steered> => started.executeUpdate<Steered, []>('resume');
  const setConcurrency = (started: StartedRun, wish: unknown): Promise<Steered> =>
    started.executeUpdate<Steered, [unknown]>('setConcurrency', { args: [wish] });

  /** Runs it to its end; it is paused while the first call of `name` is under way, and resumed when nothing is. */
  async function pausedDuring(
    workflow: 'backup' | 'restore',
    overrides: Partial<Activities>,
    name: keyof Activities,
  ): Promise<{ stubs: StubActivities; whilePaused: string[]; result: RunResult; histories: History[] }> {
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const stubs = holding(overrides, { name, released });
    return runner.run(stubs, async (start) => {
      const started = await start(workflow);
      await stubs.called(name);
      await pause(started);
      release();
      await quiet(started);
      const whilePaused = [...stubs.story];
      await resume(started);
      const result = await started.result();
      return { stubs, whilePaused, result, histories: await runner.histories(started.workflowId) };
    });
  }

  for (const { workflow, overrides, names } of [
    {
      workflow: 'backup',
      overrides: backingUp,
      names: [
        'prepareBackup',
        'collectItems',
        'executeBackupItemAction',
        'selectVolumes',
        'createSnapshot',
        'archiveItems',
        'collectAdditionalItems',
        'awaitSnapshot',
        'reconcileSnapshots',
        'putObject',
        'verifyArtifacts',
      ],
    },
    {
      workflow: 'restore',
      overrides: restoring,
      names: [
        'prepareRestore',
        'unpackBackup',
        'executeRestoreItemAction',
        'unpackAdditionalItems',
        'awaitAdditionalItems',
        'selectSnapshots',
        'createVolumeFromSnapshot',
        'applyItems',
        'finishVolumes',
        'putObject',
        'verifyArtifacts',
      ],
    },
  ] as const) {
    describe(`and paused, a ${workflow},`, () => {
      let unpaused: readonly string[];

      before(async () => {
        const stubs = new StubActivities(overrides);
        await runner.run(stubs, async (start) => (await start(workflow)).result());
        unpaused = deedsOf(stubs);
      });

      for (const name of names) {
        it(`begins nothing after ${name}, which ends, and does all the rest when it is resumed`, async () => {
          const { stubs, result, histories } = await pausedDuring(workflow, overrides, name);
          assert.deepEqual(begunWhilePaused(histories), []);
          assert.equal(result.phase, 'Completed');
          assert.deepEqual(deedsOf(stubs), unpaused);
        });
      }
    });
  }

  it('and paused thaws what it has frozen, with its snapshots, and freezes nothing else', async () => {
    const { stubs, whilePaused, result, histories } = await pausedDuring(
      'backup',
      {
        ...withHooks([block([blockPod('a', { pre: 2 })], 'pv-1'), block([blockPod('b')], 'pv-2')]),
        ...atTheSameTime(1, 1),
      },
      'runHook',
    );
    const freezing = (story: readonly string[]) => story.filter((call) => /^(runHook|createSnapshot)/.test(call));
    const first = ['runHook pre a 0', 'runHook pre a 1', 'createSnapshot pv-1', 'runHook post a 0'];
    assert.deepEqual(freezing(whilePaused), first);
    assert.deepEqual(freezing(stubs.story), [...first, 'runHook pre b 0', 'createSnapshot pv-2', 'runHook post b 0']);
    assert.deepEqual(begunWhilePaused(histories), ['runHook', 'selectVolumes', 'snapshotVolume', 'runHook']);
    assert.equal(result.phase, 'Completed');
  });

  it('and paused runs the hooks of pods that it has restored, and restores nothing else', async () => {
    const { whilePaused, result, histories } = await pausedDuring(
      'restore',
      creating(...containersOf('a', {}, {})),
      'applyItems',
    );
    assert.deepEqual(
      whilePaused.filter((call) => /^(runHook|applyItems)/.test(call)),
      ['applyItems apply-2', 'runHook restore a 0', 'runHook restore a 1'],
    );
    assert.deepEqual(begunWhilePaused(histories), ['awaitContainers', 'runHook', 'runHook']);
    assert.equal(result.phase, 'Completed');
  });

  for (const { when, isReleased } of [
    { when: 'at once, when nothing is under way', isReleased: true },
    { when: 'while something is still under way', isReleased: false },
  ]) {
    it(`and paused can be cancelled ${when}`, async () => {
      const { promise: released, resolve: release } = Promise.withResolvers<void>();
      const stubs = holding(backingUp, { name: 'archiveItems', released });
      const { failure, status } = await runner.fail('backup', stubs, async (started) => {
        await stubs.called('archiveItems');
        await pause(started);
        if (isReleased) {
          release();
          await quiet(started);
        }
        await started.cancel();
      });
      assert.ok(failure instanceof CancelledFailure);
      assert.deepEqual([status.phase, status.pausedSince], ['Cancelled', undefined]);
      assertAbandoned(stubs, 'cancelled');
    });
  }

  it('and paused fails when what is under way does, and cleans up', async () => {
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const stubs: StubActivities = new StubActivities({
      ...backingUp,
      async collectItems(input) {
        if (input.from.list === 1) await until(stubs.called('archiveItems'));
        return backingUp.collectItems!(input);
      },
      async archiveItems() {
        await until(released);
        throw permanent('AccessDenied', 'put segment: 403');
      },
    });
    const { failure, status } = await runner.fail('backup', stubs, async (started) => {
      await stubs.called('archiveItems');
      await pause(started);
      release();
    });
    assert.equal(failure.message, 'put segment: 403');
    assert.deepEqual([status.phase, status.pausedSince], ['Failed', undefined]);
    assertAbandoned(stubs, 'put segment: 403');
  });

  it('tells since when it is paused, once and for all who ask again', async () => {
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const stubs = holding(
      {
        async prepareBackup(request) {
          const prepared = await usual.prepareBackup(request);
          return { ...prepared, settings: { ...prepared.settings, searchAttributes: true } };
        },
      },
      { name: 'archiveItems', released },
    );
    await runner.run(stubs, async (start) => {
      const started = await start('backup');
      await stubs.called('archiveItems');
      const { pausedSince, concurrency } = await pause(started);
      assert.match(pausedSince ?? '', /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
      assert.deepEqual(concurrency, { batches: 2 });
      assert.deepEqual(await pause(started), { pausedSince, concurrency });
      const status = await started.status();
      assert.deepEqual([status.phase, status.pausedSince], ['InProgress', pausedSince]);
      const paused = await started.query<Metadata>('__temporal_workflow_metadata');
      const [head] = (paused.currentDetails ?? '').split('\n');
      assert.equal(head, `**Backup ${started.name}**: InProgress, paused since ${pausedSince}`);
      assert.match(paused.currentDetails ?? '', /^- at the same time: 2 batches$/m);
      assert.deepEqual((await started.describe()).searchAttributes['BowlinePhase'], ['Paused']);

      assert.deepEqual(await resume(started), { concurrency });
      assert.deepEqual(await resume(started), { concurrency });
      assert.equal((await started.status()).pausedSince, undefined);
      assert.deepEqual((await started.describe()).searchAttributes['BowlinePhase'], ['InProgress']);
      const resumed = await started.query<Metadata>('__temporal_workflow_metadata');
      assert.doesNotMatch(resumed.currentDetails ?? '', /paused/);
      release();
      assert.equal((await started.result()).phase, 'Completed');
    });
  });

  it("tells Temporal's tools what each update does", async () => {
    const { definition } = await runner.run(new StubActivities(), async (start) => {
      const started = await start('restore');
      await started.result();
      return started.query<Metadata>('__temporal_workflow_metadata');
    });
    assert.deepEqual(
      definition?.updateDefinitions?.map(({ name, description = '' }) => [name, description.length > 20]).toSorted(),
      [
        ['pause', true],
        ['resume', true],
        ['setConcurrency', true],
      ],
    );
  });

  it('is not held any more once its last step has begun, and says so', async () => {
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const lastStep = Promise.withResolvers<void>();
    const stubs = new StubActivities({
      async putObject(input) {
        if (input.artifact.type === 'metadata') {
          lastStep.resolve();
          await until(released);
        }
        return usual.putObject(input);
      },
    });
    await runner.run(stubs, async (start) => {
      const started = await start('backup');
      await lastStep.promise;
      for (const update of [() => pause(started), () => setConcurrency(started, { batches: 1 })]) {
        const { type, message } = await refusalOf(update());
        assert.equal(type, 'Unsupported');
        assert.match(message, /^backup .*: it is about to end/);
      }
      release();
      assert.equal((await started.result()).phase, 'Completed');
    });
  });

  /** A backup of so many batches, whose archiving is held; it counts how many are worked on at the same time. */
  function manyBatches(batches: number, released: Promise<void>) {
    const underWay = { now: 0, most: 0 };
    const stubs = new StubActivities({
      ...atTheSameTime(2, 2),
      async collectItems({ step }) {
        const refs = Array.from({ length: batches }, (_, index) => batchRef(`${step}-batch${index}`, 'pods', 1));
        return { batches: refs, segments: [], report: reportRef(step), selected: {}, archived: {}, remaining: 0 };
      },
      async archiveItems(input) {
        underWay.most = Math.max(underWay.most, ++underWay.now);
        await until(released);
        underWay.now--;
        return usual.archiveItems(input);
      },
    });
    return { stubs, underWay };
  }

  it('works on more batches from the moment on that it is told to', async () => {
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const { stubs, underWay } = manyBatches(8, released);
    await runner.run(stubs, async (start) => {
      const started = await start('backup');
      await stubs.called('archiveItems', 2);
      await quiet(started, 2);
      assert.equal(underWay.most, 2);
      assert.deepEqual(await setConcurrency(started, { batches: 5 }), { concurrency: { batches: 5 } });
      await stubs.called('archiveItems', 5);
      assert.deepEqual((await started.status()).concurrency, { batches: 5 });
      release();
      assert.equal((await started.result()).items, 8);
    });
    assert.equal(underWay.most, 5);
  });

  it('works on fewer, once those that are under way have ended, and stops none', async () => {
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const { stubs, underWay } = manyBatches(6, released);
    const history = await runner.run(stubs, async (start) => {
      const started = await start('backup');
      await stubs.called('archiveItems', 2);
      await setConcurrency(started, { batches: 1 });
      release();
      assert.equal((await started.result()).items, 6);
      return started.fetchHistory();
    });
    assert.equal(underWay.most, 2);
    assert.equal(mostAtTheSameTime(history, 'archiveItems', 'setConcurrency'), 1);
  });

  it('takes it before it has been prepared, and keeps it then', async () => {
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const stubs = holding(atTheSameTime(8, 8), { name: 'prepareBackup', released });
    await runner.run(stubs, async (start) => {
      const started = await start('backup');
      await stubs.called('prepareBackup');
      assert.deepEqual(await setConcurrency(started, { volumes: 3 }), { concurrency: { volumes: 3 } });
      release();
      await started.result();
      assert.deepEqual((await started.status()).concurrency, { batches: 8, volumes: 3 });
    });
  });

  it('begins more volumes in each location, whatever the limit of that says', async () => {
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const stubs = new StubActivities({
      async prepareBackup(request) {
        const prepared = await usual.prepareBackup(request);
        return { ...prepared, settings: { ...prepared.settings, snapshotLimits: { disks: { inFlight: 2 } } } };
      },
      collectItems: backingUp.collectItems!,
      async selectVolumes({ batch }) {
        const names = Array.from({ length: 4 }, (_, index) => `${index}-of-${batch.key}`);
        const selected = selectedVolumes(names);
        return { ...selected, volumes: selected.volumes.map((volume) => ({ ...volume, location: 'disks' })) };
      },
      async createSnapshot(input) {
        await until(released);
        return usual.createSnapshot(input);
      },
    });
    const { result, before } = await runner.run(stubs, async (start) => {
      const started = await start('backup');
      await stubs.called('createSnapshot', 2);
      const { pendingChildren } = (await started.describe()).raw;
      await setConcurrency(started, { volumes: 6 });
      await stubs.called('createSnapshot', 6);
      release();
      return { result: await started.result(), before: pendingChildren?.length };
    });
    assert.equal(before, 2);
    assert.equal(result.volumes.completed, 8);
  });

  it('refuses what is out of range or unknown, all of it at once, and leaves no trace of it', async () => {
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const stubs = holding({}, { name: 'archiveItems', released });
    const history = await runner.run(stubs, async (start) => {
      const started = await start('backup');
      await stubs.called('archiveItems');
      const { type, message, details } = await refusalOf(
        setConcurrency(started, { batches: 0, volumes: 1.5, lists: 4 }),
      );
      const problems = [
        'batches: expected a whole number from 1 to 50',
        'volumes: expected a whole number from 1 to 500',
        'lists: unknown; expected batches or volumes',
      ];
      assert.deepEqual([type, message, details], ['InvalidSpec', problems.join('; '), [problems]]);
      assert.deepEqual((await started.status()).concurrency, { batches: 2 });
      release();
      await started.result();
      return started.fetchHistory();
    });
    const updates = (history.events ?? []).filter((event) => event.workflowExecutionUpdateAcceptedEventAttributes);
    assert.deepEqual(updates, []);
  });
});

/** What the UI shows of a running workflow. */
interface Metadata {
  readonly currentDetails?: string;
  readonly definition?: { readonly updateDefinitions?: { readonly name: string; readonly description?: string }[] };
}

async function refusalOf(update: Promise<unknown>): Promise<ApplicationFailure> {
  const error = await update.then(
    () => assert.fail('it was not refused'),
    (thrown: WorkflowUpdateFailedError) => thrown,
  );
  return error.cause as ApplicationFailure;
}

/** How many calls of an activity a history has under way at the same time, of those scheduled after an update. */
function mostAtTheSameTime({ events }: History, activity: string, update: string): number {
  let counts = false;
  let most = 0;
  const underWay = new Set<string>();
  for (const event of events ?? []) {
    counts ||= event.workflowExecutionUpdateAcceptedEventAttributes?.acceptedRequest?.input?.name === update;
    const scheduled = event.activityTaskScheduledEventAttributes?.activityType?.name === activity;
    if (scheduled && counts) underWay.add(String(event.eventId));
    underWay.delete(String(event.activityTaskCompletedEventAttributes?.scheduledEventId));
    most = Math.max(most, underWay.size);
  }
  return most;
}
