import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { BowlineError } from '../../src/api/errors.ts';
import type { GetOptions, ObjectStat, ObjectStore, PutOptions, WrittenObject } from '../../src/plugins/object-store.ts';

/** A bucket in memory. */
export class MemoryStore implements ObjectStore {
  readonly url = 'memory://bucket';
  readonly objects = new Map<string, Buffer>();
  /** Called with each key before it is written: what it throws the write fails with. */
  beforePut: (key: string) => void = () => undefined;

  /** All keys that hold an object and start with `prefix`, in order. */
  keys(prefix = ''): string[] {
    return [...this.objects.keys()].filter((key) => key.startsWith(prefix)).sort();
  }

  async putObject(
    key: string,
    body: Readable | Uint8Array,
    { ifAbsent = false, signal }: PutOptions = {},
  ): Promise<WrittenObject> {
    this.beforePut(key);
    const content = body instanceof Uint8Array ? Buffer.from(body) : await buffer(body);
    if (signal?.aborted) throw new BowlineError('Interrupted', `put ${this.url}/${key}: interrupted`);
    if (ifAbsent && this.objects.has(key))
      throw new BowlineError('AlreadyExists', `put ${this.url}/${key}: an object is there`);
    this.objects.set(key, content);
    return { bytes: content.length, sha256: createHash('sha256').update(content).digest('hex') };
  }

  async objectExists(key: string): Promise<boolean> {
    return this.objects.has(key);
  }

  async statObject(key: string): Promise<ObjectStat> {
    return { bytes: this.#find(key).length };
  }

  async getObject(key: string, { range }: GetOptions = {}): Promise<Readable> {
    const content = this.#find(key);
    return Readable.from([range ? content.subarray(range.start, range.end + 1) : content]);
  }

  async *listObjects(prefix: string): AsyncIterable<string> {
    yield* this.keys(prefix);
  }

  async *listCommonPrefixes(prefix: string, delimiter: string): AsyncIterable<string> {
    const ends = this.keys(prefix)
      .map((key) => ({ key, end: key.indexOf(delimiter, prefix.length) }))
      .filter(({ end }) => end >= 0);
    yield* new Set(ends.map(({ key, end }) => key.slice(0, end + delimiter.length)));
  }

  async deleteObject(key: string): Promise<void> {
    this.objects.delete(key);
  }

  async createSignedUrl(key: string): Promise<string> {
    throw new BowlineError('Unsupported', `sign ${this.url}/${key}: memory has no URLs`);
  }

  #find(key: string): Buffer {
    const content = this.objects.get(key);
    if (content === undefined) throw new BowlineError('NotFound', `get ${this.url}/${key}: no such object`);
    return content;
  }
}
