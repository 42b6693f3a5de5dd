import { timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { PayloadCodec } from '@temporalio/common';
import proto from '@temporalio/proto';
import { BowlineError, errorCode } from './api/errors.ts';
import { isLoopback, type ListenAddress } from './api/listen-address.ts';
import { listen, type Listener } from './http-listener.ts';

const { Payloads } = proto.temporal.api.common.v1;

/** Whom a codec server serves. */
export interface CodecServerOptions {
  readonly listen: ListenAddress;
  readonly codec: PayloadCodec;
  /** Where pages come from that may ask, such as `http://127.0.0.1:8080`: Temporal's UI. Others' are refused. */
  readonly origins: readonly string[];
  /** What the `Authorization` header has to say after `Bearer `. Default: nothing is asked for, which the loopback alone allows. */
  readonly token?: string;
}

/** Temporal's own limit for one message. */
const largestBody = 4 * 1024 * 1024;

/** A refusal that tells the asker why. */
class Refusal extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/**
 * Decrypts what histories hold, for Temporal's UI and command line, and encrypts what they send: `POST /decode` and `/encode` of
 * payloads as JSON, Temporal's protocol for codec servers. Whoever may ask it may read every payload, so that beyond the loopback
 * it wants a token, and pages of unknown origins are refused whoever shows them.
 *
 * Rejects with `InvalidConfig` if the address can't be had, or is to be had without a token.
 */
export async function serveCodec(options: CodecServerOptions): Promise<Listener> {
  const { host, port } = options.listen;
  if (options.token === undefined && !isLoopback(options.listen))
    throw new BowlineError('InvalidConfig', `listen at ${host}:${port}: beyond the loopback a token is needed`);
  const server = createServer((request, response) => {
    answer(request, response, options).catch((error: Error) => {
      const { status, message } = error instanceof Refusal ? error : new Refusal(500, 'the payloads could not be read');
      response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', connection: 'close' });
      response.end(`${message}\n`);
    });
  });
  return listen(server, options.listen, 'listen');
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { codec, origins, token }: CodecServerOptions,
): Promise<void> {
  const { method, url, headers } = request;
  const { origin } = headers;
  // A page of any site may ask what listens on the loopback of the browser's machine.
  if (origin !== undefined && !origins.includes(origin)) throw new Refusal(403, 'pages of this origin may not ask');
  if (origin !== undefined) allow(response, origin);
  if (method === 'OPTIONS' && origin !== undefined) return void response.writeHead(204).end();
  if (method !== 'POST' || (url !== '/decode' && url !== '/encode'))
    throw new Refusal(404, 'only POST /decode and POST /encode are served');
  if (token !== undefined && !isBearer(headers.authorization, token)) throw new Refusal(401, 'the token is not known');

  const { payloads } = Payloads.fromObject(parse(await body(request)));
  const converted = await (url === '/decode' ? codec.decode(payloads) : codec.encode(payloads)).catch((error) => {
    // Says which key is missing, and nothing of the payload.
    if (errorCode(error) === 'InvalidConfig') throw new Refusal(400, (error as Error).message);
    throw error;
  });
  response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  const { payloads: written = [] } = Payloads.toObject(Payloads.create({ payloads: converted }), { bytes: String });
  response.end(JSON.stringify({ payloads: written }));
}

function allow(response: ServerResponse, origin: string): void {
  response.setHeader('access-control-allow-origin', origin);
  response.setHeader('access-control-allow-credentials', 'true');
  response.setHeader('access-control-allow-methods', 'POST');
  response.setHeader('access-control-allow-headers', 'content-type, x-namespace, authorization');
  response.setHeader('vary', 'origin');
}

function isBearer(authorization: string | undefined, token: string): boolean {
  const [presented, expected] = [Buffer.from(authorization ?? ''), Buffer.from(`Bearer ${token}`)];
  return presented.length === expected.length && timingSafeEqual(presented, expected);
}

async function body(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > largestBody) throw new Refusal(413, `the request is larger than ${largestBody} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parse(text: string): Record<string, unknown> {
  try {
    const { payloads } = JSON.parse(text) as { payloads?: unknown };
    if (Array.isArray(payloads) && payloads.every((one) => typeof one === 'object' && one !== null))
      return { payloads };
  } catch {
    // It is refused like any other text that says something else.
  }
  throw new Refusal(400, 'expected { "payloads": […] }');
}
