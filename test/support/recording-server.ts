import { createServer, type IncomingHttpHeaders } from 'node:http';
import { once } from 'node:events';
import { buffer } from 'node:stream/consumers';

/** A request as a recording server got it. */
export interface RecordedRequest {
  readonly method: string;
  /** Path and query, as sent. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** What it answers. */
export interface Answer {
  /** Default 200. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

/** A server for requests and answers that no real one can be brought to. */
export interface RecordingServer {
  readonly url: string;
  readonly requests: readonly RecordedRequest[];
  close(): void;
}

/** Starts a server that keeps what it is asked and answers as `answer` says. */
export async function recordingServer(
  answer: (request: RecordedRequest) => Answer | Promise<Answer>,
): Promise<RecordingServer> {
  const requests: RecordedRequest[] = [];
  const server = createServer((incoming, outgoing) => {
    void (async () => {
      const { method = '', url = '', headers } = incoming;
      const request = { method, url, headers, body: await buffer(incoming) };
      requests.push(request);
      const { status = 200, headers: sent = {}, body = '' } = await answer(request);
      outgoing.writeHead(status, sent).end(method === 'HEAD' ? undefined : body);
    })().catch((error: unknown) => outgoing.destroy(error as Error));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  server.unref();
  return {
    url: `http://127.0.0.1:${(server.address() as { port: number }).port}`,
    requests,
    close: () => server.close().closeAllConnections(),
  };
}

/** Starts a recording server that hands every request on to another server, and its answer back. */
export function recordingProxy(target: string): Promise<RecordingServer> {
  return recordingServer(async ({ method, url, headers, body }) => {
    const { connection: _, 'transfer-encoding': __, expect: ___, ...others } = headers as Record<string, string>;
    const response = await fetch(`${target}${url}`, {
      method,
      headers: others,
      ...(method !== 'GET' && method !== 'HEAD' && { body: new Uint8Array(body) }),
    });
    return {
      status: response.status,
      headers: Object.fromEntries(
        [...response.headers].filter(([name]) => !['content-encoding', 'transfer-encoding'].includes(name)),
      ),
      body: Buffer.from(await response.arrayBuffer()),
    };
  });
}
