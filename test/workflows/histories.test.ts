import assert from 'node:assert/strict';
import { hostname, userInfo } from 'node:os';
import { Worker, type ReplayResult, type WorkflowBundle } from '@temporalio/worker';
import * as workflows from '../../src/workflows/index.ts';
import { historyScenarios } from '../support/history-scenarios/index.ts';
import { historyToJson } from '../support/history-json.ts';
import { readHistories, type RecordedHistory } from '../support/recorded-histories.ts';
import { droppedSpans, tracedWorkflowBundle, workflowBundle } from '../support/workflow-bundle.ts';

const histories = readHistories();

const changed = new URL('../support/changed-workflows/', import.meta.url);

/** Replays histories, and tells what came of each by its name. */
async function replay(
  recorded: readonly RecordedHistory[],
  bundle: WorkflowBundle,
): Promise<Map<string, ReplayResult['error']>> {
  const byRun = new Map(recorded.map((one) => [runIdOf(one), one.name]));
  const results = new Map<string, ReplayResult['error']>();
  for await (const { runId, error } of Worker.runReplayHistories(
    { workflowBundle: bundle, sinks: droppedSpans },
    recorded,
  ))
    results.set(byRun.get(runId)!, error);
  return results;
}

function runIdOf({ history }: RecordedHistory): string {
  return history.events?.[0]?.workflowExecutionStartedEventAttributes?.originalExecutionRunId ?? '';
}

/** All that a history says, payloads in plain text. */
function wordsOf({ history }: RecordedHistory): string {
  return JSON.stringify(historyToJson(history), (key, value: unknown) =>
    key === 'data' && typeof value === 'string' ? Buffer.from(value, 'base64').toString('utf8') : value,
  );
}

describe('recorded histories', function () {
  this.timeout(180_000);

  it('are there for every workflow and scenario (else: npm run record-histories)', () => {
    assert.deepEqual(
      [...new Set(histories.map(({ workflow }) => workflow))].toSorted(),
      Object.keys(workflows).toSorted(),
    );
    const names = histories.map(({ name }) => name);
    assert.deepEqual(
      historyScenarios
        .map(({ workflow, scenario }) => `${workflow}-${scenario}`)
        .filter((name) => !names.includes(name) && !names.includes(`${name}-1`)),
      [],
    );
  });

  it('are named after the workflows that they are of, each run once', () => {
    for (const { name, workflow } of histories) assert.ok(name.startsWith(`${workflow}-`), name);
    assert.equal(new Set(histories.map(runIdOf)).size, histories.length);
  });

  it('tell of no machine', () => {
    const machine = new RegExp(`/home/|/root/|/tmp/|\\.ts:\\d+|\\d+@|${hostname()}\\b|\\b${userInfo().username}@`);
    for (const recorded of histories) assert.doesNotMatch(wordsOf(recorded), machine, recorded.name);
  });

  describe('replayed with the workflows as they are', () => {
    let results: Map<string, ReplayResult['error']>;

    before(async () => {
      results = await replay(histories, await workflowBundle());
    });

    for (const { name } of histories) {
      it(`lead to the same commands: ${name}`, () => {
        assert.ok(results.has(name), 'not replayed');
        assert.ifError(results.get(name) ?? null);
      });
    }
  });

  it('lead to the same commands where spans are made of runs', async () => {
    const results = await replay(histories, await tracedWorkflowBundle());
    assert.equal(results.size, histories.length);
    for (const [name, error] of results) assert.equal(error, undefined, `${name}: ${error?.message}`);
  });

  it('are refused once a step has been added, whichever workflow they are of', async () => {
    const oneOfEach = [...new Map(histories.map((recorded) => [recorded.workflow, recorded])).values()];
    const results = await replay(oneOfEach, await workflowBundle(new URL('unpatched.ts', changed)));
    assert.deepEqual(
      [...results].map(([name, error]) => `${name}: ${error?.name}`).toSorted(),
      oneOfEach.map(({ name }) => `${name}: DeterminismViolationError`).toSorted(),
    );
  });

  it('are taken by workflows to which a step has been added with `patched`', async () => {
    const results = await replay(histories, await workflowBundle(new URL('patched.ts', changed)));
    assert.equal(results.size, histories.length);
    for (const [name, error] of results) assert.equal(error, undefined, `${name}: ${error?.message}`);
  });
});
