import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { BowlineError } from '../../src/api/errors.ts';
import { interrupted, throwIfInterrupted } from '../../src/plugins/interruption.ts';
import { bodyOf } from '../../src/plugins/object-stores/body.ts';
import { assertKey } from '../../src/plugins/object-stores/key.ts';
import { measured } from '../../src/plugins/object-stores/measured.ts';
import type {
  CallOptions,
  GetOptions,
  ObjectStat,
  ObjectStore,
  PendingUpload,
  PutOptions,
  WrittenObject,
} from '../../src/plugins/object-store.ts';

/** A bucket in memory. */
export class MemoryStore implements ObjectStore {
  readonly url = 'memory://bucket';
  readonly objects = new Map<string, Buffer>();
  /** When objects were written, by key. */
  readonly times = new Map<string, string>();
  now: () => Date = () => new Date();
  /** Uploads that were cut off. */
  readonly uploads = new Set<PendingUpload>();
  /** Called with each key before it is written: what it throws the write fails with. */
  beforePut: (key: string) => void = () => undefined;

  /** All keys that hold an object and start with `prefix`, in order. */
  keys(prefix = ''): string[] {
    return [...this.objects.keys()]
      .filter((key) => key.startsWith(prefix))
      .map((key) => Buffer.from(key))
      .sort(Buffer.compare)
      .map(String);
  }

  async putObject(
    key: string,
    body: Readable | Uint8Array,
    { ifAbsent = false, signal }: PutOptions = {},
  ): Promise<WrittenObject> {
    assertKey(key);
    this.beforePut(key);
    const tried = `put ${this.url}/${key}`;
    throwIfInterrupted(tried, signal);
    const { stream, written } = measured(body);
    const stop = (): void => void stream.destroy(interrupted(tried, signal?.reason));
    signal?.addEventListener('abort', stop, { once: true });
    const content = await buffer(stream).finally(() => signal?.removeEventListener('abort', stop));
    if (ifAbsent && this.objects.has(key)) throw new BowlineError('AlreadyExists', `${tried}: an object is there`);
    this.objects.set(key, content);
    this.times.set(key, this.now().toISOString());
    return written();
  }

  async objectExists(key: string, { signal }: CallOptions = {}): Promise<boolean> {
    assertKey(key);
    throwIfInterrupted(`stat ${this.url}/${key}`, signal);
    return this.objects.has(key);
  }

  async statObject(key: string, { signal }: CallOptions = {}): Promise<ObjectStat> {
    const { length: bytes } = this.#find('stat', key, signal);
    return { bytes, modifiedAt: this.times.get(key) ?? this.now().toISOString() };
  }

  async getObject(key: string, { range, signal }: GetOptions = {}): Promise<Readable> {
    const content = this.#find('get', key, signal);
    const tried = `get ${this.url}/${key}`;
    if (range && range.start >= content.length)
      throw new BowlineError('NotFound', `${tried}: no bytes at ${range.start}`);
    const wanted = range ? content.subarray(range.start, range.end + 1) : content;
    return bodyOf(Readable.from(pieces(wanted)), { tried, signal, fault: (_, error) => error as BowlineError });
  }

  async *listObjects(prefix: string, { signal }: CallOptions = {}): AsyncIterable<string> {
    const tried = `list ${this.url}/${prefix}`;
    throwIfInterrupted(tried, signal);
    for (const key of this.keys(prefix)) {
      yield key;
      throwIfInterrupted(tried, signal);
    }
  }

  async *listCommonPrefixes(prefix: string, delimiter: string, { signal }: CallOptions = {}): AsyncIterable<string> {
    throwIfInterrupted(`list ${this.url}/${prefix}`, signal);
    const ends = this.keys(prefix)
      .map((key) => ({ key, end: key.indexOf(delimiter, prefix.length) }))
      .filter(({ end }) => end >= 0);
    yield* new Set(ends.map(({ key, end }) => key.slice(0, end + delimiter.length)));
  }

  async deleteObject(key: string, { signal }: CallOptions = {}): Promise<void> {
    assertKey(key);
    throwIfInterrupted(`delete ${this.url}/${key}`, signal);
    this.objects.delete(key);
  }

  async *listUploads(prefix: string, { signal }: CallOptions = {}): AsyncIterable<PendingUpload> {
    throwIfInterrupted(`list uploads of ${this.url}/${prefix}`, signal);
    yield* [...this.uploads].filter(({ key = prefix }) => key.startsWith(prefix));
  }

  async endUpload(upload: PendingUpload, { signal }: CallOptions = {}): Promise<void> {
    throwIfInterrupted(`end upload ${upload.uploadId}`, signal);
    for (const one of this.uploads) if (one.uploadId === upload.uploadId) this.uploads.delete(one);
  }

  async createSignedUrl(key: string): Promise<string> {
    throw new BowlineError('Unsupported', `sign ${this.url}/${key}: memory has no URLs`);
  }

  #find(verb: string, key: string, signal: AbortSignal | undefined): Buffer {
    assertKey(key);
    const tried = `${verb} ${this.url}/${key}`;
    throwIfInterrupted(tried, signal);
    const content = this.objects.get(key);
    if (content === undefined) throw new BowlineError('NotFound', `${tried}: no such object`);
    return content;
  }
}

function* pieces(content: Buffer): Generator<Buffer> {
  for (let at = 0; at < content.length; at += 65_536) yield content.subarray(at, at + 65_536);
}
