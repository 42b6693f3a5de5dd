import assert from 'node:assert/strict';
import { Random } from '../../../tools/bench/random.ts';
import { FaultRules, matches, type FaultRule, type ProxiedRequest } from '../../../tools/stack/fault-rules.ts';

const describeByTag: ProxiedRequest = {
  method: 'POST',
  path: '/?region=a',
  form: new URLSearchParams({ Action: 'DescribeSnapshots', 'Filter.1.Name': 'tag:velero.io/pv' }),
};

/** Which of the first ten requests are hit. */
function hits({ when }: Pick<FaultRule, 'when'>, random: () => number = Math.random): number[] {
  const rules = new FaultRules(random);
  rules.add({ ...(when && { when }), fault: { type: 'drop' } });
  return Array.from({ length: 10 }, (_, index) => index + 1).filter(() => rules.faultsOf(describeByTag).length > 0);
}

describe('fault rules', () => {
  const patterns = [
    { title: 'everything, if nothing is given', pattern: {}, expected: true },
    { title: 'a method', pattern: { method: 'POST' }, expected: true },
    { title: 'another method', pattern: { method: 'GET' }, expected: false },
    { title: 'a part of the path', pattern: { path: /^\/(\?|$)/ }, expected: true },
    { title: 'a part of the query', pattern: { path: /[?&]region=a\b/ }, expected: true },
    { title: 'another path', pattern: { path: /snapshots/ }, expected: false },
    { title: "a form's action", pattern: { action: 'DescribeSnapshots' }, expected: true },
    { title: 'another action', pattern: { action: 'CreateSnapshot' }, expected: false },
    { title: 'a field of a form', pattern: { form: { 'Filter.1.Name': /^tag:/ } }, expected: true },
    { title: 'a field that is not there', pattern: { form: { ClientToken: /./ } }, expected: false },
    { title: 'all of it', pattern: { method: 'POST', action: 'DescribeSnapshots', path: /region=b/ }, expected: false },
  ];
  for (const { title, pattern, expected } of patterns) {
    it(`${expected ? 'match' : 'do not match'} ${title}`, () =>
      assert.equal(matches(pattern, describeByTag), expected));
  }

  const occasions = [
    { title: 'every request, if nothing is said', rule: {}, expected: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] },
    { title: 'the third', rule: { when: { nth: 3 } }, expected: [3] },
    { title: 'the first two', rule: { when: { first: 2 } }, expected: [1, 2] },
    { title: 'every fourth', rule: { when: { every: 4 } }, expected: [4, 8] },
    { title: 'none', rule: { when: { probability: 0 } }, expected: [] },
  ];
  for (const { title, rule, expected } of occasions) it(`hit ${title}`, () => assert.deepEqual(hits(rule), expected));

  it('hit by chance, the same for the same seed', () => {
    const chance = (seed: number): number[] => {
      const random = new Random(seed);
      return hits({ when: { probability: 0.5 } }, () => random.below(1_000) / 1_000);
    };
    assert.deepEqual(chance(1), chance(1));
    assert.notDeepEqual(chance(1), chance(2));
    assert.ok(chance(1).length > 0 && chance(1).length < 10);
  });

  it('count only what they match, all take part, and are gone when they are taken away', () => {
    const rules = new FaultRules(Math.random);
    rules.add({ match: { method: 'GET' }, when: { nth: 1 }, fault: { type: 'drop' } });
    const remove = rules.add({ fault: { type: 'reset', at: 'after' } });
    assert.deepEqual(rules.faultsOf(describeByTag), [{ type: 'reset', at: 'after' }]);
    assert.deepEqual(rules.faultsOf({ ...describeByTag, method: 'GET' }), [
      { type: 'drop' },
      { type: 'reset', at: 'after' },
    ]);
    remove();
    remove();
    assert.deepEqual(rules.faultsOf({ ...describeByTag, method: 'GET' }), []);
  });
});
