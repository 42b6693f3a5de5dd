import { createHash, randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { BlockBlobClient } from '@azure/storage-blob';
import { blocksOf } from './blocks.ts';

/** How a stream becomes a blob. */
export interface AzureUpload {
  readonly blockBytes: number;
  readonly ifAbsent: boolean;
  readonly signal: AbortSignal | undefined;
  /** Kept with the blob; asked for when the stream has ended. */
  readonly metadata: () => Record<string, string>;
}

const blocksInFlight = 4;

/**
 * Stages a stream block by block, each with its MD5, and commits the list: only that makes the blob, whole and at once. Blocks
 * have names of this call's own, for another writer of the same blob would take them for its own. Those of a call that fails
 * are forgotten by the store after a week.
 */
export async function uploadBlocks(
  blob: BlockBlobClient,
  stream: Readable,
  { blockBytes, ifAbsent, signal, metadata }: AzureUpload,
): Promise<void> {
  const failed = new AbortController();
  const abortSignal = signal ? AbortSignal.any([signal, failed.signal]) : failed.signal;
  const upload = randomUUID();
  const ids: string[] = [];
  const staging = new Set<Promise<unknown>>();
  try {
    for await (const block of blocksOf(stream, blockBytes)) {
      const id = Buffer.from(`${upload}-${String(ids.length).padStart(6, '0')}`).toString('base64');
      ids.push(id);
      const transactionalContentMD5 = createHash('md5').update(block).digest();
      const staged: Promise<unknown> = blob
        .stageBlock(id, block, block.length, { abortSignal, transactionalContentMD5 })
        .then(() => staging.delete(staged));
      staging.add(staged);
      if (staging.size >= blocksInFlight) await Promise.race(staging);
    }
    await Promise.all(staging);
    await blob.commitBlockList(ids, {
      abortSignal,
      metadata: metadata(),
      ...(ifAbsent && { conditions: { ifNoneMatch: '*' } }),
    });
  } finally {
    failed.abort();
    await Promise.allSettled(staging);
  }
}
