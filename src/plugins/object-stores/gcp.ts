import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { File, FileMetadata } from '@google-cloud/storage';
import { BowlineError, errorCode } from '../../api/errors.ts';
import { interrupted, throwIfInterrupted, unlessInterrupted } from '../interruption.ts';
import type {
  CallOptions,
  GetOptions,
  ObjectStat,
  ObjectStore,
  ObjectStoreFactory,
  PendingUpload,
  PutOptions,
  WrittenObject,
} from '../object-store.ts';
import { bodyOf } from './body.ts';
import { openGcpBucket, type GcpBucket } from './gcp-client.ts';
import { gcpError } from './gcp-errors.ts';
import { assertKey } from './key.ts';
import { measured } from './measured.ts';
import { assertTtl } from './ttl.ts';

/** What one request of an upload holds, and is kept until the store has it. */
const chunkSize = 8 * 1_048_576;
const pageKeys = 1_000;

/** Objects in a bucket of Google Cloud Storage. Its settings: docs/locations.md. */
export const gcp: ObjectStoreFactory = async (config) => new GcpStore(await openGcpBucket(config));

/** One page of a list, as the SDK gives it without going through all of them itself. */
type Page = [
  files: readonly File[],
  next: { readonly pageToken?: string } | null,
  answer: { readonly prefixes?: readonly string[] },
];

class GcpStore implements ObjectStore {
  readonly url: string;
  readonly #opened: GcpBucket;

  constructor(opened: GcpBucket) {
    this.#opened = opened;
    this.url = `gs://${opened.bucket.name}`;
  }

  async putObject(
    key: string,
    body: Readable | Uint8Array,
    { ifAbsent = false, signal }: PutOptions = {},
  ): Promise<WrittenObject> {
    const { bucket, kmsKeyName } = this.#opened;
    assertKey(key);
    const tried = `put ${this.url}/${key}`;
    const { stream, written } = measured(body);
    try {
      throwIfInterrupted(tried, signal);
      const file = bucket.file(key, { ...(kmsKeyName && { kmsKeyName }) });
      const upload = file.createWriteStream({
        chunkSize,
        // What one request can hold needs no session.
        resumable: !(body instanceof Uint8Array && body.length <= chunkSize),
        contentType: 'application/octet-stream',
        // Else the object that has arrived broken is deleted, and this fails.
        validation: 'crc32c',
        ...(ifAbsent && { preconditionOpts: { ifGenerationMatch: 0 } }),
      });
      await pipeline(stream, upload, { ...(signal && { signal }) });
      return { ...written(), ...checksumOf(file.metadata) };
    } catch (error) {
      if (signal?.aborted) throw interrupted(tried, error);
      const ours = this.#ofBucket(gcpError(tried, error));
      // What is retained can't be replaced by any means: it is there, which is what was asked.
      const kept = ifAbsent && ours.code === 'AccessDenied' && (await this.objectExists(key).catch(() => false));
      throw kept ? new BowlineError('AlreadyExists', ours.message, { cause: ours }) : ours;
    } finally {
      stream.destroy();
    }
  }

  async objectExists(key: string, options: CallOptions = {}): Promise<boolean> {
    try {
      await this.statObject(key, options);
      return true;
    } catch (error) {
      if (errorCode(error) === 'NotFound') return false;
      throw error;
    }
  }

  async statObject(key: string, options: CallOptions = {}): Promise<ObjectStat> {
    assertKey(key);
    const file = this.#opened.bucket.file(key);
    const [metadata] = await this.#tryObject(`stat ${this.url}/${key}`, options, () => file.getMetadata());
    const modifiedAt = new Date(metadata.updated ?? 0).toISOString();
    return { bytes: Number(metadata.size), modifiedAt, ...checksumOf(metadata) };
  }

  async getObject(key: string, { range, ...options }: GetOptions = {}): Promise<Readable> {
    assertKey(key);
    const tried = `get ${this.url}/${key}`;
    const source = await this.#tryObject(tried, options, () => this.#opened.read(key, range, options));
    return bodyOf(source, { tried, signal: options.signal, fault: gcpError });
  }

