import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { openTransport, type ApiCall, type Transport } from '../../src/kubernetes/transport.ts';
import type { Answer, AnsweringServer, Received } from './answering-server.ts';
import { startAnsweringServer, statusAnswer } from './answering-server.ts';
import type { KubeconfigFile } from './kubeconfig-file.ts';
import { writeKubeconfig } from './kubeconfig-file.ts';

const post: ApiCall = {
  method: 'POST',
  path: '/api/v1/pods',
  tried: 'create pods shop/web',
  body: '{"kind":"Pod"}',
};
const get: ApiCall = { method: 'GET', path: '/api/v1/pods', tried: 'list pods' };

describe('openTransport of a cluster without encryption', () => {
  for (const skipTLSVerify of [false, true]) {
    it(`${skipTLSVerify ? 'opens where' : 'is refused unless'} the kubeconfig says that it is meant`, async () => {
      const kubeconfig = await writeKubeconfig('http://127.0.0.1:1', undefined, { skipTLSVerify });
      const opened = openTransport({ kubeconfig: kubeconfig.path });
      if (skipTLSVerify) await (await opened).close();
      else await assert.rejects(opened, { code: 'InvalidConfig', message: /not encrypted.*insecure-skip-tls-verify/ });
      await kubeconfig.remove();
    });
  }
});

