import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a path gives: a body, or whatever is done with the response. */
export type Answer = string | Uint8Array | ((response: ServerResponse) => void | Promise<void>);

/** A loopback server that offers files; anything else is answered 404. */
export interface Publisher {
  readonly url: string;
  readonly files: Map<string, Answer>;
  /** The paths asked for, in order. */
  readonly asked: string[];
  close(): Promise<void>;
}

/** Starts a publisher of nothing yet. */
export async function startPublisher(): Promise<Publisher> {
  const files = new Map<string, Answer>();
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url!);
    const answer = files.get(request.url!);
    if (typeof answer === 'function') void answer(response);
    else response.writeHead(answer === undefined ? 404 : 200).end(answer);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    files,
    asked,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

export function sha256(body: string | Uint8Array): string {
  return createHash('sha256').update(body).digest('hex');
}
