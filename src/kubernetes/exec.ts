import type { IncomingMessage } from 'node:http';
import type { ConnectionOptions } from 'node:tls';
import { WebSocket, type RawData } from 'ws';
import { BowlineError, errorCode } from '../api/errors.ts';
import { apiError, noAnswer } from './api-errors.ts';
import { BoundedText } from './bounded-text.ts';
import type { ExecOutcome } from './client.ts';

/** A command on its way to a container. */
export interface ExecCall {
  /** Of the API server, with the query that names container and command. */
  readonly path: string;
  /** Pod and container, for messages; never the command. */
  readonly tried: string;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** Where the API server is, and what proves who asks. */
export interface ExecServer {
  /** `https://…`, without a path's end. */
  readonly base: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: Pick<
    ConnectionOptions,
    'ca' | 'cert' | 'key' | 'pfx' | 'passphrase' | 'rejectUnauthorized' | 'servername'
  >;
}

/** Both frame streams alike; the fifth can also close the input, which we have none of. */
const protocols = ['v5.channel.k8s.io', 'v4.channel.k8s.io'];

const channels = { stdout: 1, stderr: 2, status: 3 } as const;

/** Kept of each stream's beginning and end. */
const keptBytes = 4 * 1024;

/** More than any frame: the API server cuts streams into pieces of 32 KiB. */
const maxFrameBytes = 1024 * 1024;

/** How long a server that has told the end may take to close the connection. */
const closesWithinMs = 2_000;

const refusalBytes = 64 * 1024;

/** Connections that were never made: nobody has heard of the command. */
const unheard = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);

/** Runs a command once, with the promises of `KubernetesClient.exec`. Source: `k8s.io/apimachinery` `pkg/util/remotecommand`. */
export async function execute({ base, headers, tls }: ExecServer, call: ExecCall): Promise<ExecOutcome> {
  const { path, tried, timeoutMs, signal } = call;
  if (signal?.aborted) throw noAnswer(tried, signal.reason, signal);
  const streams = { stdout: new BoundedText(keptBytes), stderr: new BoundedText(keptBytes) };
  const output = (): Pick<ExecOutcome, 'stdout' | 'stderr'> => ({
    stdout: streams.stdout.toString(),
    stderr: streams.stderr.toString(),
  });
  const { promise, resolve, reject } = Promise.withResolvers<ExecOutcome>();
  let status: Status | undefined;

  const socket = new WebSocket(base.replace(/^http/, 'ws') + path, protocols, {
    ...tls,
    headers: { ...headers, 'user-agent': 'bowline' },
    perMessageDeflate: false,
    maxPayload: maxFrameBytes,
  });
  const end = (): void => resolve({ ...(status ? outcomeOf(status) : { ended: 'timedOut' }), ...output() });
  const timer = setTimeout(end, timeoutMs);
  const abort = (): void => reject(noAnswer(tried, signal?.reason, signal));
  signal?.addEventListener('abort', abort, { once: true });
  socket
    .on('message', (frame) => {
      const [channel, payload] = parseFrame(frame);
      if (channel === channels.stdout) streams.stdout.add(payload);
      else if (channel === channels.stderr) streams.stderr.add(payload);
      else if (channel === channels.status) {
        status = parseStatus(payload);
        setTimeout(() => socket.terminate(), closesWithinMs).unref();
      }
    })
    .on('unexpected-response', (_request, response) => void refusal(tried, response).then(reject, reject))
    .on('error', (error) => reject(broken(tried, error)))
    .on('close', (code) => {
      if (status) end();
      else reject(broken(tried, new Error(`closed with code ${code}`)));
    });
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
    // What it says from here on nobody hears.
    socket.on('error', () => undefined).terminate();
  }
}

interface Status {
  readonly status?: string;
  readonly message?: string;
  readonly reason?: string;
  readonly details?: { readonly causes?: readonly { readonly reason?: string; readonly message?: string }[] };
}

function parseFrame(frame: RawData): [channel: number | undefined, payload: Buffer] {
  const bytes = frame as Buffer;
  return [bytes[0], bytes.subarray(1)];
}

function parseStatus(payload: Buffer): Status {
  try {
    return (JSON.parse(payload.toString('utf8')) as Status | null) ?? {};
  } catch {
    return { message: payload.toString('utf8') };
  }
}

function outcomeOf({
  status,
  message = 'the server did not say why',
  details,
}: Status): Omit<ExecOutcome, 'stdout' | 'stderr'> {
  if (status === 'Success') return { ended: 'succeeded', exitCode: 0 };
  const told = details?.causes?.find((cause) => cause.reason === 'ExitCode')?.message;
  const exitCode = Number(told ?? NaN);
  return { ended: 'failed', message, ...(Number.isInteger(exitCode) && { exitCode }) };
}

/** The server's answer instead of a connection. */
async function refusal(tried: string, response: IncomingMessage): Promise<BowlineError> {
  const body = new BoundedText(refusalBytes);
  for await (const chunk of response) body.add(chunk as Buffer);
  const { statusCode: status = 0, headers } = response;
  const retryAfter = headers['retry-after'];
  const error = apiError(tried, { status, body: body.toString(), ...(retryAfter !== undefined && { retryAfter }) });
  // A gateway that waited in vain may have passed the request on.
  return [500, 502, 504].includes(status) ? mayHaveRun(tried, error) : error;
}

function broken(tried: string, error: Error): BowlineError {
  return unheard.has((error as NodeJS.ErrnoException).code ?? '')
    ? noAnswer(tried, error, undefined)
    : mayHaveRun(tried, error);
}

function mayHaveRun(tried: string, cause: Error): BowlineError {
  const { code, message } = cause as NodeJS.ErrnoException;
  const what = errorCode(cause) === undefined ? (code ?? message) : message;
  return new BowlineError('Interrupted', `${tried}: no end was told (${what}); the command may have run`, { cause });
}
