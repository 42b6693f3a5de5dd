import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { text } from 'node:stream/consumers';
import type { Certificate } from './tls-front.ts';

/** A request as a cloud's API sees it. */
export interface CloudRequest {
  readonly method: string;
  readonly url: URL;
  readonly authorization: string;
  /** The body: JSON, or a form as its fields. */
  readonly body: Readonly<Record<string, unknown>>;
}

/** An answer; what it holds is sent as JSON. */
export interface CloudAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: object;
}

interface Refusal {
  readonly method: string;
  readonly path: RegExp;
  readonly answer: CloudAnswer | 'lose';
}

/** A small HTTP server that a cloud's API is imitated with. It records what it is asked, and refuses what a test tells it to. */
export class CloudServer {
  readonly requests: CloudRequest[] = [];
  readonly url: string;
  readonly #server: ReturnType<typeof createHttpServer>;
  readonly #refusals: Refusal[] = [];

  private constructor(server: ReturnType<typeof createHttpServer>, url: string) {
    this.#server = server;
    this.url = url;
  }

  /** Starts one; with a certificate it speaks TLS. */
  static async start(handle: (request: CloudRequest) => CloudAnswer, certificate?: Certificate): Promise<CloudServer> {
    let started: CloudServer | undefined;
    const listener = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
      started!.#answer(incoming, outgoing, handle).catch(() => outgoing.destroy());
    };
    const server = certificate
      ? createHttpsServer({ cert: certificate.certificate, key: readFileSync(certificate.keyFile) }, listener)
      : createHttpServer(listener);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    started = new CloudServer(server, `${certificate ? 'https' : 'http'}://127.0.0.1:${port}`);
    return started;
  }

  /** The next request of that kind gets this answer and has no effect; `lose`: it has its effect, and no answer. */
  refuse(method: string, path: RegExp, answer: CloudAnswer | 'lose'): void {
    this.#refusals.push({ method, path, answer });
  }

  /** What was asked, as `PUT /path`, of one method. */
  asked(method: string, path: RegExp = /./): string[] {
    return this.requests
      .filter((request) => request.method === method && path.test(request.url.pathname))
      .map(({ url }) => `${method} ${url.pathname}`);
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #answer(
    incoming: IncomingMessage,
    outgoing: ServerResponse,
    handle: (request: CloudRequest) => CloudAnswer,
  ): Promise<void> {
    const { method = 'GET', url: path = '/', headers } = incoming;
    const raw = await text(incoming);
    const isForm = headers['content-type']?.startsWith('application/x-www-form-urlencoded');
    const body: unknown = isForm ? Object.fromEntries(new URLSearchParams(raw)) : JSON.parse(raw || '{}');
    const request: CloudRequest = {
      method,
      url: new URL(path, this.url),
      authorization: headers.authorization ?? '',
      body: body as CloudRequest['body'],
    };
    this.requests.push(request);
    const index = this.#refusals.findIndex((one) => one.method === method && one.path.test(path));
    const [refusal] = index < 0 ? [] : this.#refusals.splice(index, 1);
    const answer = refusal && refusal.answer !== 'lose' ? refusal.answer : handle(request);
    if (refusal?.answer === 'lose') return void outgoing.destroy();
    outgoing.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers });
    outgoing.end(answer.body && JSON.stringify(answer.body));
  }
}
