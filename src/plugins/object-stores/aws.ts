import { Readable } from 'node:stream';
import { BowlineError, errorCode } from '../../api/errors.ts';
import type {
  CallOptions,
  GetOptions,
  ObjectStat,
  ObjectStore,
  ObjectStoreFactory,
  PutOptions,
  WrittenObject,
} from '../object-store.ts';
import { openAwsClients, type AwsClients } from './aws-client.ts';
import { awsError } from './aws-errors.ts';
import { assertKey } from './key.ts';
import { measured } from './measured.ts';

/** Parts of a multipart upload: up to 80 GB in the 10,000 parts that S3 allows, 32 MiB of memory for one upload. */
const partBytes = 8 * 1024 * 1024;
const partsInFlight = 4;

/** Objects in an S3 bucket, or in any store that speaks S3. Configuration keys: docs/plugins.md. */
export const aws: ObjectStoreFactory = async (config) => {
  const clients = await openAwsClients(config);
  return new AwsStore({ ...clients, bucket: config['bucket'] ?? '' });
};

interface AwsParts extends AwsClients {
  readonly bucket: string;
}

class AwsStore implements ObjectStore {
  readonly url: string;
  readonly #parts: AwsParts;

  constructor(parts: AwsParts) {
    this.#parts = parts;
    this.url = `s3://${parts.bucket}`;
  }

  async putObject(
    key: string,
    body: Readable | Uint8Array,
    { ifAbsent = false, signal }: PutOptions = {},
  ): Promise<WrittenObject> {
    const { client, storage, bucket, checksum } = this.#parts;
    assertKey(key);
    const { stream, written } = measured(body);
    let bodyFailure: unknown;
    stream.on('error', (error) => (bodyFailure = error));
    const abort = new AbortController();
    const stop = (): void => abort.abort();
    signal?.addEventListener('abort', stop, { once: true });
    if (signal?.aborted) stop();
    try {
      // It aborts the multipart upload itself when a part or the body fails.
      const upload = new storage.Upload({
        client,
        params: { Bucket: bucket, Key: key, Body: stream, ...checksum, ...(ifAbsent && { IfNoneMatch: '*' }) },
        partSize: partBytes,
        queueSize: partsInFlight,
        leavePartsOnError: false,
        abortController: abort,
      });
      await upload.done();
      return written();
    } catch (error) {
      if (signal?.aborted)
        throw new BowlineError('Interrupted', `put ${this.url}/${key}: interrupted`, { cause: error });
      if (bodyFailure !== undefined && errorCode(bodyFailure) !== undefined) throw bodyFailure;
      throw awsError(`put ${this.url}/${key}`, bodyFailure ?? error);
    } finally {
      signal?.removeEventListener('abort', stop);
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
    const { client, s3, bucket } = this.#parts;
    assertKey(key);
    const found = await this.#try(`stat ${this.url}/${key}`, options, (sent) =>
      client.send(new s3.HeadObjectCommand({ Bucket: bucket, Key: key }), sent),
    );
    return { bytes: found.ContentLength ?? 0 };
  }

  async getObject(key: string, { range, ...options }: GetOptions = {}): Promise<Readable> {
    const { client, s3, bucket } = this.#parts;
    assertKey(key);
    const tried = `get ${this.url}/${key}`;
    const Range = range && `bytes=${range.start}-${range.end}`;
    const { Body } = await this.#try(tried, options, (sent) =>
      client.send(new s3.GetObjectCommand({ Bucket: bucket, Key: key, ...(Range && { Range }) }), sent),
    );
    const body = Body as Readable;
    const mapped = Readable.from(
      (async function* () {
        try {
          yield* body;
        } catch (error) {
          throw awsError(tried, error);
        }
      })(),
      { objectMode: false },
    );
    mapped.on('close', () => body.destroy());
    return mapped;
  }

  async *listObjects(prefix: string, options: CallOptions = {}): AsyncIterable<string> {
    for await (const page of this.#pages({ Prefix: prefix }, options))
      for (const { Key } of page.Contents ?? []) if (Key) yield Key;
  }

  async *listCommonPrefixes(prefix: string, delimiter: string, options: CallOptions = {}): AsyncIterable<string> {
    for await (const page of this.#pages({ Prefix: prefix, Delimiter: delimiter }, options)) {
      for (const { Prefix } of page.CommonPrefixes ?? []) if (Prefix) yield Prefix;
    }
  }

  async deleteObject(key: string, options: CallOptions = {}): Promise<void> {
    const { client, s3, bucket } = this.#parts;
    assertKey(key);
    await this.#try(`delete ${this.url}/${key}`, options, (sent) =>
      client.send(new s3.DeleteObjectCommand({ Bucket: bucket, Key: key }), sent),
    ).catch((error: unknown) => {
      if (errorCode(error) !== 'NotFound') throw error;
    });
  }

  async createSignedUrl(key: string, ttlSeconds: number): Promise<string> {
    const { signing, s3, presigner, bucket } = this.#parts;
    assertKey(key);
    return presigner.getSignedUrl(signing, new s3.GetObjectCommand({ Bucket: bucket, Key: key }), {
      expiresIn: ttlSeconds,
    });
  }

  async *#pages(query: { Prefix: string; Delimiter?: string }, options: CallOptions) {
    const { client, s3, bucket } = this.#parts;
    for (let token: string | undefined, more = true; more;) {
      const input = { Bucket: bucket, ...query, ...(token !== undefined && { ContinuationToken: token }) };
      const page = await this.#try(`list ${this.url}/${query.Prefix}`, options, (sent) =>
        client.send(new s3.ListObjectsV2Command(input), sent),
      );
      yield page;
      token = page.NextContinuationToken;
      more = token !== undefined && page.IsTruncated === true;
    }
  }

  async #try<T>(
    tried: string,
    { signal }: CallOptions,
    send: (sent: { abortSignal?: AbortSignal }) => Promise<T>,
  ): Promise<T> {
    try {
      return await send(signal ? { abortSignal: signal } : {});
    } catch (error) {
      throw awsError(tried, error);
    }
  }
}
