import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';
import { startFaultProxy, type FaultProxy } from '../../../tools/stack/fault-proxy.ts';
import type { Fault } from '../../../tools/stack/fault-rules.ts';

describe('fault proxy, asked for another protocol', () => {
  let heard: number;
  let sockets: WebSocketServer;
  let stop: () => Promise<void>;
  let proxy: FaultProxy;

  /** A server that greets, repeats what it is told, and closes at `bye`. It knows the path `/echo` alone. */
  beforeEach(async () => {
    heard = 0;
    sockets = new WebSocketServer({ noServer: true });
    const server = createServer();
    server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
      heard++;
      if (request.url !== '/echo') return void socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\nnot you');
      sockets.handleUpgrade(request, socket, head, (client) => {
        client.send('hello');
        client.on('message', (data: Buffer) => {
          if (data.toString() === 'bye') client.close(4001, 'as told');
          else client.send(data);
        });
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    stop = async () => {
      for (const client of sockets.clients) client.terminate();
      server.close();
      await once(server, 'close');
    };
    proxy = await startFaultProxy(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  });

  afterEach(async () => {
    await proxy.stop();
    await stop();
  });

  function connect(path = '/echo'): WebSocket {
    return new WebSocket(`${proxy.url.replace('http', 'ws')}${path}`);
  }

  /** How a connection ends that never opens. */
  async function failureOf(client: WebSocket): Promise<string> {
    const [error] = (await once(client, 'error')) as [Error & { code?: string }];
    return error.code ?? error.message;
  }

  it('passes on what either side says, and how the connection ends', async () => {
    const client = connect();
    assert.equal(String((await once(client, 'message'))[0]), 'hello');
    for (const text of ['one', 'x'.repeat(200_000)]) {
      client.send(text);
      assert.equal(String((await once(client, 'message'))[0]), text);
    }
    client.send('bye');
    const [code, reason] = await once(client, 'close');
    assert.deepEqual([code, String(reason)], [4001, 'as told']);
    assert.deepEqual(
      proxy.calls.map(({ path, status }) => [path, status]),
      [['/echo', 101]],
    );
  });

  it('passes on a refusal, and its text', async () => {
    const client = connect('/other');
    const [, answer] = (await once(client, 'unexpected-response')) as [unknown, IncomingMessage];
    assert.equal(answer.statusCode, 403);
    assert.equal(String(Buffer.concat(await answer.toArray())), 'not you');
    assert.equal(proxy.calls[0]?.status, 403);
  });

  const faults: { title: string; fault: Fault; failure: string; reached: number }[] = [
    {
      title: 'refuses',
      fault: { type: 'refuse', status: 503 },
      failure: 'Unexpected server response: 503',
      reached: 0,
    },
    { title: 'resets before', fault: { type: 'reset', at: 'before' }, failure: 'ECONNRESET', reached: 0 },
    { title: 'resets after', fault: { type: 'reset', at: 'after' }, failure: 'ECONNRESET', reached: 1 },
    { title: 'drops the answer to', fault: { type: 'drop' }, failure: 'ECONNRESET', reached: 1 },
  ];
  for (const { title, fault, failure, reached } of faults)
    it(`${title} a request that the server has ${reached === 0 ? 'not ' : ''}heard of`, async () => {
      proxy.add({ when: { nth: 1 }, fault });
      assert.equal(await failureOf(connect()), failure);
      assert.equal(heard, reached);
      assert.equal(String((await once(connect(), 'message'))[0]), 'hello');
    });

  for (const at of ['before', 'after'] as const)
    it(`holds a request ${at} the server hears of it`, async () => {
      const holding = proxy.hold({ path: /echo/, at });
      const client = connect();
      const { release } = await holding;
      assert.equal(heard, at === 'before' ? 0 : 1);
      assert.equal(client.readyState, WebSocket.CONNECTING);
      release();
      assert.equal(String((await once(client, 'message'))[0]), 'hello');
    });

  it('cuts the connections when it stops', async () => {
    const client = connect();
    await once(client, 'message');
    const closed = once(client, 'close');
    await proxy.stop();
    assert.equal((await closed)[0], 1006);
    proxy = await startFaultProxy(proxy.url);
  });
});
