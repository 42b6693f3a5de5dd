import { Transform, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { createGunzip, gzip } from 'node:zlib';
import { extract, type Extract } from 'tar-stream';
import { BowlineError, errorCode } from '../api/errors.ts';
import { formatVersion } from './format-version.ts';
import { parseItemPath, type ParsedItemPath } from './item-path.ts';
import { TarMember } from './tar-member.ts';

const compress = promisify(gzip);

/** Two blocks of zeros end a tar archive. */
const endOfArchiveBytes = 1_024;

/** The tarball's first member: the entry `metadata/version`. */
export function versionMember(mtime: Date): Promise<Uint8Array> {
  const member = new TarMember(mtime);
  member.add(['metadata/version'], `${formatVersion}\n`);
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

/** How a tarball is read. */
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
 * are read. The source is destroyed in the end, whatever the end.
 *
 * @throws BowlineError `CorruptBackup` for what is no whole, harmless backup: damaged or cut off, without end-of-archive or going
 * on after it, with links, devices, hostile paths or sizes. `Interrupted` by the signal. A failure of the source as it is, or
 * `Unavailable`. Items that came before have been yielded by then: apply none before the end.
 */
export async function* readTarball(source: Readable, options: ReadOptions = {}): AsyncIterable<TarballItem> {
  const { wanted, signal } = options;
  const limits = { ...defaultLimits, ...options.limits };
  const meter = new Meter(limits);
  const gunzip = createGunzip();
  const entries = extract();
  const read = pipeline(
    meter.compressed(source),
    gunzip,
    meter.unpacked,
    entries as unknown as NodeJS.WritableStream,
    signal ? { signal } : {},
  );
  // Awaited at the end; a failure on the way shows in the iteration too.
  read.catch(() => undefined);
  let count = 0;
  try {
    for await (const entry of entries) {
      if (++count > limits.entries) throw corrupt(`more than ${limits.entries} entries`);
      const item = await itemOf(entry, { limits, wanted });
      if (item) yield item;
    }
    await read;
  } catch (error) {
    if (signal?.aborted) throw new BowlineError('Interrupted', 'read tarball: interrupted', { cause: error });
    throw errorCode(error) === undefined ? corrupt((error as Error).message, error) : error;
  } finally {
    source.destroy();
  }
  // Zeros after the last gzip member are taken for padding, and what follows them is not even read.
  if (gunzip.bytesWritten < meter.bytesIn) throw corrupt('it goes on after its last gzip member');
  if (meter.trailingZeros < endOfArchiveBytes) throw corrupt('it ends without an end-of-archive: it was cut off');
}

/** An entry as tar-stream hands it out: its body, with its header. */
type Entry = Extract extends AsyncIterable<infer One> ? One : never;

async function itemOf(
  entry: Entry,
  { limits, wanted }: { limits: TarballLimits; wanted: ReadOptions['wanted'] },
): Promise<TarballItem | undefined> {
  const { name, type, size } = entry.header;
  if (type !== 'file' && type !== 'directory' && type !== 'contiguous-file')
    throw corrupt(`entry ${JSON.stringify(name)} is of type ${type ?? 'unknown'}`);
  // A size that can't be read is `null`, and its body would never end.
  if (!Number.isInteger(size) || size > limits.entryBytes)
    throw corrupt(`entry ${JSON.stringify(name)} has a size of ${size}; the limit is ${limits.entryBytes}`);
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
  bytesIn = 0;
  /** So many zeros in a row stand only at the end: JSON has none, and padding is shorter. */
  trailingZeros = 0;
  readonly unpacked: Transform;

  constructor({ ratio }: TarballLimits) {
    let bytesOut = 0;
    this.unpacked = new Transform({
      transform: (chunk: Buffer, _encoding, done) => {
        bytesOut += chunk.length;
        if (bytesOut > ratioMattersFrom && bytesOut > this.bytesIn * ratio)
          return done(corrupt(`it unpacks to more than ${ratio} times its size`));
        if (this.#goesOnAfterItsEnd(chunk)) return done(corrupt('it goes on after its end-of-archive'));
        done(null, chunk);
      },
    });
  }

  /** What fails here is the store, not the backup. */
  async *compressed(source: Readable): AsyncIterable<Buffer> {
    try {
      for await (const chunk of source as AsyncIterable<Buffer>) {
        this.bytesIn += chunk.length;
        yield chunk;
      }
    } catch (error) {
      if (errorCode(error) !== undefined) throw error;
      throw new BowlineError('Unavailable', `read tarball: ${(error as Error).message}`, { cause: error });
    }
  }

  #goesOnAfterItsEnd(chunk: Buffer): boolean {
    let end = chunk.length;
    while (end > 0 && chunk[end - 1] === 0) end--;
    if (end === 0) {
      this.trailingZeros += chunk.length;
      return false;
    }
    const content = chunk.subarray(0, end);
    const zerosBefore = this.trailingZeros + content.findIndex((byte) => byte !== 0);
    this.trailingZeros = chunk.length - end;
    return zerosBefore >= endOfArchiveBytes || holdsEndOfArchive(content);
  }
}

/** Every run of that many zeros covers one of the bytes that this looks at. */
function holdsEndOfArchive(bytes: Buffer): boolean {
  for (let at = endOfArchiveBytes - 1; at < bytes.length; at += endOfArchiveBytes) {
    let [from, to] = [at, at];
    while (from > 0 && bytes[from - 1] === 0) from--;
    while (to < bytes.length && bytes[to] === 0) to++;
    if (to - from >= endOfArchiveBytes) return true;
  }
  return false;
}
