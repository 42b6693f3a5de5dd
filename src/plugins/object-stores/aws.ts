import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { crc32 } from 'node:zlib';
import type { HeadObjectCommandOutput, PutObjectCommandInput, S3Client } from '@aws-sdk/client-s3';
import { BowlineError, errorCode, isPermanent } from '../../api/errors.ts';
import { interrupted, throwIfInterrupted } from '../interruption.ts';
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
import { attempts } from './attempt.ts';
import { openAwsClients, type AwsClients } from './aws-client.ts';
import type { ObjectHeaders } from './aws-config.ts';
import { awsError } from './aws-errors.ts';
import { abortUpload, pendingUploads } from './aws-uploads.ts';
import { bodyOf } from './body.ts';
import { assertKey } from './key.ts';
import { measured } from './measured.ts';
import { assertTtl } from './ttl.ts';

/** Parts of a multipart upload: the smallest that S3 allows, and up to 50 GB in 10,000 of them. An upload takes some 25 MiB of memory. */
const partBytes = 5 * 1024 * 1024;
const partsInFlight = 2;

/** How long the parts under way may take to end once a signal has fired. */
const partGraceMs = 3_000;

const attempt = attempts(awsError);

/** Objects in an S3 bucket, or in any store that speaks S3. Its settings: docs/locations.md. */
export const aws: ObjectStoreFactory = async (config) => {
  const clients = await openAwsClients(config);
  return new AwsStore({ ...clients, bucket: config['bucket'] ?? '' });
};

/** What a request to put an object says beside its content. */
type PutTarget = Pick<PutObjectCommandInput, 'Bucket' | 'Key' | 'IfNoneMatch'> & ObjectHeaders['put'];

