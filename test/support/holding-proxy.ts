import { once } from 'node:events';
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type RequestOptions,
  type ServerResponse,
} from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';

/** Which request to hold, and when: before the server hears of it, or after the server has answered. */
export interface HoldPoint {
  readonly method: string;
  /** Found in the path with its query. */
  readonly path: RegExp;
  readonly at: 'before' | 'after';
}

/** A request that waits in the proxy. */
export interface Held {
  /** Lets it go on, if its client is still there. */
  release(): void;
}

/** Stands between a client and a server, and holds one request at a point that a test names, so that it can kill the client there. */
export interface HoldingProxy {
  readonly url: string;
  /** Resolves when a request that matches is being held. Each call holds one request. */
  hold(point: HoldPoint): Promise<Held>;
  stop(): Promise<void>;
}

interface Waiting {
  readonly point: HoldPoint;
  readonly caught: (held: Held) => void;
}

/** Starts a proxy to `target`. Headers pass as they are, `Host` too, for it is part of S3's signatures. */
export async function startHoldingProxy(target: string): Promise<HoldingProxy> {
  const { protocol, hostname, port } = new URL(target);
  const send = protocol === 'https:' ? httpsRequest : httpRequest;
  const waiting: Waiting[] = [];
  const upgraded = new Set<Socket>();

  /** Resolves at once, unless a test waits for such a request: then when it is released. */
  function pass({ method, url }: IncomingMessage, at: HoldPoint['at']): Promise<void> {
    const index = waiting.findIndex(
      ({ point }) => point.at === at && point.method === method && point.path.test(url ?? ''),
    );
    if (index < 0) return Promise.resolve();
    const [{ caught }] = waiting.splice(index, 1) as [Waiting];
    return new Promise((release) => caught({ release }));
  }

  async function forward(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    await pass(incoming, 'before');
    if (incoming.destroyed && !incoming.complete) return;
    const { method, url, headers } = incoming;
    const options: RequestOptions & { rejectUnauthorized: boolean } = {
      hostname,
      port,
      path: url,
      method,
      headers,
      rejectUnauthorized: false,
    };
    const sent = send(options);
    sent.on('error', () => outgoing.destroy());
    incoming.pipe(sent);
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    await pass(incoming, 'after');
    outgoing.on('error', () => answer.destroy());
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(outgoing);
  }

  /** A request for another protocol: after the server has agreed, both speak as they like. */
  async function forwardUpgrade({ method, url, headers }: IncomingMessage, client: Socket): Promise<void> {
    const sent = send({ hostname, port, path: url, method, headers, rejectUnauthorized: false } as RequestOptions);
    sent.on('error', () => client.destroy());
    sent.end();
    const answered = Promise.withResolvers<[IncomingMessage, Socket?]>();
    sent.on('upgrade', (answer, socket: Socket) => answered.resolve([answer, socket]));
    sent.on('response', (answer: IncomingMessage) => answered.resolve([answer]));
    const [answer, server] = await answered.promise;
    const lines = answer.rawHeaders.map((text, index) => (index % 2 === 0 ? `${text}: ` : `${text}\r\n`));
    client.write(`HTTP/1.1 ${answer.statusCode} ${answer.statusMessage}\r\n${lines.join('')}\r\n`);
    if (server === undefined) return void answer.pipe(client);
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      from.on('error', () => to.destroy()).on('close', () => to.destroy());
      from.pipe(to);
    }
  }

  const server = createServer((incoming, outgoing) => {
    forward(incoming, outgoing).catch(() => outgoing.destroy());
  });
  server.on('upgrade', (incoming: IncomingMessage, client: Socket) => {
    upgraded.add(client);
    client.on('close', () => upgraded.delete(client)).on('error', () => client.destroy());
    forwardUpgrade(incoming, client).catch(() => client.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port: own } = server.address() as { port: number };
  return {
    url: `http://127.0.0.1:${own}`,
    hold: (point) => new Promise((caught) => waiting.push({ point, caught })),
    async stop() {
      for (const client of upgraded) client.destroy();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
