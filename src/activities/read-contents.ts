import { createHash, type Hash } from 'node:crypto';
import { pipeline, Readable, Transform } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { BowlineError, errorCode } from '../api/errors.ts';
import type { GroupResource, ResourceIdentifier } from '../api/unstructured.ts';
import { backupLayout } from '../backup-format/layout.ts';
import type { Member } from '../backup-format/segment-writer.ts';
import { decodeSegmentsIndex, rangesOf, type MemberRange } from '../backup-format/segments-index.ts';
import { endMember, readTarball, type TarballItem } from '../backup-format/tarball.ts';
import type { ObjectStore } from '../plugins/object-store.ts';
import type { ContentsRef } from './backup-contents.ts';
import { bytesOf } from './bytes.ts';
import { activitySignal } from './lease.ts';

/** Which backup is read, and where it lies. */
export interface ContentsSource {
  readonly store: ObjectStore;
  readonly backup: string;
  readonly contents: ContentsRef;
}

/** What a reader takes of a tarball. */
export interface ContentsReader {
  /** Whether anything of a type in a namespace may be wanted; `''` is the namespace of cluster-scoped items. */
  mayHold(groupResource: GroupResource, namespace: string): boolean;
  wanted(item: ResourceIdentifier): boolean;
}

/** A tarball is read by ranges if they come to less than this part of it: beyond it one request is faster than many. */
const smallPart = 0.5;

/**
 * Streams the wanted items of a backup's tarball: by ranges, where the index says that little of it is needed and the store can do
 * that, else from its first byte to its last. Whatever was read is checked against the digests that the backup records: each
 * member's, or the whole tarball's.
 *
 * Fails with `CorruptBackup`, perhaps after many items, or with what the store answered: none may be acted on before the end.
 */
export async function* readContents(source: ContentsSource, reader: ContentsReader): AsyncGenerator<TarballItem> {
  const ranges = await smallRanges(source, reader);
  if (ranges !== undefined && (yield* readRanges(source, ranges, reader))) return;
  yield* readWhole(source, reader);
}

async function* readWhole(
  { store, backup, contents: { sha256 } }: ContentsSource,
  { wanted }: ContentsReader,
): AsyncGenerator<TarballItem> {
  const key = backupLayout(backup).contents;
  const signal = activitySignal();
  const hash = createHash('sha256');
  const body = hashed(await store.getObject(key, { signal }), hash);
  yield* readTarball(body, { wanted, signal });
  if (sha256 === undefined || hash.digest('hex') === sha256) return;
  throw new BowlineError('CorruptBackup', `read ${store.url}/${key}: its SHA-256 is not the one its index records`);
}

function hashed(source: Readable, hash: Hash): Readable {
  const counting = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      done(null, chunk);
    },
  });
  // The reader sees what goes wrong here as an error of the stream it reads.
  return pipeline(source, counting, () => undefined);
}

/** The ranges to read, if there is an index and they are a small part of the tarball. */
async function smallRanges(
  { store, backup, contents }: ContentsSource,
  { mayHold }: ContentsReader,
): Promise<MemberRange[] | undefined> {
  if (contents.sha256 === undefined) return undefined;
  const index = decodeSegmentsIndex(await bytesOf(store, backupLayout(backup).segments));
  if (index === undefined) return undefined;
  const ranges = rangesOf(index, mayHold);
  const bytes = ranges.reduce((sum, { start, end }) => sum + end - start + 1, 0);
  return bytes < contents.bytes * smallPart ? ranges : undefined;
}

/** Returns `false` if the store can't read ranges: nothing has been yielded then. */
async function* readRanges(
  source: ContentsSource,
  ranges: readonly MemberRange[],
  reader: ContentsReader,
): AsyncGenerator<TarballItem, boolean> {
  let begun = false;
  let seen = 0;
  const wanted = (item: ResourceIdentifier): boolean => {
    seen++;
    return reader.wanted(item);
  };
  async function* members(): AsyncIterable<Uint8Array> {
    for (const range of ranges) {
      yield* await readRange(source, range);
      begun = true;
    }
    yield await endMember();
  }
  try {
    yield* readTarball(Readable.from(members()), { wanted, signal: activitySignal() });
  } catch (error) {
    if (errorCode(error) === 'Unsupported' && !begun) return false;
    throw error;
  }
  const expected = ranges.flatMap((range) => range.members).reduce((sum, { items }) => sum + items, 0);
  if (seen === expected) return true;
  const { store, backup } = source;
  throw new BowlineError(
    'CorruptBackup',
    `read ${store.url}/${backupLayout(backup).contents}: members hold ${seen} items, the index says ${expected}`,
  );
}

/** The members of one range, each checked. */
async function readRange(
  { store, backup }: ContentsSource,
  { start, end, members }: MemberRange,
): Promise<Uint8Array[]> {
  const key = backupLayout(backup).contents;
  const body = await buffer(await store.getObject(key, { range: { start, end }, signal: activitySignal() }));
  return members.map((member) => {
    const part = body.subarray(member.offset - start, member.offset - start + member.length);
    if (isRight(part, member)) return part;
    throw new BowlineError(
      'CorruptBackup',
      `read ${store.url}/${key}: the member at ${member.offset} is not the one its index records`,
    );
  });
}

function isRight(part: Uint8Array, { length, sha256 }: Member): boolean {
  return part.length === length && createHash('sha256').update(part).digest('hex') === sha256;
}
