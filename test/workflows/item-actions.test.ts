import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import type { Activities } from '../../src/activities/index.ts';
import { mostContent, type HandedBatch } from '../../src/api/handed-batch.ts';
import type { PlannedAction, PlannedWorker } from '../../src/api/run.ts';
import { ActionWorker, hang, strangeConverter, type ExecuteBatch } from '../support/action-worker.ts';
import { temporalServer } from '../support/servers.ts';
import { batchRef, reportRef, StubActivities } from '../support/stub-activities.ts';
import { WorkflowRunner } from '../support/workflow-runner.ts';

const usable: ExecuteBatch = async ({ answerPrefix }) => ({
  key: `${answerPrefix}1`,
  sha256: 'a'.repeat(64),
  bytes: 1,
});

describe('an item action that another worker runs', () => {
  let runner: WorkflowRunner;
  let actions: ActionWorker;

  before(async () => {
    runner = await WorkflowRunner.connect(await temporalServer());
  });
  beforeEach(async () => {
    actions = new ActionWorker(await temporalServer());
  });
  after(() => runner.close());

  function action(changes: Partial<PlannedWorker> = {}): PlannedAction {
    return {
      name: 'example.com/elsewhere',
      groupResources: ['pods'],
      worker: {
        taskQueue: actions.taskQueue,
        startTimeoutMs: 20_000,
        timeoutMs: 20_000,
        transport: 'store',
        appliesTo: { labelSelector: 'app=web' },
        ...changes,
      },
    };
  }

  /** Activities of a backup and of a restore whose actions are one before, this one, and one after. */
  function stubs(planned: PlannedAction = action(), overrides: Partial<Activities> = {}): StubActivities {
    const defaults = new StubActivities().activities;
    const between = [{ name: 'example.com/a' }, planned, { name: 'example.com/z' }];
    return new StubActivities({
      prepareBackup: async (request) => ({ ...(await defaults.prepareBackup(request)), actions: between }),
      prepareRestore: async (request) => ({ ...(await defaults.prepareRestore(request)), actions: between }),
      executeBackupItemAction: async ({ step }) => ({
        batch: batchRef(`${step}-out`, 'pods', 9),
        report: reportRef(step),
      }),
      executeRestoreItemAction: async ({ step }) => ({
        batch: batchRef(`${step}-out`, 'pods', 9),
        report: reportRef(step),
      }),
      adoptItems: async ({ step }) => ({
        batch: batchRef(`${step}-out`, 'pods', 8),
        report: reportRef(step, { errors: 1 }),
      }),
      ...overrides,
    });
  }

  const run = (given: StubActivities, type: 'backup' | 'restore' = 'backup') =>
    runner.run(given, async (start) => (await start(type)).result());

  /** What `adoptItems` was told instead of an answer. */
  function failure(given: StubActivities): string {
    const [input] = given.inputs('adoptItems');
    assert.ok(input && 'failure' in input.answer, JSON.stringify(input?.answer));
    return input.answer.failure;
  }

  for (const type of ['backup', 'restore'] as const) {
    it(`stands in its place among the others of a ${type}, which cannot tell`, async () => {
      const given = stubs();
      const result = await actions.while(usable, () => run(given, type));
      assert.equal(result.phase, 'PartiallyFailed');
      assert.equal(result.errors, 1);
      const execute = type === 'backup' ? 'executeBackupItemAction' : 'executeRestoreItemAction';
      const story = given.story.filter((line) => / example.com|adopt/.test(line) || line.startsWith('archive'));
      assert.deepEqual(story.slice(0, 4), [
        `${execute} example.com/a`,
        'handOverItems example.com/elsewhere',
        `adoptItems ${given.inputs('adoptItems')[0]?.step}`,
        `${execute} example.com/z`,
      ]);
      const [handOver] = given.inputs('handOverItems');
      const [adopt] = given.inputs('adoptItems');
      const [first, last] = given.inputs(execute);
      assert.equal(handOver?.batch.key, `${first?.step}-out`);
      assert.equal(last?.batch.key, `${adopt?.step}-out`);
      assert.deepEqual(handOver?.worker, action().worker);
      assert.deepEqual(adopt?.batch, handOver?.batch);
      assert.deepEqual(adopt?.handed, actions.batches[0]);
      assert.deepEqual(adopt?.answer, await usable(actions.batches[0]!));
    });
  }

  it('is not asked for a batch of which it wants no item', async () => {
    const given = stubs(action(), { handOverItems: async () => undefined });
    const { phase } = await actions.while(usable, () => run(given));
    assert.equal(phase, 'Completed');
    assert.deepEqual([actions.batches, given.inputs('adoptItems')], [[], []]);
    const [first, last] = given.inputs('executeBackupItemAction');
    assert.equal(last?.batch.key, `${first?.step}-out`);
  });

  it('is waited for until the time to take a batch is over, and no longer', async () => {
    const given = stubs(action({ startTimeoutMs: 1_000 }));
    assert.equal((await run(given)).phase, 'PartiallyFailed');
    assert.equal(failure(given), `no worker on task queue ${actions.taskQueue} took the batch within 1 s`);
  });

  it('is tried three times if it hangs, and then given up', async () => {
    const given = stubs(action({ timeoutMs: 1_000 }));
    const result = await actions.while(hang, () => run(given));
    assert.equal(result.phase, 'PartiallyFailed');
    assert.equal(failure(given), `the worker on task queue ${actions.taskQueue} did not answer within 1 s`);
    assert.equal(actions.batches.length, 3);
  });

  it('may fail, and then answer', async () => {
    const given = stubs();
    await actions.while(
      async (batch) => {
        if (actions.batches.length < 3) throw new Error('not today');
        return usable(batch);
      },
      () => run(given),
    );
    assert.deepEqual(given.inputs('adoptItems')[0]?.answer, await usable(actions.batches[0]!));
  });

  it('is given up when it fails three times, with the reason, and not the whole of a long one', async () => {
    const given = stubs();
    await actions.while(
      async () => Promise.reject(new Error(`no licence ${'!'.repeat(2_000)}`)),
      () => run(given),
    );
    assert.match(failure(given), /^the worker on task queue actions-\S+ failed: no licence !+$/);
    assert.ok(failure(given).length <= 1_000);
    assert.equal(actions.batches.length, 3);
  });

  const ends: readonly [string, () => Error, RegExp][] = [
    ['fails for good', () => ApplicationFailure.nonRetryable('no licence'), /failed: no licence$/],
    [
      'wants to be asked again in a year',
      () => ApplicationFailure.create({ message: 'later', nextRetryDelay: '1 year' }),
      /failed: later$/,
    ],
    ['says of itself that it was cancelled', () => new CancelledFailure('who knows'), /failed: /],
    [
      'fails with details that nobody can read',
      () => ApplicationFailure.nonRetryable('no', 'X', { a: 1 }),
      /failed: no$/,
    ],
  ];
  for (const [what, error, expected] of ends) {
    it(`fails no run when it ${what}`, async () => {
      const given = stubs();
      const { phase } = await actions.while(
        async () => Promise.reject(error()),
        () => run(given),
        strangeConverter,
      );
      assert.equal(phase, 'PartiallyFailed');
      assert.match(failure(given), expected);
    });
  }

  it('fails no run when what it says of its failure can not be read', async () => {
    const given = stubs();
    const failureConverterPath = fileURLToPath(new URL('../support/action-worker.ts', import.meta.url));
    await actions.while(
      async () => Promise.reject(ApplicationFailure.nonRetryable('no licence')),
      () => run(given),
      { ...strangeConverter, failureConverterPath },
    );
    assert.match(failure(given), /failed: Encoded failure$/);
  });

  it('fails no run when its answer can not be read', async () => {
    const given = stubs();
    await actions.while(usable, () => run(given), strangeConverter);
    assert.equal(failure(given), "it answered in an encoding that can't be read (binary/strange)");
  });

  const nonsense: readonly [string, unknown, RegExp][] = [
    ['nothing', undefined, /^it answered with undefined/],
    ['null', null, /^it answered with null/],
    ['a text', 'done', /^it answered with string/],
    ['an empty object', {}, /^it answered without a "key"/],
    ['more than fits into a request', { ...{ key: 'x'.repeat(1_500_000) } }, /^it answered without a "key"/],
  ];
  for (const [what, answer, expected] of nonsense) {
    it(`fails no run when it answers ${what}`, async () => {
      const given = stubs();
      const { phase } = await actions.while(
        async () => answer,
        () => run(given),
      );
      assert.equal(phase, 'PartiallyFailed');
      assert.match(failure(given), expected);
    });
  }

  it('does not keep a cancelled run waiting', async () => {
    const given = stubs();
    const outcome = await actions.while(hang, () =>
      runner.fail('backup', given, async (started) => {
        await actions.asked;
        await started.cancel();
      }),
    );
    assert.deepEqual([outcome.temporalStatus, outcome.status.phase], ['CANCELLED', 'Cancelled']);
    assert.deepEqual(given.inputs('adoptItems'), []);
  });

  describe('as payloads', () => {
    const content = (bytes: number): string => 'A'.repeat(bytes);

    /** Batches with so much content each, worked on side by side. */
    function payloadStubs(batches: number, bytes: number | undefined): StubActivities {
      const defaults = new StubActivities().activities;
      return stubs(action({ transport: 'payload' }), {
        handOverItems: async (input) =>
          ({
            ...(await defaults.handOverItems(input)),
            ...(bytes !== undefined && input.withContent && { content: content(bytes) }),
          }) as HandedBatch,
        collectItems: async ({ step }) => ({
          batches: Array.from({ length: batches }, (_, index) => batchRef(`${step}-batch${index}`, 'pods', 9)),
          segments: [],
          report: reportRef(step),
          selected: { pods: 9 * batches },
          archived: {},
          remaining: 0,
        }),
      });
    }

    it('gets its items, and what it makes of them is adopted, without the items in that input', async () => {
      const given = payloadStubs(1, 8);
      await actions.while(
        async () => ({ content: 'aGk=', junk: 1 }),
        () => run(given),
      );
      assert.equal(actions.batches[0]?.content, content(8));
      const [input] = given.inputs('adoptItems');
      assert.deepEqual(input?.answer, { content: 'aGk=' });
      assert.ok(!('content' in input.handed));
    });

    it('is not asked for items that are too many for a payload', async () => {
      const given = payloadStubs(1, undefined);
      await actions.while(usable, () => run(given));
      assert.match(failure(given), /^its items are more than fit into a history: use the transport store/);
      assert.deepEqual(actions.batches, []);
    });

    it('gets one batch after another, and no more than a history holds', async () => {
      const given = payloadStubs(8, mostContent);
      let [inFlight, most] = [0, 0];
      const { phase } = await actions.while(
        async (batch) => {
          most = Math.max(most, ++inFlight);
          await new Promise((resolve) => setImmediate(resolve));
          inFlight--;
          return { content: batch.content };
        },
        () => run(given),
      );
      assert.equal(phase, 'PartiallyFailed');
      assert.equal(most, 1);
      const failures = given.inputs('adoptItems').filter(({ answer }) => 'failure' in answer);
      assert.deepEqual([actions.batches.length, failures.length], [6, 2]);
    });
  });
});
