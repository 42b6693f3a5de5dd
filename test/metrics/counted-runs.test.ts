import assert from 'node:assert/strict';
import type { WorkflowExecutionDescription } from '@temporalio/client';
import { listCountedRuns, type CountedRun } from '../../src/metrics/counted-runs.ts';
import { temporalServer } from '../support/servers.ts';
import { permanent, StubActivities, untilCancelled } from '../support/stub-activities.ts';
import { WorkflowRunner, type StartedRun } from '../support/workflow-runner.ts';
import { eventually } from '../tools/stack/eventually.ts';

const plain = new StubActivities().activities;
const nightly = { metadata: { labels: { 'velero.io/schedule-name': 'nightly' } } };

/** Stubs of which a spec's `storageLocation` says what becomes of a run. */
const stubs = (): StubActivities =>
  new StubActivities({
    async prepareBackup(request) {
      if (request.spec?.storageLocation === 'refuse') throw permanent('InvalidSpec', 'name: bad');
      if (request.spec?.storageLocation === 'hold') await untilCancelled();
      const prepared = await plain.prepareBackup(request);
      const location = request.spec?.storageLocation ?? prepared.run.location;
      return { ...prepared, run: { ...prepared.run, location } };
    },
    async collectItems(input) {
      if (input.run.location === 'hold-later') await untilCancelled();
      return plain.collectItems(input);
    },
    prepareRestore: async (request) => ({ ...(await plain.prepareRestore(request)), schedule: 'nightly' }),
    prepareDeletion: async (request) => ({ ...(await plain.prepareDeletion(request)), schedule: 'nightly' }),
  });

describe('the runs that Temporal lists', () => {
  let runner: WorkflowRunner;
  before(async () => void (runner = await WorkflowRunner.connect(await temporalServer())));
  after(() => runner.close());

  /** As they are listed once `count` are, by their names. */
  async function listed(of: StartedRun, count: number, idPrefix = ''): Promise<Map<string, CountedRun>> {
    const { taskQueue } = await of.describe();
    let runs: readonly CountedRun[] = [];
    await eventually(`${count} runs are listed`, async () => {
      const at = new Date();
      ({ runs } = await listCountedRuns({ client: runner.client, namespace: 'default', taskQueue, idPrefix }, at));
      return runs.length === count;
    });
    return new Map(runs.map((run) => [run.name, run]));
  }

  async function ended(run: StartedRun): Promise<WorkflowExecutionDescription> {
    await run.result().catch(() => undefined);
    return run.describe();
  }

  it('are told with their schedule, their phase and their counts', async () => {
    await runner.run(stubs(), async (start) => {
      const whole = await start('backup', nightly);
      const restored = await start('restore', { backupName: 'a' });
      const deleted = await start('deleteBackup');
      const refused = await start('backup', { ...nightly, storageLocation: 'refuse' });
      const odd = await start('backup', { metadata: { labels: { 'velero.io/schedule-name': 'a\nb' } } });
      const infos = await Promise.all([whole, restored, deleted, refused, odd].map(ended));
      const runs = await listed(whole, 5);
      const expected: readonly [StartedRun, Partial<CountedRun>][] = [
        [whole, { kind: 'backup', schedule: 'nightly', phase: 'Completed' }],
        [restored, { kind: 'restore', schedule: 'nightly', phase: 'Completed' }],
        [deleted, { kind: 'deletion', schedule: 'nightly', phase: 'Completed' }],
        [refused, { kind: 'backup', schedule: 'nightly', phase: 'FailedValidation' }],
        [odd, { kind: 'backup', schedule: '', phase: 'Completed' }],
      ];
      for (const [index, [{ name }, facts]] of expected.entries()) {
        const { startTime, closeTime } = infos[index]!;
        const volumes = { attempted: 0, completed: 0 };
        const times = { startedAt: startTime.getTime(), endedAt: closeTime!.getTime() };
        assert.deepEqual(runs.get(name), { name, ...facts, warnings: 0, volumes, ...times });
      }
    });
  });

  it('go on, were cancelled, or were terminated and could not say how they ended', async () => {
    await runner.run(stubs(), async (start) => {
      const held = { ...nightly, storageLocation: 'hold-later' };
      const [going, cancelled, terminated] = [
        await start('backup', held),
        await start('backup', held),
        await start('backup', held),
      ];
      await listed(going, 3);
      await cancelled.cancel();
      await ended(cancelled);
      await terminated.terminate('gone');
      await eventually('two of three have ended', async () => {
        const runs = await listed(going, 3);
        return [...runs.values()].filter(({ endedAt }) => endedAt !== undefined).length === 2;
      });
      const runs = await listed(going, 3);
      assert.deepEqual(
        [going, cancelled, terminated].map(({ name }) => runs.get(name)?.phase),
        ['InProgress', 'Cancelled', 'Failed'],
      );
      assert.ok([...runs.values()].every(({ schedule }) => schedule === 'nightly'));
      await going.cancel();
      await ended(going);
    });
  });

  it('leave out dry runs, those of others, and those that have not begun', async () => {
    await runner.run(stubs(), async (start) => {
      const whole = await start('backup', nightly);
      const waiting = await start('backup', { storageLocation: 'hold' });
      const planned = await start('restore', { backupName: 'a' }, { dryRun: true });
      await ended(whole);
      while ((await planned.status()).plan === undefined);
      await planned.signal('planTaken');
      await ended(planned);
      assert.deepEqual([...(await listed(whole, 1)).keys()], [whole.name]);
      assert.equal((await listed(whole, 0, 'east/')).size, 0);
      await waiting.cancel();
      await ended(waiting);
      assert.equal((await listed(whole, 2)).get(waiting.name)?.phase, 'Cancelled');
    });
  });
});
