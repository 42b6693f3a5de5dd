import assert from 'node:assert/strict';
import fc from 'fast-check';
import { labelValue } from '../../src/kubernetes/label-value.ts';

const character = fc.constantFrom(...'abcdefghijklmnopqrstuvwxyz0123456789-.'.split(''));

describe('labelValue', () => {
  it('leaves names alone that fit', () => {
    fc.assert(fc.property(fc.string({ unit: character, maxLength: 63 }), (name) => labelValue(name) === name));
  });

  it('cuts longer names to 63 characters that still tell them apart', () => {
    const prefix = 'a'.repeat(63);
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.string({ unit: character, minLength: 1 }), { minLength: 2, maxLength: 2 }),
        ([a, b]) => {
          const [left, right] = [labelValue(prefix + a), labelValue(prefix + b)];
          assert.match(left, /^a{57}[0-9a-f]{6}$/);
          assert.notEqual(left, right);
        },
      ),
    );
  });
});
