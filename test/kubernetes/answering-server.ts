import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** A request as it came in. */
export interface Received {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** What to answer; a function writes, or breaks off, the answer itself. */
export type Answer =
  | {
      readonly status?: number;
      readonly headers?: Record<string, string>;
      readonly json?: unknown;
      readonly text?: string;
    }
  | ((response: ServerResponse) => void);

/** A running HTTP server that answers as it is told and keeps what it was asked. */
export interface AnsweringServer {
  readonly url: string;
  readonly received: readonly Received[];
  close(): Promise<void>;
}

/** Starts a server on a free port of the loopback. */
export async function startAnsweringServer(
  answerTo: (request: Received, count: number) => Answer,
): Promise<AnsweringServer> {
  const received: Received[] = [];
  const server = createServer((incoming, response) => void reply(incoming, response));
  async function reply(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const request = {
      method: incoming.method ?? '',
      url: incoming.url ?? '',
      headers: incoming.headers,
      body: await text(incoming),
    };
    received.push(request);
    const answer = answerTo(request, received.length);
    if (typeof answer === 'function') return answer(response);
    response.writeHead(answer.status ?? 200, { 'content-type': 'application/json', ...answer.headers });
    response.end(answer.text ?? JSON.stringify(answer.json ?? {}));
  }
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    async close() {
      if (!server.listening) return;
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** The server's own word for an error, as Kubernetes writes it. */
export function statusAnswer(code: number, members: object = {}): Answer {
  return { status: code, json: { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, ...members } };
}
