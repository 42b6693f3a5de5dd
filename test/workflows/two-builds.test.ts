import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { WorkflowHandle } from '@temporalio/client';
import { NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker';
import type { AddedActivities } from '../support/changed-workflows/added-step.ts';
import { temporalServer } from '../support/servers.ts';
import { StubActivities, until } from '../support/stub-activities.ts';
import { WorkflowRunner } from '../support/workflow-runner.ts';
import { workflowBundle } from '../support/workflow-bundle.ts';
import { eventually } from '../tools/stack/eventually.ts';

/** The workflows as they are, and with a step added by `patched`. */
const builds = { old: undefined, new: new URL('../support/changed-workflows/patched.ts', import.meta.url) };

/** A worker that polls. */
interface RunningWorker {
  stop(): Promise<void>;
}

describe('two builds on one task queue', function () {
  this.timeout(120_000);
  let runner: WorkflowRunner;
  let address: string;

  before(async () => {
    ({ address } = await temporalServer());
    runner = await WorkflowRunner.connect({ address });
    await Promise.all(Object.values(builds).map((workflows) => workflowBundle(workflows)));
  });

  after(() => runner.close());

  /** A worker with a connection of its own: one connection takes one worker of a task queue. */
  async function startWorker(options: Omit<WorkerOptions, 'connection'>): Promise<RunningWorker> {
    const connection = await NativeConnection.connect({ address });
    const worker = await Worker.create({ ...options, connection });
    const ended = worker.run();
    return {
      async stop() {
        worker.shutdown();
        await ended;
        await connection.close();
      },
    };
  }

  /** A task queue, the activities that are done on it, and who does the workflows. */
  function queue() {
    const taskQueue = `builds-${randomUUID()}`;
    const released = Promise.withResolvers<void>();
    const added = { calls: 0, ...Promise.withResolvers<void>() };
    const { archiveItems } = new StubActivities().activities;
    const stubs = new StubActivities({
      async archiveItems(input) {
        await until(released.promise);
        return archiveItems(input);
      },
    });
    const others: AddedActivities = {
      async addedStep() {
        added.calls++;
        await until(added.promise);
      },
    };
    return {
      stubs,
      added,
      release: released.resolve,

      async whileActivitiesAreDone(work: () => Promise<void>): Promise<void> {
        const worker = await startWorker({ taskQueue, activities: { ...stubs.activities, ...others } });
        try {
          await work();
        } finally {
          await worker.stop();
        }
      },

      startBuild: async (build: keyof typeof builds): Promise<RunningWorker> =>
        startWorker({ taskQueue, identity: build, workflowBundle: await workflowBundle(builds[build]) }),

      startBackup(): Promise<WorkflowHandle> {
        const name = `builds-${randomUUID()}`;
        return runner.client.workflow.start('backup', { workflowId: `backup/${name}`, taskQueue, args: [{ name }] });
      },
    };
  }

  /** Which build did each task of a run, or failed at it. */
  async function buildsOf(handle: WorkflowHandle): Promise<string[]> {
    const { events } = await handle.fetchHistory();
    return (events ?? []).flatMap(
      ({ workflowTaskCompletedEventAttributes: done, workflowTaskFailedEventAttributes }) => {
        if (workflowTaskFailedEventAttributes) return [`${workflowTaskFailedEventAttributes.identity} failed`];
        return done?.identity ?? [];
      },
    );
  }

  for (const { first, last, steps } of [
    { first: 'old', last: 'new', steps: 'which takes its step in all of them' },
    { first: 'new', last: 'old', steps: 'as long as they have not come to the step' },
  ] as const) {
    it(`begin runs beside each other, and the ${last} one ends them, ${steps}`, async () => {
      const { stubs, added, release, whileActivitiesAreDone, startBuild, startBackup } = queue();
      await whileActivitiesAreDone(async () => {
        const workers = { [first]: await startBuild(first), [last]: await startBuild(last) };
        const runs: WorkflowHandle[] = [];
        const begunBy = new Set<string>();
        while (begunBy.size < 2) {
          runs.push(await startBackup());
          await stubs.called('archiveItems', runs.length);
          begunBy.add((await buildsOf(runs.at(-1)!))[0]!);
        }
        await workers[first]!.stop();
        release();
        added.resolve();
        for (const run of runs) {
          assert.equal(((await run.result()) as { phase: string }).phase, 'Completed');
          assert.equal((await buildsOf(run)).at(-1), last);
        }
        assert.equal(added.calls, last === 'new' ? runs.length : 0);
        await workers[last]!.stop();
      });
    });
  }

  it('do not break a run that has taken the step: the old one fails at its task, and the new one goes on', async () => {
    const { added, release, whileActivitiesAreDone, startBuild, startBackup } = queue();
    await whileActivitiesAreDone(async () => {
      const current = await startBuild('new');
      release();
      const run = await startBackup();
      await eventually('the step is taken', () => added.calls === 1);
      const old = await startBuild('old');
      await current.stop();
      added.resolve();
      await eventually('the old build has failed', async () => (await buildsOf(run)).includes('old failed'));
      assert.equal((await run.describe()).status.name, 'RUNNING');
      await old.stop();
      const again = await startBuild('new');
      assert.equal(((await run.result()) as { phase: string }).phase, 'Completed');
      assert.equal(added.calls, 1);
      await again.stop();
    });
  });
});
