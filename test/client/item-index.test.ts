import assert from 'node:assert/strict';
import fc from 'fast-check';
import { hashOf, ItemIndex } from '../../src/client/item-index.ts';

const letters = 'abcdefghij'.split('');
const entries = fc.array(fc.tuple(fc.constantFrom(...letters), fc.constantFrom('1', '2', '3')), { maxLength: 30 });

function indexOf(pairs: readonly (readonly [string, string])[]): ItemIndex {
  const index = new ItemIndex();
  for (const [key, content] of pairs) index.add(hashOf(key), hashOf(content));
  return index;
}

describe('ItemIndex', () => {
  it('knows the keys it was given, and tells what changed as two maps would', () => {
    fc.assert(
      fc.property(entries, entries, (before, after) => {
        const [left, right] = [new Map(before), new Map(after)];
        const index = indexOf(before);
        for (const key of letters) assert.equal(index.has(hashOf(key)), left.has(key));
        const expected = new Map<string, string>();
        for (const key of new Set([...left.keys(), ...right.keys()])) {
          const change = !left.has(key) ? 'added' : !right.has(key) ? 'removed' : 'changed';
          if (left.get(key) !== right.get(key)) expected.set(hashOf(key).toString('latin1'), change);
        }
        const changes = index.changesTo(indexOf(after));
        assert.deepEqual(changes, expected);
      }),
    );
  });

  it('grows', () => {
    const keys = Array.from({ length: 5_000 }, (_, at) => `key-${at}`);
    const index = indexOf(keys.map((key) => [key, 'x']));
    assert.ok(keys.every((key) => index.has(hashOf(key))));
    assert.equal(index.has(hashOf('key-5000')), false);
    assert.equal(index.changesTo(indexOf(keys.map((key) => [key, key === 'key-7' ? 'y' : 'x']))).size, 1);
  });
});
