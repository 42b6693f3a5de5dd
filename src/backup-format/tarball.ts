import { pipeline, Transform, type Readable } from 'node:stream';
import { promisify } from 'node:util';
import { createGunzip, gzip } from 'node:zlib';
import { extract, type Extract } from 'tar-stream';
import { BowlineError, errorCode } from '../api/errors.ts';
import { parseItemPath, type ParsedItemPath } from './item-path.ts';
import { TarMember } from './tar-member.ts';

const compress = promisify(gzip);

/** Two blocks of zeros end a tar archive. */
const endOfArchiveBytes = 1_024;

/** The tarball's first member: the entry `metadata/version`. */
export function versionMember(mtime: Date): Promise<Uint8Array> {
  const member = new TarMember(mtime);
  member.add('metadata/version', Buffer.from('1.1.0\n'));
  return member.compress(6);
}

/** The tarball's last member: the end-of-archive alone. Only a tarball that was written to its end has it. */
export function endMember(): Promise<Uint8Array> {
  return compress(new Uint8Array(endOfArchiveBytes), { level: 6 });
}

/** An item of a tarball. */
export interface TarballItem extends ParsedItemPath {
  readonly body: Buffer;
}

/** What a tarball may cost its reader. */
export interface TarballLimits {
  /** Bytes of one entry. Default 16 MiB; etcd takes 1.5 MiB. */
  readonly entryBytes: number;
  /** Entries. Default 5,000,000. */
  readonly entries: number;
  /** How many times its own size it may unpack to, once it is beyond 64 MiB. Default 1,000. */
  readonly ratio: number;
}

export interface ReadOptions {
  readonly limits?: Partial<TarballLimits>;
  /** Which items are wanted; others are passed over without being kept. Default all. */
  readonly wanted?: (item: ParsedItemPath) => boolean;
  readonly signal?: AbortSignal;
}

const defaultLimits: TarballLimits = { entryBytes: 16 * 1024 * 1024, entries: 5_000_000, ratio: 1_000 };
const ratioMattersFrom = 64 * 1024 * 1024;

/**
 * Streams the items of a tarball, Velero's or ours, in its order and one at a time; each once, from its classic path. USTAR and PAX
 * are read.
 *
 * @throws BowlineError `CorruptBackup` for what is no whole, harmless backup: damaged or cut off, without end-of-archive, with
 * links, devices, hostile paths or sizes. Items that came before have been yielded by then: apply none before the end.
 */
export async function* readTarball(source: Readable, options: ReadOptions = {}): AsyncIterable<TarballItem> {
  const limits = { ...defaultLimits, ...options.limits };
  const meter = new Meter(limits);
  const entries = extract();
  const read = new Promise<void>((resolve, reject) => {
    const done = (error: Error | null | undefined): void => (error ? reject(error) : resolve());
    pipeline(
      [source, meter.compressed, createGunzip(), meter.unpacked, entries as unknown as NodeJS.WritableStream],
      done,
    );
  });
  // Awaited at the end; a failure on the way shows in the iteration too.
  read.catch(() => undefined);
  const stop = (): void => void source.destroy(new BowlineError('Interrupted', 'read tarball: interrupted'));
  options.signal?.addEventListener('abort', stop, { once: true });
  let count = 0;
  try {
    for await (const entry of entries) {
      if (++count > limits.entries) throw corrupt(`more than ${limits.entries} entries`);
      const item = await itemOf(entry, { limits, wanted: options.wanted });
      if (item) yield item;
    }
    await read;
  } catch (error) {
    source.destroy();
    throw errorCode(error) === undefined ? corrupt((error as Error).message, error) : error;
  } finally {
    options.signal?.removeEventListener('abort', stop);
  }
  if (meter.trailingZeros < endOfArchiveBytes) throw corrupt('it ends without an end-of-archive: it was cut off');
}

/** An entry as tar-stream hands it out: its body, with its header. */
type Entry = Extract extends AsyncIterable<infer One> ? One : never;

async function itemOf(
  entry: Entry,
  { limits, wanted }: { limits: TarballLimits; wanted: ReadOptions['wanted'] },
): Promise<TarballItem | undefined> {
  const { name, type, size = 0 } = entry.header;
  if (type !== 'file' && type !== 'directory' && type !== 'contiguous-file')
    throw corrupt(`entry ${JSON.stringify(name)} is a ${type}`);
  if (size > limits.entryBytes)
    throw corrupt(`entry ${JSON.stringify(name)} has ${size} bytes; the limit is ${limits.entryBytes}`);
  const item = parseItemPath(name);
  if (type === 'directory' || item === undefined || item.version !== undefined || wanted?.(item) === false) {
    entry.resume();
    return undefined;
  }
  const chunks: Buffer[] = [];
  for await (const chunk of entry) chunks.push(chunk as Buffer);
  return { ...item, body: chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks) };
}

function corrupt(reason: string, cause?: unknown): BowlineError {
  return new BowlineError('CorruptBackup', `read tarball: ${reason}`, { cause });
}

/** Counts bytes before and after decompression, and the zeros at the end. */
class Meter {
  trailingZeros = 0;
  readonly compressed: Transform;
  readonly unpacked: Transform;

  constructor({ ratio }: TarballLimits) {
    let [bytesIn, bytesOut] = [0, 0];
    this.compressed = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        bytesIn += chunk.length;
        done(null, chunk);
      },
    });
    this.unpacked = new Transform({
      transform: (chunk: Buffer, _encoding, done) => {
        bytesOut += chunk.length;
        if (bytesOut > ratioMattersFrom && bytesOut > bytesIn * ratio)
          return done(corrupt(`it unpacks to more than ${ratio} times its size`));
        this.#countZeros(chunk);
        done(null, chunk);
      },
    });
  }

  #countZeros(chunk: Buffer): void {
    let zeros = 0;
    while (zeros < chunk.length && zeros < endOfArchiveBytes && chunk[chunk.length - 1 - zeros] === 0) zeros++;
    this.trailingZeros = zeros === chunk.length ? this.trailingZeros + zeros : zeros;
  }
}
