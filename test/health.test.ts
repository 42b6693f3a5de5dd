import assert from 'node:assert/strict';
import { serveHealth, type WorkerState } from '../src/health.ts';
import type { Listener } from '../src/http-listener.ts';
import { freePort } from '../tools/stack/server.ts';

describe('serveHealth', () => {
  let state: WorkerState;
  let metrics: Promise<string> | undefined;
  let port: number;
  let health: Listener;
  before(async () => {
    port = await freePort();
    health = await serveHealth({ host: '127.0.0.1', port }, { state: () => state, metrics: () => metrics });
  });
  after(() => health.close());

  async function ask(path: string, method = 'GET'): Promise<{ status: number; text: string }> {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { method });
    return { status: response.status, text: await response.text() };
  }

  const answers: readonly [WorkerState, healthy: number, ready: number][] = [
    ['CONNECTING', 200, 503],
    ['INITIALIZED', 200, 503],
    ['RUNNING', 200, 200],
    ['DRAINING', 200, 503],
    ['DRAINED', 200, 503],
    ['STOPPING', 200, 503],
    ['STOPPED', 200, 503],
    ['FAILED', 503, 503],
  ];
  for (const [asked, healthy, ready] of answers) {
    it(`answers healthz with ${healthy} and readyz with ${ready} when the worker is ${asked}`, async () => {
      state = asked;
      assert.deepEqual(await ask('/healthz'), { status: healthy, text: `${asked}\n` });
      assert.deepEqual(await ask('/readyz?verbose'), { status: ready, text: `${asked}\n` });
    });
  }

  it('answers with metrics once there are some', async () => {
    state = 'CONNECTING';
    metrics = undefined;
    assert.deepEqual(await ask('/metrics'), { status: 503, text: 'CONNECTING\n' });
    metrics = Promise.resolve('# TYPE a gauge\n');
    assert.deepEqual(await ask('/metrics?x=1'), { status: 200, text: '# TYPE a gauge\n' });
    const { headers } = await fetch(`http://127.0.0.1:${port}/metrics`);
    assert.equal(headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8');
  });

  it('serves nothing else', async () => {
    state = 'RUNNING';
    assert.equal((await ask('/')).status, 404);
    assert.equal((await ask('/healthz/x')).status, 404);
    assert.equal((await ask('/healthz', 'POST')).status, 404);
    assert.equal((await ask('/constructor')).status, 404);
  });

  it('says that an address is taken', async () => {
    await assert.rejects(serveHealth({ host: '127.0.0.1', port }, { state: () => state, metrics: () => undefined }), {
      code: 'InvalidConfig',
      message: `health.listen: listen at 127.0.0.1:${port}: EADDRINUSE`,
    });
  });
});