describe('openTransport', () => {
  let server: AnsweringServer;
  let kubeconfig: KubeconfigFile;
  let transport: Transport;

  async function serve(answerTo: (request: Received, count: number) => Answer, user?: object): Promise<void> {
    server = await startAnsweringServer(answerTo);
    kubeconfig = await writeKubeconfig(server.url, user);
    transport = await openTransport({ kubeconfig: kubeconfig.path });
  }

  afterEach(async () => {
    await transport.close();
    await server.close();
    await kubeconfig.remove();
  });

  it('sends body, content type and token, and resolves with the text', async () => {
    await serve(() => ({ status: 201, text: '{"n":1234567890123456789}' }));
    const answer = await transport.send({ ...post, contentType: 'application/merge-patch+json' });
    assert.equal(answer, '{"n":1234567890123456789}');
    const [{ method, url, headers, body } = assert.fail()] = server.received;
    assert.deepEqual([method, url, body], ['POST', '/api/v1/pods', '{"kind":"Pod"}']);
    assert.equal(headers['content-type'], 'application/merge-patch+json');
    assert.equal(headers.authorization, 'Bearer secret-token');
  });

  for (const status of [429, 500, 502, 503, 504]) {
    it(`repeats a POST that met ${status}, with its body`, async () => {
      await serve((_request, count) => (count === 1 ? statusAnswer(status) : { text: 'done' }));
      assert.equal(await transport.send(post), 'done');
      assert.deepEqual(
        server.received.map(({ body }) => body),
        [post.body, post.body],
      );
    });
  }

  it('waits as long as Retry-After asks', async () => {
    const times: number[] = [];
    await serve((_request, count) => {
      times.push(performance.now());
      return count === 1 ? { status: 429, headers: { 'retry-after': '1' } } : {};
    });
    await transport.send(get);
    assert.ok((times[1] ?? 0) - (times[0] ?? 0) >= 990);
  });

  it('does not repeat what no repetition can mend', async () => {
    await serve(() => statusAnswer(422, { message: 'Invalid value: "hunter2"' }));
    await assert.rejects(transport.send(post), {
      code: 'InvalidItem',
      status: 422,
      detail: 'Invalid value: "hunter2"',
    });
    assert.equal(server.received.length, 1);
  });

  it('begins an answer anew that broke off in its middle', async () => {
    await serve((_request, count) => {
      if (count > 1) return { text: '{"items":[1,2]}' };
      return (response) => {
        response.writeHead(200, { 'content-length': '100' });
        response.write('{"items":[1', () => response.destroy());
      };
    });
    assert.equal(await transport.send(get), '{"items":[1,2]}');
    assert.equal(server.received[1]?.headers.range, undefined);
  });

  it('repeats a request whose connection broke without an answer', async () => {
    await serve((_request, count) => (count > 1 ? {} : (response) => response.destroy()));
    await transport.send(post);
    assert.equal(server.received.length, 2);
  });

  it('makes a server that goes on breaking off Unavailable without a status, after five repetitions', async function () {
    this.timeout(20_000);
    await serve(() => (response) => response.destroy());
    await assert.rejects(transport.send(get), (error: Error & { code?: string; status?: number }) => {
      assert.deepEqual([error.code, error.status], ['Unavailable', undefined]);
      return error.message.startsWith('list pods: ');
    });
    assert.equal(server.received.length, 6);
  });

  it('makes a server that refuses connections Unavailable without a status', async function () {
    this.timeout(20_000);
    await serve(() => ({}));
    await server.close();
    await assert.rejects(transport.send(get), {
      code: 'Unavailable',
      status: undefined,
      message: /ECONNREFUSED/,
    });
  });

  it('stops at once when the signal is aborted during a request', async () => {
    const stop = new AbortController();
    await serve(() => () => stop.abort());
    await assert.rejects(transport.send({ ...get, signal: stop.signal }), { code: 'Interrupted' });
    assert.equal(server.received.length, 1);
  });

  it('stops at once when the signal is aborted during a wait', async () => {
    const stop = new AbortController();
    await serve(() => (response) => {
      response.writeHead(503, { 'retry-after': '3600' });
      response.end('{}', () => setImmediate(() => stop.abort()));
    });
    await assert.rejects(transport.send({ ...get, signal: stop.signal }), { code: 'Interrupted' });
    assert.equal(server.received.length, 1);
  });

  it('sends nothing when the signal is aborted already', async () => {
    await serve(() => ({}));
    await assert.rejects(transport.send({ ...get, signal: AbortSignal.abort() }), { code: 'Interrupted' });
    assert.equal(server.received.length, 0);
  });

  it('takes the token from an exec plugin, and runs it once for many requests', async () => {
    const script = `console.log(JSON.stringify({ status: { token: 'of-plugin-' + process.pid } }))`;
    const exec = {
      apiVersion: 'client.authentication.k8s.io/v1',
      command: process.execPath,
      args: ['-e', script],
    };
    await serve(() => ({}), { exec });
    await Promise.all([transport.send(get), transport.send(get), transport.send(get)]);
    const tokens = new Set(server.received.map(({ headers }) => headers.authorization));
    assert.equal(tokens.size, 1);
    assert.match([...tokens][0] ?? '', /^Bearer of-plugin-\d+$/);
  });

  it('takes the token from a file', async () => {
    await serve(() => ({}));
    const tokenFile = `${kubeconfig.path}.token`;
    await writeFile(tokenFile, 'of-file');
    const withFile = await writeKubeconfig(server.url, {
      'auth-provider': { name: 'tokenFile', config: { tokenFile } },
    });
    const other = await openTransport({ kubeconfig: withFile.path });
    await other.send(get);
    assert.equal(server.received[0]?.headers.authorization, 'Bearer of-file');
    await other.close();
    await withFile.remove();
  });

  it('sends user name and password where the kubeconfig has them', async () => {
    await serve(() => ({}), { username: 'ann', password: 'secret' });
    await transport.send(get);
    assert.equal(server.received[0]?.headers.authorization, `Basic ${Buffer.from('ann:secret').toString('base64')}`);
  });

  it('refuses a kubeconfig that is not there, and a context that is not in it', async () => {
    await serve(() => ({}));
    await assert.rejects(openTransport({ kubeconfig: `${kubeconfig.path}.absent` }), {
      code: 'InvalidConfig',
    });
    await assert.rejects(openTransport({ kubeconfig: kubeconfig.path, context: 'absent' }), {
      code: 'InvalidConfig',
    });
  });
});
