import { once } from 'node:events';
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type RequestOptions,
  type ServerResponse,
} from 'node:http';
import { request as httpsRequest } from 'node:https';

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

  const server = createServer((incoming, outgoing) => {
    forward(incoming, outgoing).catch(() => outgoing.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port: own } = server.address() as { port: number };
  return {
    url: `http://127.0.0.1:${own}`,
    hold: (point) => new Promise((caught) => waiting.push({ point, caught })),
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
