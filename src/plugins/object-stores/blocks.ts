import type { Readable } from 'node:stream';

/** Cuts a stream into blocks of `size` bytes; only the last is shorter. An empty stream has none. */
export async function* blocksOf(stream: Readable, size: number): AsyncGenerator<Buffer, void, undefined> {
  let chunks: Buffer[] = [];
  let held = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    let rest = chunk;
    while (held + rest.length >= size) {
      yield Buffer.concat([...chunks, rest.subarray(0, size - held)]);
      rest = rest.subarray(size - held);
      chunks = [];
      held = 0;
    }
    if (rest.length > 0) chunks.push(rest);
    held += rest.length;
  }
  if (held > 0) yield Buffer.concat(chunks);
}
