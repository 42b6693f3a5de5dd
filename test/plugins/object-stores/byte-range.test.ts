import assert from 'node:assert/strict';
import { byteRange } from '../../../src/plugins/object-stores/byte-range.ts';

describe('byteRange', () => {
  const cases = [
    ['bytes=0-0', { start: 0, end: 0 }],
    ['bytes=2-4', { start: 2, end: 4 }],
    ['bytes=7-', { start: 7, end: 9 }],
    ['bytes=7-1000', { start: 7, end: 9 }],
    ['bytes=-3', { start: 7, end: 9 }],
    ['bytes=-1000', { start: 0, end: 9 }],
    ['bytes=10-', 'unsatisfiable'],
    ['bytes=10-20', 'unsatisfiable'],
    ['bytes=-0', 'unsatisfiable'],
    ['bytes=4-2', undefined],
    ['bytes=-', undefined],
    ['bytes=a-b', undefined],
    ['bytes=0-1,3-4', undefined],
    ['lines=0-1', undefined],
    ['bytes=99999999999999999999-', undefined],
    [undefined, undefined],
  ] as const;
  for (const [header, expected] of cases)
    it(`takes ${header ?? 'no header'} of ten bytes for ${expected ? JSON.stringify(expected) : 'the whole'}`, () =>
      assert.deepEqual(byteRange(header, 10), expected));

  it('finds no range in an empty object', () => {
    for (const header of ['bytes=0-', 'bytes=-1', 'bytes=0-5']) assert.equal(byteRange(header, 0), 'unsatisfiable');
  });
});
