import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import type { GetOptions, ObjectStore, PutOptions, WrittenObject } from '../object-store.ts';

/** Writes a text as an object. */
export function write(
  store: ObjectStore,
  key: string,
  content: string = key,
  options?: PutOptions,
): Promise<WrittenObject> {
  return store.putObject(key, Readable.from([content]), options);
}

/** Reads an object, or a part of it, as text. */
export async function read(store: ObjectStore, key: string, options?: GetOptions): Promise<string> {
  return text(await store.getObject(key, options));
}

/** Everything that a list yields. */
export async function all(keys: AsyncIterable<string>): Promise<string[]> {
  const found: string[] = [];
  for await (const key of keys) found.push(key);
  return found;
}

const blockBytes = 64 * 1024;

/** Bytes of which no two blocks are alike, so that parts in a wrong order show; the same on every call. */
export function* blocks(totalBytes: number): Generator<Buffer> {
  for (let at = 0; at < totalBytes; at += blockBytes) {
    const block = Buffer.alloc(Math.min(blockBytes, totalBytes - at), `${at} `);
    yield block;
  }
}

/** Asserts that an object holds what `blocks` gives. */
export async function assertBlocks(store: ObjectStore, key: string, totalBytes: number): Promise<void> {
  const found = await buffer(await store.getObject(key));
  assert.equal(found.length, totalBytes);
  assert.equal(sha256(found), sha256(Buffer.concat([...blocks(totalBytes)])));
}

/** SHA-256 in lower-case hex. */
export function sha256(bytes: string | Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Asserts that there is no object in the store at all. */
export async function assertEmpty(store: ObjectStore): Promise<void> {
  assert.deepEqual(await all(store.listObjects('')), []);
}
