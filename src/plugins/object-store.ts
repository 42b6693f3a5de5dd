import type { Readable } from 'node:stream';

/**
 * A bucket. Keys are UTF-8 such as `backups/nightly/nightly.tar.gz`: never empty, no leading `/`, no empty, `.` or `..`
 * segment, no backslash or control character, at most 1,024 bytes; others reject with code `InvalidConfig`. A store is opened for
 * one bucket and may be used concurrently.
 *
 * Guarantees: a write is visible to every reader once it resolves; no reader sees part of an object; every method may be
 * repeated after a crash. Rejections are `BowlineError`s whose `code` says whether a retry can help (`isPermanent`):
 * `NotFound` (of an object; a bucket that is not there is `InvalidConfig`), `AlreadyExists`, `AccessDenied`, `InvalidConfig`,
 * `Unsupported`, `Conflict` (two writers met), `Throttled`, `Unavailable`, `Interrupted` (the signal fired). So do the streams
 * that a store hands out. Messages name the bucket and the key, never a credential.
 * `conformance/object-store.ts` is this contract as code. Source: Velero v1.6.3 `pkg/plugin/velero/object_store.go`.
 */
export interface ObjectStore {
  /** What people call this store in messages: `s3://bucket`, `file:///backups/bucket`. */
  readonly url: string;

  /**
   * Writes `body` under `key` and resolves with what was written. Replaces what was there, unless `ifAbsent`: then an
   * object that is already there rejects with `AlreadyExists` and stays as it is, also between two concurrent writers.
   * When `body` fails or the signal fires before its end, nothing is left: no object, no part of an upload. A failure of `body`
   * keeps its code if that is one of ours, else it is `Unavailable`.
   */
  putObject(key: string, body: Readable | Uint8Array, options?: PutOptions): Promise<WrittenObject>;

  /** Whether `key` holds an object. A refused or failed request rejects; it is never reported as `false`. */
  objectExists(key: string, options?: CallOptions): Promise<boolean>;

  /** Size of the object, and its checksum where the store keeps one. Rejects with `NotFound` if `key` is absent. */
  statObject(key: string, options?: CallOptions): Promise<ObjectStat>;

  /** Streams the object, or a part of it. Rejects with `NotFound`, before the first byte, if `key` is absent. The caller closes the stream. */
  getObject(key: string, options?: GetOptions): Promise<Readable>;

  /** Yields every key that starts with `prefix`, in byte order, fetching pages as they are consumed. A prefix that no key can have yields none. */
  listObjects(prefix: string, options?: CallOptions): AsyncIterable<string>;

  /** Yields each distinct prefix through the first `delimiter` after `prefix`: of `a/x/1`, `a/y/1` under `a/`: `a/x/`, `a/y/`. */
  listCommonPrefixes(prefix: string, delimiter: string, options?: CallOptions): AsyncIterable<string>;

  /** Removes the object. Resolves when `key` is already absent, so that a retried delete succeeds. */
  deleteObject(key: string, options?: CallOptions): Promise<void>;

  /**
   * Yields the uploads that were begun and have neither been completed nor ended, below `prefix` where the store knows their keys. Nothing
   * where the store shows none, and ends them itself.
   */
  listUploads(prefix: string, options?: CallOptions): AsyncIterable<PendingUpload>;

  /** Ends such an upload and frees what it holds; a write that is still at it fails. Resolves when it is over already. */
  endUpload(upload: PendingUpload, options?: CallOptions): Promise<void>;

  /** A GET URL that needs no credentials for `ttlSeconds`, a week at most. Code `Unsupported` where the store has none. */
  createSignedUrl(key: string, ttlSeconds: number): Promise<string>;
}

/** What every call takes. */
export interface CallOptions {
  /** Aborts the request; activities pass their cancellation signal. */
  readonly signal?: AbortSignal;
}

/** How an object is written. */
export interface PutOptions extends CallOptions {
  /** Refuses to replace an object. Default `false`. */
  readonly ifAbsent?: boolean;
}

/** Which part of an object is read. */
export interface GetOptions extends CallOptions {
  /** Bytes `start` to `end`, both inclusive, from 0. A start past the object's end rejects with `NotFound`. Default: the whole object. */
  readonly range?: { readonly start: number; readonly end: number };
}

/** What a write wrote, counted and digested on the way. */
export interface WrittenObject {
  readonly bytes: number;
  /** SHA-256 in lower-case hex. */
  readonly sha256: string;
  /** What `statObject` has to tell of the object, if the store is going to keep a checksum of it. */
  readonly checksum?: string;
}

/** What is known of an object without reading it. */
export interface ObjectStat {
  readonly bytes: number;
  /** When it was written, by the store's own clock. RFC 3339. */
  readonly modifiedAt: string;
  /** The store's own checksum of the whole content, such as `crc32:yZRlqg==`. Absent where it keeps none. */
  readonly checksum?: string;
}

/** An upload that has not come to its end: it is under way, or was cut off. */
export interface PendingUpload {
  /** The store's own name of it. */
  readonly uploadId: string;
  /** What it is to become; absent where the store does not know. */
  readonly key?: string;
  /** When it was begun or, without a key, when it was last written to. RFC 3339. */
  readonly startedAt: string;
}

/** Opens the bucket named by `config.bucket`. Rejects with code `InvalidConfig`, naming all unknown and missing keys at once. */
export type ObjectStoreFactory = (config: Readonly<Record<string, string>>) => Promise<ObjectStore>;
