import { createHash } from 'node:crypto';
import { BowlineError } from '../api/errors.ts';
import type { CallOptions, ObjectStore, WrittenObject } from '../plugins/object-store.ts';

/** An artifact in the object store. */
export interface PutArtifact extends WrittenObject {
  readonly key: string;
}

/**
 * Checks that an artifact is in the store as it was written: its size, and the checksum that the store keeps, if that is the one
 * which the write foretold. Where the store keeps none, or another, the content itself is read and digested. Rejects with
 * `CorruptBackup`, or with `NotFound` if there is none.
 */
export async function verifyArtifact(
  store: ObjectStore,
  { key, bytes, sha256, checksum }: PutArtifact,
  options: CallOptions = {},
): Promise<void> {
  const tried = `check ${store.url}/${key}`;
  const stat = await store.statObject(key, options);
  if (stat.bytes !== bytes)
    throw new BowlineError('CorruptBackup', `${tried}: it holds ${stat.bytes} bytes, ${bytes} were written`);
  if (checksum !== undefined && stat.checksum === checksum) return;
  const found = await digest(await store.getObject(key, options));
  if (found.sha256 === sha256) return;
  throw new BowlineError('CorruptBackup', `${tried}: its SHA-256 is ${found.sha256}, ${sha256} was written`);
}

/** Size and SHA-256 of a content. */
export async function digest(chunks: AsyncIterable<Uint8Array>): Promise<WrittenObject> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of chunks) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { bytes, sha256: hash.digest('hex') };
}
