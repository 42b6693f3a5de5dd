import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from '../../../src/kubernetes/http-client.ts';
import { createRegistry } from '../../../src/plugins/registry.ts';
import { startFaultProxy, type FaultProxy } from '../../../tools/stack/fault-proxy.ts';
import type { Fault } from '../../../tools/stack/fault-rules.ts';
import { startSnapshotProvider, type SnapshotProvider } from '../../../tools/stack/snapshot-provider.ts';
import { kubernetesServer, s3Server } from '../../support/servers.ts';
import { object } from '../../support/objects.ts';
import { eventually } from './eventually.ts';

describe('fault proxy', () => {
  let provider: SnapshotProvider;
  let proxy: FaultProxy;

  beforeEach(async () => {
    provider = await startSnapshotProvider();
    provider.addVolume('vol-a');
    proxy = await startFaultProxy(provider.url);
  });
  afterEach(async () => {
    await proxy.stop();
    await provider.stop();
  });

  function create(): Promise<Response> {
    const body = JSON.stringify({ volumeId: 'vol-a', tags: { a: 'b' } });
    return fetch(`${proxy.url}/snapshots?x=1`, { method: 'POST', body });
  }

  /** The code of what went wrong on the connection. */
  async function failureOf(request: Promise<unknown>): Promise<string> {
    try {
      await request;
    } catch (error) {
      return ((error as Error).cause as { code: string }).code;
    }
    return 'none';
  }

  it('passes what it has no rule for, and records it', async () => {
    const response = await create();
    assert.deepEqual([response.status, await response.json()], [201, { snapshotId: 'snap-00000001' }]);
    assert.equal((await fetch(`${proxy.url}/snapshots/absent`)).status, 404);
    assert.deepEqual(
      proxy.calls.map(({ method, path, status, faults }) => ({ method, path, status, faults })),
      [
        { method: 'POST', path: '/snapshots?x=1', status: 201, faults: [] },
        { method: 'GET', path: '/snapshots/absent', status: 404, faults: [] },
      ],
    );
  });

  const lost: { title: string; fault: Fault; code: string; executed: number }[] = [
    { title: 'resets before', fault: { type: 'reset', at: 'before' }, code: 'ECONNRESET', executed: 0 },
    { title: 'resets after', fault: { type: 'reset', at: 'after' }, code: 'ECONNRESET', executed: 1 },
    { title: 'drops the answer to', fault: { type: 'drop' }, code: 'UND_ERR_SOCKET', executed: 1 },
  ];
  for (const { title, fault, code, executed } of lost) {
    it(`${title} a request that the server has ${executed === 0 ? 'not ' : ''}heard of`, async () => {
      proxy.add({ match: { method: 'POST' }, when: { nth: 1 }, fault });
      assert.equal(await failureOf(create()), code);
      assert.equal(provider.snapshots.size, executed);
      assert.deepEqual(proxy.calls[0]?.faults, [fault.type]);
      assert.equal((await create()).status, 201);
    });
  }

  it('cuts the body of an answer, whose head is whole', async () => {
    proxy.add({ fault: { type: 'truncate', bytes: 7 } });
    const response = await create();
    assert.equal(response.status, 201);
    await assert.rejects(response.text());
    assert.equal(provider.snapshots.size, 1);
  });

  const refusals = [
    { title: 'with Retry-After', fault: { type: 'refuse', status: 429, retryAfterSeconds: 3 }, retryAfter: '3' },
    { title: 'without', fault: { type: 'refuse', status: 503, body: 'SlowDown' }, retryAfter: null },
  ] as const;
  for (const { title, fault, retryAfter } of refusals) {
    it(`refuses in the server's place, ${title}`, async () => {
      proxy.add({ fault });
      const response = await create();
      assert.deepEqual([response.status, response.headers.get('retry-after')], [fault.status, retryAfter]);
      assert.equal(await response.text(), 'body' in fault ? fault.body : '');
      assert.equal(provider.snapshots.size, 0);
    });
  }

  it('delays', async () => {
    proxy.add({ fault: { type: 'delay', at: 'before', ms: 60 } });
    const startedAt = performance.now();
    await create();
    assert.ok(performance.now() - startedAt >= 59);
  });

  it('holds a request before the server hears of it, and sends it on though its client is gone', async () => {
    const holding = proxy.hold({ method: 'POST', path: /^\/snapshots/, at: 'before' });
    const client = new AbortController();
    const request = fetch(`${proxy.url}/snapshots`, {
      method: 'POST',
      body: '{"volumeId":"vol-a","tags":{}}',
      signal: client.signal,
    });
    const held = await holding;
    client.abort();
    await assert.rejects(request);
    assert.equal(provider.snapshots.size, 0);
    held.release();
    await eventually('the request arrives', () => provider.snapshots.size === 1);
  });

  it('holds an answer', async () => {
    const holding = proxy.hold({ at: 'after' });
    const request = create();
    const held = await holding;
    assert.equal(provider.snapshots.size, 1);
    held.release();
    assert.equal((await request).status, 201);
  });

  it('lets every rule go at once', async () => {
    proxy.add({ fault: { type: 'drop' } });
    proxy.clear();
    assert.equal((await create()).status, 201);
  });

  it('closes the connection when the server is gone', async () => {
    await provider.stop();
    assert.notEqual(await failureOf(create()), 'none');
  });
});

