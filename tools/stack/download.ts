import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { pipeline, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { createGunzip } from 'node:zlib';
import { extract } from 'tar-stream';

/** Where a publisher offers a program: plain, or in a `.tar.gz`. */
export interface Download {
  readonly file: string;
  /** A text with the file's SHA-256 alone, or with one a line, each followed by a file's name. */
  readonly checksum: string;
}

export interface DownloadOptions {
  /** The program's name in the archive. */
  readonly name: string;
  /** Stands in for the publisher's origin. */
  readonly mirror?: string | undefined;
  /** Told of every piece that comes: bytes so far, and in all (`NaN` if the publisher does not say). */
  readonly received: (bytes: number, total: number) => void;
}

/** Silence after which a download is given up. The checksum comes first: without a network it fails within seconds. */
const silenceMs = { checksum: 4_000, file: 20_000 };

/** Fetches a program into memory. Rejects unless it is whole and its SHA-256 is the one that its publisher names. */
export async function download(
  { file, checksum }: Download,
  { name, mirror, received }: DownloadOptions,
): Promise<Buffer> {
  const at = (url: string): string => (mirror === undefined ? url : `${mirror}${new URL(url).pathname}`);
  try {
    const expected = checksumOf((await fetchBytes(at(checksum), silenceMs.checksum)).toString('utf8'), basename(file));
    const body = await fetchBytes(at(file), silenceMs.file, received);
    const actual = createHash('sha256').update(body).digest('hex');
    if (actual !== expected) throw new Error(`its SHA-256 is ${actual}, its publisher says ${expected}`);
    return file.endsWith('.tar.gz') ? await unpack(body, name) : body;
  } catch (error) {
    const { message, cause } = error as Error;
    throw new Error(`download ${at(file)}: ${cause instanceof Error ? cause.message : message}`, { cause: error });
  }
}

function checksumOf(text: string, file: string): string {
  const lines = text.split('\n').map((line) => line.trim().split(/\s+\*?/));
  const [sha256] = lines.find(([, name]) => name === undefined || name === file) ?? [];
  if (sha256 !== undefined && /^[0-9a-f]{64}$/.test(sha256)) return sha256;
  throw new Error('its publisher names no SHA-256 for it');
}

async function fetchBytes(
  url: string,
  quietMs: number,
  received?: (bytes: number, total: number) => void,
): Promise<Buffer> {
  const silence = new AbortController();
  const timer = setTimeout(() => silence.abort(new Error(`nothing came for ${quietMs / 1_000} s`)), quietMs);
  try {
    const response = await fetch(url, { signal: silence.signal });
    if (!response.ok) throw new Error(`${url} answers ${response.status}`);
    const total = Number(response.headers.get('content-length') ?? NaN);
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    for await (const chunk of response.body ?? []) {
      timer.refresh();
      chunks.push(chunk);
      received?.((bytes += chunk.length), total);
    }
    return Buffer.concat(chunks);
  } finally {
    clearTimeout(timer);
    silence.abort();
  }
}

async function unpack(archive: Buffer, name: string): Promise<Buffer> {
  const entries = extract();
  // Its failure shows in the iteration.
  pipeline([Readable.from([archive]), createGunzip(), entries as unknown as NodeJS.WritableStream], () => undefined);
  for await (const entry of entries) {
    if (entry.header.type === 'file' && basename(entry.header.name) === name) return buffer(entry);
    entry.resume();
  }
  throw new Error(`its archive holds no ${name}`);
}
