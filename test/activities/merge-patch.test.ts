import assert from 'node:assert/strict';
import fc from 'fast-check';
import { mergePatchBetween } from '../../src/activities/merge-patch.ts';
import { equalJson, parseJson } from '../../src/api/json.ts';
import { applyMergePatch } from '../support/cluster-in-memory.ts';

const names = ['a', 'b', '__proto__', 'constructor', 'toString', ''];

/** JSON objects that share names, so that pairs of them meet; without `null`, which a merge patch can't set. */
const { json } = fc.letrec<{ json: object; value: unknown }>((tie) => ({
  json: fc
    .uniqueArray(fc.tuple(fc.constantFrom(...names), tie('value')), { selector: ([name]) => name, maxLength: 4 })
    .map((entries) => Object.fromEntries(entries)),
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom<unknown>(0, 1, '', 'x', true, false),
    fc.array(fc.constantFrom<unknown>(1, 'x', null), { maxLength: 2 }),
    tie('json'),
  ),
}));

describe('mergePatchBetween', () => {
  it('gives what turns the one into the other, as it travels', () => {
    fc.assert(
      fc.property(json, json, (from, to) => {
        const patch = mergePatchBetween(from, to);
        const patched = patch === undefined ? from : applyMergePatch(from, JSON.parse(JSON.stringify(patch)));
        assert.ok(equalJson(patched, to), JSON.stringify({ patched, to }));
      }),
      { numRuns: 2_000 },
    );
  });

  it('gives nothing for equals', () => {
    fc.assert(fc.property(json, (same) => mergePatchBetween(same, structuredClone(same)) === undefined));
  });

  it('names only what differs', () => {
    const from = { spec: { replicas: 1, image: 'a' }, data: { gone: 'x', kept: 'y' }, list: [1, 2] };
    const to = { spec: { replicas: 2, image: 'a' }, data: { kept: 'y' }, list: [1], added: { a: 1 } };
    assert.deepEqual(mergePatchBetween(from, to), {
      spec: { replicas: 2 },
      data: { gone: null },
      list: [1],
      added: { a: 1 },
    });
  });

  it('keeps each digit of a number', () => {
    const [from, to] = ['12345678901234567890', '12345678901234567891'].map(
      (digits) => parseJson(`{"n":${digits}}`) as object,
    );
    assert.equal(JSON.stringify(mergePatchBetween(from!, to!)), '{"n":12345678901234567891}');
  });
});