describe('fault proxy: in front of S3', () => {
  let proxy: FaultProxy;
  let folder: string;

  before(async () => {
    proxy = await startFaultProxy((await s3Server()).endpoint);
    folder = mkdtempSync(join(tmpdir(), 'bowline-test-'));
  });
  after(async () => {
    await proxy?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('passes signed requests of any length, and the store mends a lost answer and a cut one', async () => {
    const { region, accessKeyId, secretAccessKey, createBucket } = await s3Server();
    createBucket('fault-proxy');
    const credentialsFile = join(folder, 'credentials');
    writeFileSync(
      credentialsFile,
      `[default]\naws_access_key_id=${accessKeyId}\naws_secret_access_key=${secretAccessKey}\n`,
    );
    const store = await createRegistry().openObjectStore({
      name: 'default',
      provider: 'aws',
      objectStorage: { bucket: 'fault-proxy' },
      config: { region, s3Url: proxy.url, s3ForcePathStyle: 'true', credentialsFile },
    });
    proxy.add({ match: { method: 'PUT' }, when: { nth: 1 }, fault: { type: 'drop' } });
    proxy.add({ match: { method: 'PUT' }, when: { nth: 2 }, fault: { type: 'refuse', status: 503 } });
    for (const [key, body] of [
      ['short', Buffer.from('short')],
      ['long', randomBytes(500_000)],
    ] as const) {
      await store.putObject(key, body);
      assert.equal(await text(await store.getObject(key)), body.toString());
    }
    assert.deepEqual(
      proxy.calls.filter(({ method }) => method === 'PUT').map(({ faults }) => faults.join()),
      ['drop', 'refuse', '', ''],
    );
  });
});

describe('fault proxy: in front of the API server', () => {
  it('passes TLS, and a creation whose answer was lost is found to have been done', async () => {
    const { url, kubeconfig } = await kubernetesServer();
    const proxy = await startFaultProxy(url);
    const folder = mkdtempSync(join(tmpdir(), 'bowline-test-'));
    const file = join(folder, 'kubeconfig');
    const config = JSON.parse(readFileSync(kubeconfig, 'utf8')) as { clusters: { cluster: object }[] };
    config.clusters[0]!.cluster = { server: proxy.url, 'insecure-skip-tls-verify': true };
    writeFileSync(file, JSON.stringify(config));
    const kubernetes = await connect({ kubeconfig: file });
    try {
      const namespaces = (await kubernetes.discover()).find('namespaces')!;
      proxy.add({ match: { method: 'POST', path: /\/namespaces$/ }, when: { nth: 1 }, fault: { type: 'drop' } });
      const namespace = object('v1 Namespace', 'fault-proxy');
      const created = await kubernetes.create(namespaces, namespace).then(
        () => 'created',
        (error: { code: string }) => error.code,
      );
      // The client repeats what got no answer.
      assert.equal(created, 'AlreadyExists');
      assert.equal((await kubernetes.get(namespaces, { name: 'fault-proxy' })).metadata.name, 'fault-proxy');
    } finally {
      await kubernetes.close();
      await proxy.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
