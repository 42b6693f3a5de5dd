import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import fc from 'fast-check';
import { blocksOf } from '../../../src/plugins/object-stores/blocks.ts';

async function blocks(chunks: readonly Buffer[], size: number): Promise<Buffer[]> {
  const found: Buffer[] = [];
  for await (const block of blocksOf(Readable.from(chunks, { objectMode: true }), size)) found.push(block);
  return found;
}

describe('blocksOf', () => {
  it('gives what it got, in blocks of the size but for the last, none of them empty', async () => {
    const chunk = fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes));
    await fc.assert(
      fc.asyncProperty(fc.array(chunk), fc.integer({ min: 1, max: 12 }), async (chunks, size) => {
        const whole = Buffer.concat(chunks);
        const found = await blocks(chunks, size);
        assert.deepEqual(Buffer.concat(found), whole);
        assert.deepEqual(
          found.map(({ length }) => length),
          Array.from({ length: Math.ceil(whole.length / size) }, (_, i) => Math.min(size, whole.length - i * size)),
        );
      }),
    );
  });
});
