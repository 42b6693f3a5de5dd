import assert from 'node:assert/strict';
import { Worker } from '@temporalio/worker';
import type { KubernetesClient } from '../../src/kubernetes/client.ts';
import { childrenOf } from '../support/workflow-runner.ts';
import { startOtlpReceiver, type OtlpReceiver, type ReceivedSpan } from '../support/otlp-receiver.ts';
import {
  droppedSpans,
  tracedWorkflowBundle,
  workflowBundle,
  workflowBundleFileWithTwin,
} from '../support/workflow-bundle.ts';
import { createApplication } from './application.ts';
import { createEnvironment, type Environment } from './environment.ts';

/** Span names from the first of a trace down to this one. */
function ancestry(span: ReceivedSpan, spans: ReadonlyMap<string, ReceivedSpan>): string[] {
  const parent = span.parentSpanId ? spans.get(span.parentSpanId) : undefined;
  assert.ok(parent || !span.parentSpanId, `${span.name}: its parent is not there`);
  return parent ? [...ancestry(parent, spans), span.name] : [span.name];
}

describe('the trace of a backup', function () {
  this.timeout(180_000);
  const namespace = 'traces';
  let receiver: OtlpReceiver;
  let environment: Environment;
  let log: string;
  let trace: readonly ReceivedSpan[];
  let byId: ReadonlyMap<string, ReceivedSpan>;

  before(async () => {
    receiver = await startOtlpReceiver();
    const workflowBundleWithTwin = await workflowBundleFileWithTwin();
    environment = await createEnvironment('traces', {
      settings: ({ temporal }) => ({
        temporal: { ...(temporal as object), workflowBundle: workflowBundleWithTwin },
        tracing: { endpoint: receiver.endpoint, headers: { 'x-tenant': 'shop' } },
      }),
    });
    await createApplication(environment.kubernetes as KubernetesClient, namespace, environment.folder);
    environment.api.add({
      match: { method: 'GET', path: /\/services\?/ },
      when: { nth: 1 },
      fault: { type: 'refuse', status: 503 },
    });
    // For longer than the requests' own repetitions go on: the activity fails once, and says so in the log.
    environment.api.add({
      match: { method: 'GET', path: /\/configmaps\?/ },
      when: { first: 6 },
      fault: { type: 'reset', at: 'before' },
    });
    const worker = environment.startWorker();
    const { code, text } = await environment.bowline(
      ...['backup', 'create', 'traced', '--include-namespaces', namespace, '--wait'],
    );
    assert.equal(code, 0, text);
    await worker.kill('SIGTERM');
    log = worker.output();
    const start = receiver.spans.find(({ name }) => name === 'StartWorkflow:backup');
    assert.ok(start, receiver.spans.map(({ name }) => name).join(' '));
    trace = receiver.spans.filter(({ traceId }) => traceId === start.traceId);
    byId = new Map(trace.map((span) => [span.spanId, span]));
  });
  after(async () => {
    await environment?.stop();
    await receiver?.close();
  });

  const pathsOf = (name: string): string[] =>
    trace.filter((span) => span.name === name).map((span) => ancestry(span, byId).join(' > '));

  it('is one, from the client to every call, each below what asked for it', () => {
    for (const span of trace) assert.equal(ancestry(span, byId)[0], 'StartWorkflow:backup', span.name);
    const run = 'StartWorkflow:backup > RunWorkflow:backup';
    const activity = (name: string): string => `${run} > StartActivity:${name} > RunActivity:${name}`;
    const list = 'GET /api/v1/namespaces/{namespace}/secrets';
    assert.deepEqual([...new Set(pathsOf(list))], [`${activity('collectItems')} > ${list}`]);
    assert.ok(pathsOf('ObjectStore.putObject').includes(`${activity('putObject')} > ObjectStore.putObject`));
    const snapshot = pathsOf('VolumeSnapshotter.createSnapshot');
    assert.equal(snapshot.length, 1);
    assert.ok(
      snapshot[0]!.startsWith(`${run} > StartChildWorkflow:snapshotVolume > RunWorkflow:snapshotVolume > `),
      snapshot[0],
    );
  });

  it('tells of requests their status and their repetitions, and of providers where they are', () => {
    const services = trace
      .filter(({ name }) => name === 'GET /api/v1/namespaces/{namespace}/services')
      .map(({ attributes, status }) => ({ attributes, code: status.code ?? 0 }));
    const request = { 'http.request.method': 'GET', 'url.template': '/api/v1/namespaces/{namespace}/services' };
    const refused = { 'http.response.status_code': 503, 'error.type': 'Unavailable' };
    assert.deepEqual(services.slice(0, 2), [
      { attributes: { ...request, ...refused }, code: 2 },
      { attributes: { ...request, 'http.request.resend_count': 1, 'http.response.status_code': 200 }, code: 0 },
    ]);
    const put = trace.find(({ name }) => name === 'ObjectStore.putObject');
    assert.deepEqual(put?.attributes, { 'bowline.location': 'default', 'bowline.provider': 'aws' });
    assert.equal(put.resource['service.name'], 'bowline');
  });

  it('tells of runs their ids, and nothing else that a run is given', () => {
    const run = trace.find(({ name }) => name === 'RunWorkflow:backup');
    const { run_id: runId, ...attributes } = run?.attributes ?? {};
    assert.match(String(runId), /^[0-9a-f-]{36}$/);
    assert.deepEqual(attributes, { temporalWorkflowId: 'backup/traced', temporalWorkflowType: 'backup' });
  });

  it('names no Secret and no path of the API with one', () => {
    const all = receiver.bodies.join('\n');
    for (const word of ['settings-1', `namespaces/${namespace}/`, 'password']) assert.ok(!all.includes(word), word);
  });

  it('is sent with the headers of the configuration', () => {
    assert.deepEqual([...new Set(receiver.headers.map((sent) => sent['x-tenant']))], ['shop']);
  });

  it('is named in the lines of the log that are about its run', () => {
    const lines = log.split('\n').filter((line) => line.startsWith('{'));
    const failed = lines
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .find(({ message }) => message === 'Activity failed');
    assert.ok(failed, log);
    const { level, activityType, workflowId, traceId, attempt } = failed;
    assert.deepEqual(
      { level, activityType, workflowId, traceId, attempt },
      {
        level: 'warn',
        activityType: 'collectItems',
        workflowId: 'backup/traced',
        traceId: trace[0]!.traceId,
        attempt: 1,
      },
    );
  });

  it('leaves a history that replays with and without traces', async () => {
    const fetch = async (workflowId: string) => ({
      workflowId,
      history: await environment.temporal.workflow.getHandle(workflowId).fetchHistory(),
    });
    const backup = await fetch('backup/traced');
    const histories = [
      backup,
      ...(await Promise.all(childrenOf(backup.history).map(({ workflowId: id }) => fetch(id)))),
    ];
    assert.equal(histories.length, 2);
    for (const bundle of [await workflowBundle(), await tracedWorkflowBundle()])
      for await (const { error } of Worker.runReplayHistories(
        { workflowBundle: bundle, sinks: droppedSpans },
        histories,
      ))
        assert.ifError(error ?? null);
  });
});
