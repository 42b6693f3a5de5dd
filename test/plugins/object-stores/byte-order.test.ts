import assert from 'node:assert/strict';
import fc from 'fast-check';
import { inByteOrder } from '../../../src/plugins/object-stores/byte-order.ts';

async function ordered(keys: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for await (const key of inByteOrder(streamOf(keys))) found.push(key);
  return found;
}

async function* streamOf(keys: readonly string[]): AsyncIterable<string> {
  yield* keys;
}

describe('inByteOrder', () => {
  it('sorts what is sorted by UTF-16 units by UTF-8 bytes', async () => {
    const unit = fc.constantFrom('a', 'b', '/', '\u00e9', '\ud7ff', '\ue000', '\uff5e', '\u{1f9a2}', '\u{10000}');
    await fc.assert(
      fc.asyncProperty(fc.array(fc.string({ unit, maxLength: 4 })), async (keys) => {
        const expected = keys.map((key) => Buffer.from(key)).sort(Buffer.compare);
        assert.deepEqual(await ordered(keys.toSorted()), expected.map(String));
      }),
      { verbose: true },
    );
  });

  it('holds nothing back of keys without such units', async () => {
    let given = 0;
    async function* keys(): AsyncIterable<string> {
      for (const key of ['a', 'b', 'c']) {
        given++;
        yield key;
      }
    }
    for await (const _key of inByteOrder(keys())) break;
    assert.equal(given, 1);
  });
});
