import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import { pipeline } from 'node:stream/promises';
import { BowlineError } from './api/errors.ts';
import type { ListenAddress } from './api/listen-address.ts';
import type { BackupStorageLocation } from './api/locations.ts';
import { closeServer } from './http-listener.ts';
import { byteRange } from './plugins/object-stores/byte-range.ts';
import { fileSystemError, systemCode } from './plugins/file-system-errors.ts';
import { readFilesystemConfig } from './plugins/object-stores/filesystem-config.ts';
import { fileOf, openFile, type OpenFile } from './plugins/object-stores/filesystem-files.ts';
import { isSigned, signingKey, type Presented } from './plugins/object-stores/signed-url.ts';
import { objectStoreConfig, providerName } from './plugins/registry.ts';

/** What the service needs beside the locations. */
export interface SignedFilesOptions {
  readonly now: () => Date;
  /** Told of what people should know and nobody waits for. */
  readonly warn: (message: string) => void;
  /** How long an address stays untried that is taken, in milliseconds. Default 5,000. */
  readonly retryAfterMs?: number;
}

/** Listens until it is closed. */
export interface SignedFiles {
  close(): Promise<void>;
}

/** A bucket whose files may be read by those who have a signed URL. */
interface Bucket {
  readonly name: string;
  readonly root: string;
  readonly secret: Buffer;
}

const headers = {
  'accept-ranges': 'bytes',
  'cache-control': 'private, no-store',
  'content-disposition': 'attachment',
  'content-type': 'application/octet-stream',
  'x-content-type-options': 'nosniff',
} as const;

/**
 * Serves the signed URLs of those `filesystem` locations that say where to listen: GET of one file, whole or in part. It lists
 * nothing and writes nothing. An address that is taken, or another machine's, is tried again until it can be had: all workers may
 * have one configuration.
 * Rejects with `InvalidConfig` and what is wrong with a location, or with why an address can't be had at all.
 */
export async function serveSignedFiles(
  locations: readonly BackupStorageLocation[],
  options: SignedFilesOptions,
): Promise<SignedFiles> {
  const byAddress = new Map<string, { readonly address: ListenAddress; readonly buckets: Bucket[] }>();
  for (const location of locations.filter(({ provider }) => providerName(provider) === 'filesystem')) {
    const { listen, root, signing } = readFilesystemConfig(objectStoreConfig(location));
    if (!listen || !signing) continue;
    const bucket = { name: signing.bucket, root, secret: await signingKey(signing.keyFile) };
    const served = byAddress.get(`${listen.host}:${listen.port}`) ?? { address: listen, buckets: [] };
    served.buckets.push(bucket);
    byAddress.set(`${listen.host}:${listen.port}`, served);
  }
  const services = await Promise.all(
    [...byAddress.values()].map(({ address, buckets }) => listenAt(address, serverOf(buckets, options), options)),
  );
  return { close: async () => void (await Promise.all(services.map((service) => service.close()))) };
}

function serverOf(buckets: readonly Bucket[], options: SignedFilesOptions): Server {
  return createServer((request, response) => {
    answer(request, response, { buckets, ...options }).catch((error: unknown) => {
      if (!response.headersSent) refuse(response, 500, 'the file could not be read');
      else response.destroy();
      // A reader that goes away is nobody's fault.
      if (systemCode(error) !== 'ERR_STREAM_PREMATURE_CLOSE') options.warn(`serve a signed file: ${systemCode(error)}`);
    });
  });
}

async function listenAt(
  { host, port }: ListenAddress,
  server: Server,
  { warn, retryAfterMs = 5_000 }: SignedFilesOptions,
): Promise<SignedFiles> {
  const tried = `listen for signed URLs at ${host}:${port}`;
  let again: NodeJS.Timeout | undefined;
  // Whoever starts it hears of it; nobody else has to.
  server.on('error', ignore);
  try {
    await start();
  } catch (error) {
    const ours = fileSystemError(tried, error);
    if (!['EADDRINUSE', 'EADDRNOTAVAIL'].includes(systemCode(error)))
      throw new BowlineError('InvalidConfig', ours.message, { cause: error });
    warn(`${ours.message}; it is tried again until it can be had`);
    again = setInterval(() => void start().then(() => clearInterval(again), ignore), retryAfterMs).unref();
  }
  return {
    async close() {
      clearInterval(again);
      await closeServer(server);
    },
  };

  async function start(): Promise<void> {
    server.listen({ host, port });
    await once(server, 'listening');
  }
}

function ignore(): void {}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { buckets, now }: { readonly buckets: readonly Bucket[] } & SignedFilesOptions,
): Promise<void> {
  if (request.method !== 'GET') return refuse(response, 405, 'only GET is served', { allow: 'GET' });
  const presented = presentedBy(request);
  const bucket =
    presented && buckets.find(({ name, secret }) => name === presented.bucket && isSigned(secret, presented));
  if (!presented || !bucket) return refuse(response, 403, 'the signature is not that of this URL');
  if (presented.expires * 1_000 <= now().getTime()) return refuse(response, 403, 'the URL has expired');

  const file = await find(bucket, presented.key);
  if (!file) return refuse(response, 404, 'there is no such object');
  const { handle, bytes } = file;
  // Without a validator of ours nobody has one that holds.
  const range = request.headers['if-range'] === undefined ? byteRange(request.headers.range, bytes) : undefined;
  if (range === 'unsatisfiable') {
    await handle.close();
    return refuse(response, 416, 'the range lies past the end', { 'content-range': `bytes */${bytes}` });
  }
  const { start, end } = range ?? { start: 0, end: bytes - 1 };
  response.writeHead(range ? 206 : 200, {
    ...headers,
    'content-length': end - start + 1,
    ...(range && { 'content-range': `bytes ${start}-${end}/${bytes}` }),
  });
  // Else an empty file's range would be its first byte.
  const content = bytes === 0 ? handle.createReadStream() : handle.createReadStream({ start, end });
  await pipeline(content, response);
}

/** What a request's URL says; `undefined` if it is no signed one. The path is not resolved: `..` is a name like any other, and refused as a key. */
function presentedBy({ method = '', url = '' }: IncomingMessage): Presented | undefined {
  const [path = '', query = ''] = url.split('?');
  const parameters = new URLSearchParams(query);
  const [expires, signature] = [parameters.get('expires') ?? '', parameters.get('signature') ?? ''];
  if (!/^\d{1,12}$/.test(expires) || signature === '') return undefined;
  try {
    const [, bucket = '', ...key] = path.split('/').map(decodeURIComponent);
    return { method, bucket, key: key.join('/'), expires: Number(expires), signature };
  } catch {
    return undefined;
  }
}

async function find({ root }: Bucket, key: string): Promise<OpenFile | undefined> {
  const tried = `serve ${key}`;
  try {
    return await openFile(fileOf(root, key), { root, tried });
  } catch (error) {
    const { code } = fileSystemError(tried, error);
    if (code === 'NotFound' || code === 'InvalidConfig') return undefined;
    throw error;
  }
}

function refuse(response: ServerResponse, status: number, reason: string, more: Record<string, string> = {}): void {
  response.writeHead(status, { ...more, 'content-type': 'text/plain; charset=utf-8' }).end(`${reason}\n`);
}