  async *listObjects(prefix: string, options: CallOptions = {}): AsyncIterable<string> {
    for await (const [files] of this.#pages({ prefix }, options)) for (const { name } of files) yield name;
  }

  async *listCommonPrefixes(prefix: string, delimiter: string, options: CallOptions = {}): AsyncIterable<string> {
    for await (const [, , { prefixes = [] }] of this.#pages({ prefix, delimiter }, options)) yield* prefixes;
  }

  async deleteObject(key: string, options: CallOptions = {}): Promise<void> {
    assertKey(key);
    const file = this.#opened.bucket.file(key);
    await this.#tryObject(`delete ${this.url}/${key}`, options, () => file.delete()).catch((error: unknown) => {
      if (errorCode(error) !== 'NotFound') throw error;
    });
  }

  /** Cloud Storage drops an upload that was not finished after a week, and shows none of them. */
  async *listUploads(prefix: string, { signal }: CallOptions = {}): AsyncIterable<PendingUpload> {
    throwIfInterrupted(`list uploads of ${this.url}/${prefix}`, signal);
    yield* [];
  }

  async endUpload({ uploadId }: PendingUpload, { signal }: CallOptions = {}): Promise<void> {
    throwIfInterrupted(`end upload ${uploadId} of ${this.url}`, signal);
  }

  async createSignedUrl(key: string, ttlSeconds: number): Promise<string> {
    assertKey(key);
    const tried = `sign ${this.url}/${key}`;
    assertTtl(tried, ttlSeconds);
    const accessibleAt = Date.now();
    const span = { accessibleAt, expires: accessibleAt + ttlSeconds * 1_000 };
    return this.#try(tried, {}, () => this.#opened.sign(key, span));
  }

  async *#pages(query: { prefix: string; delimiter?: string }, options: CallOptions): AsyncIterable<Page> {
    const { bucket } = this.#opened;
    const tried = `list ${this.url}/${query.prefix}`;
    for (let pageToken: string | undefined, more = true; more;) {
      const wanted = { ...query, autoPaginate: false, maxResults: pageKeys, ...(pageToken && { pageToken }) };
      const page = await this.#try(
        tried,
        options,
        async () => (await bucket.getFiles(wanted)) as unknown as Page,
      ).catch((error: BowlineError) => {
        throw this.#ofBucket(error);
      });
      yield page;
      pageToken = page[1]?.pageToken;
      more = pageToken !== undefined;
    }
  }

  /** What is not there when no object was asked for is the bucket. */
  #ofBucket(error: BowlineError): BowlineError {
    return error.code === 'NotFound' ? new BowlineError('InvalidConfig', error.message, { cause: error }) : error;
  }

  /** Of an object: a bucket that is not there looks like an object that is not. A list tells. */
  async #tryObject<T>(tried: string, options: CallOptions, send: () => Promise<T>): Promise<T> {
    try {
      return await this.#try(tried, options, send);
    } catch (error) {
      if (errorCode(error) !== 'NotFound' || (error as BowlineError).status !== 404) throw error;
      const list = { autoPaginate: false, maxResults: 1 };
      await this.#try(tried, options, () => this.#opened.bucket.getFiles(list)).catch((reason: BowlineError) => {
        // Who may not list may still be told of an object.
        throw reason.status === 403 ? error : this.#ofBucket(reason);
      });
      throw error;
    }
  }

  async #try<T>(tried: string, { signal }: CallOptions, send: () => Promise<T>): Promise<T> {
    throwIfInterrupted(tried, signal);
    try {
      return await unlessInterrupted(tried, signal, send());
    } catch (error) {
      throw gcpError(tried, error);
    }
  }
}

function checksumOf({ crc32c }: FileMetadata): { checksum?: string } {
  return crc32c ? { checksum: `crc32c:${crc32c}` } : {};
}
