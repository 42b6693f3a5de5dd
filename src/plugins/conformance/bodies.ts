import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import type { ObjectStore } from '../object-store.ts';
import { blocks } from './contents.ts';

/** More than one part where a store uploads in parts, and not a multiple of any round size. */
export const severalParts: number = 12 * 1024 * 1024 + 17;

/** Twelve megabytes, then a failure. */
export function failing(error: Error): Readable {
  const body = Readable.from(
    (function* () {
      yield* blocks(severalParts);
      throw error;
    })(),
  );
  // A store that has given up before must not end the process.
  return body.on('error', () => undefined);
}

/** `count` bytes, and then no end: a body that waits for something. */
export function stalling(count: number): Readable {
  const body = new Readable({ read: () => undefined });
  for (const block of blocks(count)) body.push(block);
  return body;
}

/** Of a put whose body, longer than `written` bytes, never ends: fires the signal once it has been read that far. */
export async function interrupt(store: ObjectStore, key: string, written: number): Promise<void> {
  const stop = new AbortController();
  const body = stalling(written);
  const refused = assert.rejects(store.putObject(key, body, { signal: stop.signal }), { code: 'Interrupted' });
  await untilRead(body, refused);
  stop.abort();
  await refused;
}

/** Waits until all that is in `body` has been read, or the put that reads it has ended. */
export async function untilRead(body: Readable, put: Promise<void>): Promise<void> {
  let isReading = true;
  const end = (): void => void (isReading = false);
  put.then(end, end);
  while (isReading && body.readableLength > 0) await new Promise(setImmediate);
}
