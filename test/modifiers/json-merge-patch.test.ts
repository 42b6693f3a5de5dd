import assert from 'node:assert/strict';
import fc from 'fast-check';
import { mergePatchBetween } from '../../src/activities/merge-patch.ts';
import { parseJson, type JsonObject, type JsonValue } from '../../src/api/json.ts';
import { applyMergePatch } from '../../src/modifiers/json-merge-patch.ts';

/** The examples of RFC 7386. */
const examples: readonly [target: JsonValue, patch: JsonValue, result: JsonValue][] = [
  [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
  [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
  [{ a: 'b' }, { a: null }, {}],
  [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
  [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
  [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
  [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
  [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
  [
    ['a', 'b'],
    ['c', 'd'],
    ['c', 'd'],
  ],
  [{ a: 'b' }, ['c'], ['c']],
  [{ a: 'foo' }, null, null],
  [{ a: 'foo' }, 'bar', 'bar'],
  [{ e: null }, { a: 1 }, { e: null, a: 1 }],
  [[1, 2], { a: 'b', c: null }, { a: 'b' }],
  [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
];

describe('applyMergePatch', () => {
  for (const [target, patch, result] of examples) {
    it(`makes ${JSON.stringify(result)} of ${JSON.stringify(target)} by ${JSON.stringify(patch)}`, () => {
      assert.deepEqual(applyMergePatch(target, patch), result);
    });
  }

  it('keeps every digit of a number', () => {
    const patched = applyMergePatch(parseJson('{"a":9007199254740993}'), parseJson('{"b":12345678901234567890}'));
    assert.equal(JSON.stringify(patched), '{"a":9007199254740993,"b":12345678901234567890}');
  });

  it('is undone by the patch between what it makes and what was there', () => {
    // A merge patch knows no null that stays, so there is none in the examples.
    const leaf = fc.oneof(fc.string(), fc.boolean(), fc.array(fc.integer(), { maxLength: 3 }));
    const key = fc.constantFrom('a', 'b', 'c', '__proto__', 'constructor');
    const nested = fc.dictionary(key, fc.oneof(leaf, fc.dictionary(key, leaf)));
    const value = fc.dictionary(key, fc.oneof(leaf, nested));
    fc.assert(
      fc.property(value, value, (from, to) => {
        const patch = mergePatchBetween(from, to) ?? ({} as JsonObject);
        assert.deepEqual(
          JSON.parse(JSON.stringify(applyMergePatch(from as JsonValue, patch))),
          JSON.parse(JSON.stringify(to)),
        );
      }),
    );
  });
});
