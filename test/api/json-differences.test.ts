import assert from 'node:assert/strict';
import fc from 'fast-check';
import { equalJson, parseJson } from '../../src/api/json.ts';
import { canonicalJson, jsonDifferences } from '../../src/api/json-differences.ts';

const cases: readonly [string, unknown, unknown, [string, unknown, unknown][]][] = [
  ['equal values', { a: [1, { b: null }] }, { a: [1, { b: null }] }, []],
  ['members in another order', { a: 1, b: 2 }, { b: 2, a: 1 }, []],
  ['a value', { spec: { replicas: 1 } }, { spec: { replicas: 2 } }, [['spec.replicas', 1, 2]]],
  [
    'members that are only on one side, in the order of names',
    { c: 1, a: { x: 1 } },
    { b: 2, a: {} },
    [
      ['a.x', 1, undefined],
      ['b', undefined, 2],
      ['c', 1, undefined],
    ],
  ],
  ['names that need quotes', { data: { 'a.b': 1 } }, { data: { 'a.b': 2 } }, [['data["a.b"]', 1, 2]]],
  ['another kind of value', { a: { b: 1 } }, { a: [1] }, [['a', { b: 1 }, [1]]]],
  ['null and nothing', { a: null }, {}, [['a', null, undefined]]],
  [
    'members of a list by their names, wherever they stand',
    { containers: [{ name: 'web', image: 'a' }, { name: 'log' }] },
    { containers: [{ name: 'init' }, { name: 'web', image: 'b' }, { name: 'log' }] },
    [
      ['containers[web].image', 'a', 'b'],
      ['containers[init]', undefined, { name: 'init' }],
    ],
  ],
  [
    'members of a list in another order',
    { a: [{ name: 'x' }, { name: 'y' }] },
    { a: [{ name: 'y' }, { name: 'x' }] },
    [
      ['a[0].name', 'x', 'y'],
      ['a[1].name', 'y', 'x'],
    ],
  ],
  [
    'members of a list without names by their place',
    { a: [1, 2] },
    { a: [1, 3, 4] },
    [
      ['a[1]', 2, 3],
      ['a[2]', undefined, 4],
    ],
  ],
  [
    'names that come twice by their place',
    { a: [{ name: 'x' }, { name: 'x' }] },
    { a: [{ name: 'x' }] },
    [['a[1]', { name: 'x' }, undefined]],
  ],
];

describe('jsonDifferences', () => {
  for (const [what, before, after, expected] of cases) {
    it(`tells of ${what}`, () =>
      assert.deepEqual(
        jsonDifferences(before, after).map((one) => [one.path, one.before, one.after]),
        expected,
      ));
  }

  it('tells of the last digit of a long number', () => {
    const [before, after] = [parseJson('{"a":12345678901234567890}'), parseJson('{"a":12345678901234567891}')];
    assert.deepEqual(
      jsonDifferences(before, after).map(({ path }) => path),
      ['a'],
    );
    assert.notEqual(canonicalJson(before), canonicalJson(after));
  });

  it('finds none exactly if two values are equal, which is when their canonical texts are', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
        assert.equal(jsonDifferences(a, b).length === 0, equalJson(a, b));
        assert.equal(canonicalJson(a) === canonicalJson(b), equalJson(a, b));
        assert.deepEqual(jsonDifferences(a, JSON.parse(canonicalJson(a))), []);
      }),
    );
  });
});