/** What was put, and its CRC32. */
interface Written extends WrittenObject {
  readonly crc: number;
}

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
    const { bucket, headers } = this.#parts;
    assertKey(key);
    const tried = `put ${this.url}/${key}`;
    const target = { Bucket: bucket, Key: key, ...headers.put, ...(ifAbsent && { IfNoneMatch: '*' as const }) };
    try {
      throwIfInterrupted(tried, signal);
      const { crc, ...written } = await (body instanceof Uint8Array && body.length <= partBytes
        ? this.#putWhole(target, body, signal)
        : this.#putStream(target, body, { tried, signal }));
      return { ...written, ...(headers.put.ChecksumAlgorithm === 'CRC32' && { checksum: crc32Text(crc) }) };
    } catch (error) {
      if (signal?.aborted) throw interrupted(tried, error);
      const ours = awsError(tried, error);
      // Some stores say so of an object that a lock protects, before they look at the condition.
      const locked = ifAbsent && ours.code === 'AccessDenied' && (await this.objectExists(key).catch(() => false));
      throw locked ? new BowlineError('AlreadyExists', ours.message, { cause: ours }) : ours;
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
    const { client, s3, bucket, headers } = this.#parts;
    assertKey(key);
    const input = { Bucket: bucket, Key: key, ChecksumMode: 'ENABLED' as const, ...headers.get };
    const tried = `stat ${this.url}/${key}`;
    const head = (): Promise<HeadObjectCommandOutput> =>
      attempt(tried, options, (sent) => client.send(new s3.HeadObjectCommand(input), sent));
    const found = await head().catch(async (error: BowlineError) => {
      if (error.status === undefined || !isPermanent(error)) throw error;
      await this.#explain(tried, error, options);
      // The list was answered: what kept the first request from that, such as a wrong clock, may have passed.
      return head();
    });
    const checksum = checksumOf(found);
    const modifiedAt = (found.LastModified ?? new Date(0)).toISOString();
    return { bytes: found.ContentLength ?? 0, modifiedAt, ...(checksum && { checksum }) };
  }

  async getObject(key: string, { range, ...options }: GetOptions = {}): Promise<Readable> {
    const { client, s3, bucket, headers } = this.#parts;
    assertKey(key);
    const tried = `get ${this.url}/${key}`;
    const Range = range && `bytes=${range.start}-${range.end}`;
    const input = { Bucket: bucket, Key: key, ...headers.get, ...(Range && { Range }) };
    const { Body } = await attempt(tried, options, (sent) => client.send(new s3.GetObjectCommand(input), sent));
    return bodyOf(Body as Readable, { tried, signal: options.signal, fault: awsError });
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
    await attempt(`delete ${this.url}/${key}`, options, (sent) =>
      client.send(new s3.DeleteObjectCommand({ Bucket: bucket, Key: key }), sent),
    ).catch((error: unknown) => {
      if (errorCode(error) !== 'NotFound') throw error;
    });
  }

  listUploads(prefix: string, options: CallOptions = {}): AsyncIterable<PendingUpload> {
    return pendingUploads({ ...this.#parts, url: this.url }, prefix, options);
  }

  endUpload(upload: PendingUpload, options: CallOptions = {}): Promise<void> {
    return abortUpload({ ...this.#parts, url: this.url }, upload, options);
  }

  async createSignedUrl(key: string, ttlSeconds: number): Promise<string> {
    const { signing, s3, presigner, bucket, headers } = this.#parts;
    assertKey(key);
    const tried = `sign ${this.url}/${key}`;
    assertTtl(tried, ttlSeconds);
    if (headers.get.SSECustomerKey)
      throw new BowlineError('Unsupported', `${tried}: its content can be read with the customer's key only`);
    return attempt(tried, {}, () =>
      presigner.getSignedUrl(signing, new s3.GetObjectCommand({ Bucket: bucket, Key: key }), { expiresIn: ttlSeconds }),
    );
  }

  /** In one request. */
  async #putWhole(target: PutTarget, body: Uint8Array, signal: AbortSignal | undefined): Promise<Written> {
    const { client, s3 } = this.#parts;
    await client.send(new s3.PutObjectCommand({ ...target, Body: body }), signal ? { abortSignal: signal } : {});
    return { bytes: body.length, sha256: createHash('sha256').update(body).digest('hex'), crc: crc32(body) };
  }

  /** In parts, beyond the first of them. */
  async #putStream(
    target: PutTarget,
    body: Readable | Uint8Array,
    { tried, signal }: { tried: string; signal: AbortSignal | undefined },
  ): Promise<Written> {
    let crc = 0;
    const { stream, written } = measured(body, (chunk) => void (crc = crc32(chunk, crc)));
    const tooLate = new AbortController();
    let grace: NodeJS.Timeout | undefined;
    const stop = (): void => {
      stream.destroy(interrupted(tried, signal?.reason));
      grace = setTimeout(() => tooLate.abort(signal?.reason), partGraceMs);
    };
    signal?.addEventListener('abort', stop, { once: true });
    try {
      // It removes the parts itself when a part, the body or the end fails.
      const upload = new this.#parts.storage.Upload({
        client: interruptible(this.#parts, { signal, tooLate: tooLate.signal }),
        params: { ...target, Body: stream },
        partSize: partBytes,
        queueSize: partsInFlight,
        leavePartsOnError: false,
      });
      await upload.done();
      return { ...written(), crc };
    } finally {
      signal?.removeEventListener('abort', stop);
      clearTimeout(grace);
      stream.destroy();
    }
  }

  /** The answer to a HEAD has no text: a bucket that is not there looks like an object that is not. A list tells, and this rejects. */
  async #explain(tried: string, error: BowlineError, options: CallOptions): Promise<void> {
    const { client, s3, bucket } = this.#parts;
    const input = { Bucket: bucket, MaxKeys: 1 };
    await attempt(tried, options, (sent) => client.send(new s3.ListObjectsV2Command(input), sent)).catch(
      (reason: BowlineError) => {
        // Who may not list may still be told of an object.
        throw error.status === 404 && reason.status === 403 ? error : reason;
      },
    );
    if (error.status === 404) throw error;
  }

  async *#pages(query: { Prefix: string; Delimiter?: string }, options: CallOptions) {
    const { client, s3, bucket } = this.#parts;
    for (let token: string | undefined, more = true; more;) {
      const input = { Bucket: bucket, ...query, ...(token !== undefined && { ContinuationToken: token }) };
      const page = await attempt(`list ${this.url}/${query.Prefix}`, options, (sent) =>
        client.send(new s3.ListObjectsV2Command(input), sent),
      );
      yield page;
      token = page.NextContinuationToken;
      more = token !== undefined && page.IsTruncated === true;
    }
  }
}

/** A CRC32 as S3 writes it. */
function crc32Text(crc: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc);
  return `crc32:${bytes.toString('base64')}`;
}

/** The checksum of the whole content, which only CRC32 is always; `-3` at its end says that it is one of three checksums. */
function checksumOf({ ChecksumCRC32: value, ChecksumType }: HeadObjectCommandOutput): string | undefined {
  return value && ChecksumType !== 'COMPOSITE' && !value.includes('-') ? `crc32:${value}` : undefined;
}

/**
 * The client as an upload uses it, whose requests end when the signal fires. The upload's own way to stop leaves requests behind,
 * which finish after it has rejected. The request that removes the parts goes out in any case, and after the parts under way:
 * a server that is still at work on a part when the upload is aborted may keep it.
 */
function interruptible(
  { client, s3 }: AwsClients,
  { signal, tooLate }: { signal: AbortSignal | undefined; tooLate: AbortSignal },
): S3Client {
  if (signal === undefined) return client;
  const abortSignal = (command: unknown): AbortSignal | undefined => {
    // Broken off, it might begin an upload that nobody knows of, nor ends.
    if (command instanceof s3.CreateMultipartUploadCommand || command instanceof s3.AbortMultipartUploadCommand) return;
    return command instanceof s3.UploadPartCommand ? tooLate : signal;
  };
  const send = (command: Parameters<S3Client['send']>[0]): unknown => {
    const heeded = abortSignal(command);
    return client.send(command, heeded ? { abortSignal: heeded } : {});
  };
  return Object.create(client, { send: { value: send } }) as S3Client;
}
