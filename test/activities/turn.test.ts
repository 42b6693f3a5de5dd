import assert from 'node:assert/strict';
import { turnOf } from '../../src/activities/turn.ts';

describe('turnOf', () => {
  const hour = (index: number): Date => new Date(index * 3_600_000);

  it('takes all, in their order, where there are few', () => {
    assert.deepEqual(turnOf(['a', 'b'], { most: 2, now: hour(7) }), ['a', 'b']);
    assert.deepEqual(turnOf([], { most: 2, now: hour(7) }), []);
  });

  for (const count of [3, 4, 5, 99, 100, 101]) {
    it(`takes two of ${count} each hour, and all of them in time`, () => {
      const all = Array.from({ length: count }, (_, index) => index);
      const taken = new Set<number>();
      for (let index = 0; index < count; index++) {
        const turn = turnOf(all, { most: 2, now: hour(index) });
        assert.equal(new Set(turn).size, 2);
        for (const one of turn) taken.add(one);
      }
      assert.equal(taken.size, count);
    });
  }
});
