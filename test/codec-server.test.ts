import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client, Connection } from '@temporalio/client';
import { defaultPayloadConverter, type Payload, type PayloadCodec } from '@temporalio/common';
import { serveCodec, type CodecServerOptions } from '../src/codec-server.ts';
import type { Listener } from '../src/http-listener.ts';
import { openCodec, openDataConverter } from '../src/codec.ts';
import { freePort } from '../tools/stack/server.ts';
import { temporaryFolder } from './plugins/temporary-folder.ts';
import { temporalServer } from './support/servers.ts';

const ui = 'http://127.0.0.1:8080';
const secret = { password: 'open sesame' };

/** A payload as Temporal writes it in JSON. */
function asJson({ metadata, data }: Payload): object {
  const texts = Object.entries(metadata ?? {}).map(([key, value]) => [key, Buffer.from(value).toString('base64')]);
  return { metadata: Object.fromEntries(texts), data: Buffer.from(data ?? []).toString('base64') };
}

describe('serveCodec', () => {
  const folder = temporaryFolder();
  const keyFile = join(folder, 'keys');
  let codec: PayloadCodec;
  const servers: Listener[] = [];

  before(async () => {
    writeFileSync(keyFile, randomBytes(32).toString('base64'));
    codec = await openCodec({ keyFile });
  });
  afterEach(async () => {
    for (const server of servers.splice(0)) await server.close();
  });

  async function serve(options: Partial<CodecServerOptions> = {}): Promise<string> {
    const port = await freePort();
    servers.push(await serveCodec({ listen: { host: '127.0.0.1', port }, codec, origins: [ui], ...options }));
    return `http://127.0.0.1:${port}`;
  }

  const post = (url: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(url, { method: 'POST', headers, body: typeof body === 'string' ? body : JSON.stringify(body) });

  async function payloadsOf(response: Response): Promise<unknown> {
    assert.equal(response.status, 200, await response.clone().text());
    return ((await response.json()) as { payloads: unknown }).payloads;
  }

  it('decrypts what the codec encrypted, and lets pass what is in the clear', async () => {
    const url = await serve();
    const plain = defaultPayloadConverter.toPayload(secret);
    const [encrypted] = await codec.encode([plain]);
    const sent = { payloads: [asJson(encrypted!), asJson(plain)] };
    assert.deepEqual(await payloadsOf(await post(`${url}/decode`, sent)), [asJson(plain), asJson(plain)]);
  });

  it('encrypts what the codec decrypts', async () => {
    const url = await serve();
    const plain = asJson(defaultPayloadConverter.toPayload(secret));
    const encrypted = await payloadsOf(await post(`${url}/encode`, { payloads: [plain] }));
    assert.ok(!JSON.stringify(encrypted).includes(Buffer.from('sesame').toString('base64').slice(0, 6)));
    assert.deepEqual(await payloadsOf(await post(`${url}/decode`, { payloads: encrypted })), [plain]);
  });

  it("answers the UI's pages, and says which may ask before they do", async () => {
    const url = await serve();
    const asked = await fetch(`${url}/decode`, { method: 'OPTIONS', headers: { origin: ui } });
    assert.equal(asked.status, 204);
    assert.equal(asked.headers.get('access-control-allow-origin'), ui);
    assert.match(asked.headers.get('access-control-allow-headers') ?? '', /x-namespace/);
    const answered = await post(`${url}/decode`, { payloads: [] }, { origin: ui });
    assert.equal(answered.headers.get('access-control-allow-origin'), ui);
    assert.deepEqual(await payloadsOf(answered), []);
  });

  it('refuses the pages of any other site, whatever they ask', async () => {
    const url = await serve();
    for (const method of ['OPTIONS', 'POST']) {
      const response = await fetch(`${url}/decode`, { method, headers: { origin: 'http://evil.example' } });
      assert.equal(response.status, 403);
      assert.equal(response.headers.get('access-control-allow-origin'), null);
    }
  });

  it('serves whoever has the token, and nobody else', async () => {
    const url = await serve({ token: 'a-token-that-is-long' });
    const ask = async (authorization?: string): Promise<number> =>
      (await post(`${url}/decode`, { payloads: [] }, authorization === undefined ? {} : { authorization })).status;
    assert.equal(await ask('Bearer a-token-that-is-long'), 200);
    for (const other of [undefined, '', 'Bearer ', 'Bearer a-token-that-is-lonh', 'a-token-that-is-long'])
      assert.equal(await ask(other), 401);
  });

  it('listens beyond the loopback with a token only', async () => {
    await assert.rejects(serve({ listen: { host: '0.0.0.0', port: await freePort() } }), {
      code: 'InvalidConfig',
      message: /^listen at 0\.0\.0\.0:\d+: beyond the loopback a token is needed$/,
    });
  });

  it('says that an address is taken', async () => {
    const url = new URL(await serve());
    await assert.rejects(serve({ listen: { host: '127.0.0.1', port: Number(url.port) } }), { code: 'InvalidConfig' });
  });

  it('says which key it misses, and nothing of the payload', async () => {
    const other = join(folder, 'other-keys');
    writeFileSync(other, randomBytes(32).toString('base64'));
    const [encrypted] = await (await openCodec({ keyFile: other })).encode([defaultPayloadConverter.toPayload(secret)]);
    const response = await post(`${await serve()}/decode`, { payloads: [asJson(encrypted!)] });
    assert.equal(response.status, 400);
    assert.match(await response.text(), /^decrypt a payload: temporal\.codec\.keyFile holds no key [0-9a-f]{16}\n$/);
  });

  const refused: readonly [title: string, path: string, body: string, status: number][] = [
    ['what is no JSON', '/decode', 'payloads', 400],
    ['JSON without payloads', '/decode', '{}', 400],
    ['payloads that are none', '/decode', '{"payloads":[1]}', 400],
    ['another path', '/', '{"payloads":[]}', 404],
    ['more than Temporal itself would take', '/decode', `{"payloads":[${' '.repeat(4 * 1024 * 1024)}]}`, 413],
  ];
  for (const [title, path, body, status] of refused) {
    it(`refuses ${title} with ${status}`, async () => {
      assert.equal((await post(`${await serve()}${path}`, body)).status, status);
    });
  }

  it("lets Temporal's own command read an encrypted history", async function () {
    this.timeout(30_000);
    const { cli, address } = await temporalServer();
    const connection = await Connection.connect({ address });
    const client = new Client({ connection, dataConverter: await openDataConverter({ keyFile }) });
    const workflowId = 'codec-server';
    await client.workflow.start('nobody-runs-it', { workflowId, taskQueue: workflowId, args: [secret] });
    const show = async (...flags: string[]): Promise<string> => {
      const args = [
        'workflow',
        'show',
        '--workflow-id',
        workflowId,
        '--address',
        address,
        '--output',
        'json',
        ...flags,
      ];
      return (await promisify(execFile)(cli, args)).stdout;
    };
    const plain = Buffer.from(JSON.stringify(secret)).toString('base64');
    assert.ok(!(await show()).includes(plain));
    const url = await serve({ token: 'a-token-that-is-long' });
    const shown = await show('--codec-endpoint', url, '--codec-auth', 'Bearer a-token-that-is-long');
    assert.ok(shown.includes(plain), shown);
    await client.workflow.getHandle(workflowId).terminate();
    await connection.close();
  });
});
