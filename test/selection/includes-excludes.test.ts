import assert from 'node:assert/strict';
import fc from 'fast-check';
import { includesExcludes, isGlob, validateIncludesExcludes } from '../../src/selection/includes-excludes.ts';

const name = fc.stringMatching(/^[ab][ab.-]{0,5}$/);
const glob = fc
  .array(fc.constantFrom('a', 'b', '.', '-', '?', '*', '[a-b]', '[!a]'), { maxLength: 6 })
  .map((parts) => parts.join('').replace(/\*+/g, '*'));
const pattern = fc.oneof(name, glob);
const patterns = fc.array(pattern, { maxLength: 4 });

/** What a glob means, by trying everything. */
function globMatches(tokens: readonly string[], text: string): boolean {
  const [first, ...rest] = tokens;
  if (first === undefined) return text === '';
  if (first === '*') return globMatches(rest, text) || (text !== '' && globMatches(tokens, text.slice(1)));
  if (text === '') return false;
  const [head = ''] = text;
  const fits = { '?': true, '[a-b]': /[ab]/.test(head), '[!a]': head !== 'a' }[first] ?? first === head;
  return fits && globMatches(rest, text.slice(1));
}

describe('includesExcludes', () => {
  const cases: readonly [string, readonly string[], readonly string[]][] = [
    ['pods', ['pods'], ['pod', 'podss', 'Pods', '']],
    ['app-*', ['app-', 'app-1', 'app-a.b'], ['app', 'my-app-1']],
    ['*.apps', ['deployments.apps', '.apps'], ['deploymentsxapps', 'deployments.apps.k8s.io']],
    ['*s.*.k8s.io', ['roles.rbac.authorization.k8s.io', 'csinodes.storage.k8s.io'], ['roles.k8s.io', 'pods']],
    ['a?c', ['abc', 'a.c'], ['ac', 'abbc']],
    ['ns-[0-3]', ['ns-0', 'ns-3'], ['ns-4', 'ns-', 'ns-00']],
    ['ns-[ab.]', ['ns-a', 'ns-.'], ['ns-c']],
    ['ns-[!0-3]', ['ns-4', 'ns-a'], ['ns-0', 'ns-']],
    ['*a*b*a*', ['aba', 'xaxbxax'], ['ab', 'baab']],
    ['*aab', ['aab', 'aaab', 'aabaab'], ['aaba']],
    ['[z-a', ['[z-a'], ['z', 'a', '-']],
    ['[z-a]', ['[z-a]'], ['z', 'a', '-']],
    ['[]', ['[]'], ['', 'a']],
    ['(a|b)*', ['(a|b)*'], ['a', 'b', 'ab']],
  ];
  for (const [include, matched, others] of cases) {
    it(`matches ${include} with ${matched.join(', ')}, not with ${others.map((one) => `'${one}'`).join(', ')}`, () => {
      const { includes } = includesExcludes([include], []);
      assert.deepEqual(matched.filter(includes), matched);
      assert.deepEqual(others.filter(includes), []);
    });
  }

  it('matches globs as trying everything does', () => {
    fc.assert(
      fc.property(glob, name, (text, candidate) => {
        const tokens = text.match(/\[.*?\]|./g) ?? [];
        const expected = text === '*' || globMatches(tokens, candidate);
        assert.equal(includesExcludes([text], []).includes(candidate), expected);
      }),
      { numRuns: 1_000 },
    );
  });

  it('includes all without includes, and for *', () => {
    for (const includes of [undefined, [], ['*']]) {
      const filter = includesExcludes(includes, undefined);
      assert.ok(filter.everything && filter.includes('anything'));
    }
  });

  it('does not hold for everything what excludes anything, or includes anything but *', () => {
    assert.equal(includesExcludes(['*'], ['a']).everything, false);
    assert.equal(includesExcludes(['a*'], []).everything, false);
    // It includes every name, but by Velero's rule it is a filter of names still.
    assert.deepEqual(
      [includesExcludes(['*', 'a'], []).everything, includesExcludes(['*', 'a'], []).includes('b')],
      [false, true],
    );
  });

  it('never includes what is excluded', () => {
    fc.assert(
      fc.property(patterns, patterns, pattern, name, (includes, excludes, exclude, candidate) => {
        const filter = includesExcludes(includes, [...excludes, exclude]);
        assert.ok(!filter.includes(candidate) || !includesExcludes([exclude], []).includes(candidate));
      }),
    );
  });

  it('takes excludes away from what it includes, and nothing else', () => {
    fc.assert(
      fc.property(patterns, fc.array(pattern, { minLength: 1 }), name, (includes, excludes, candidate) => {
        const wanted = includesExcludes(includes, []).includes(candidate);
        const unwanted = includesExcludes(excludes, []).includes(candidate);
        assert.equal(includesExcludes(includes, excludes).includes(candidate), wanted && !unwanted);
      }),
    );
  });

  it('includes what one of its includes does, in any order', () => {
    fc.assert(
      fc.property(fc.array(pattern, { minLength: 1 }), name, (includes, candidate) => {
        const { includes: matches } = includesExcludes(includes, []);
        assert.equal(
          matches(candidate),
          includes.some((one) => includesExcludes([one], []).includes(candidate)),
        );
        assert.equal(includesExcludes(includes.toReversed(), []).includes(candidate), matches(candidate));
      }),
    );
  });

  it('lets no pattern lead it astray', () => {
    const { includes } = includesExcludes([`${'*a'.repeat(50)}b`], []);
    // One that tries all ways would not come back.
    assert.equal(includes('a'.repeat(253)), false);
  });
});

describe('isGlob', () => {
  for (const text of ['*', 'a*', 'a?', '[a]', '[']) it(`says so of ${text}`, () => assert.ok(isGlob(text)));
  for (const text of ['', 'a', 'a.b-c', 'a]']) it(`does not say so of '${text}'`, () => assert.ok(!isGlob(text)));
});

describe('validateIncludesExcludes', () => {
  it('finds nothing wrong with names and globs', () => {
    assert.deepEqual(validateIncludesExcludes('x', ['*'], ['a', 'b*', 'c?', '[!a-c]d', 'e.f/g:h']), []);
    assert.deepEqual(validateIncludesExcludes('x', undefined, undefined), []);
    fc.assert(
      fc.property(
        patterns,
        (list) =>
          validateIncludesExcludes(
            'x',
            list.filter((one) => one !== '*'),
          ).length === 0,
      ),
    );
  });

  it('finds all that is wrong at once', () => {
    const none = 'is neither a name nor a glob of *, ?, [a-c], [!a]';
    assert.deepEqual(validateIncludesExcludes('spec: namespaces', ['*', 'a', '[b'], ['*', 'a', '[c-a]', 'd**']), [
      'spec: namespaces: "*" must stand alone in the includes',
      'spec: namespaces: "*" is not allowed in the excludes',
      `spec: namespaces: "[b" ${none}`,
      `spec: namespaces: "[c-a]" ${none}`,
      `spec: namespaces: "d**" ${none}`,
      'spec: namespaces: a is both included and excluded',
    ]);
  });

  for (const text of ['a b', 'a,b', '{a,b}', '(a)', 'a|b', 'a!', '[]', '[!]', '[a*]', 'a]', '\\*', 'é', ' ']) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      assert.equal(validateIncludesExcludes('x', [text]).length, 1);
      assert.equal(validateIncludesExcludes('x', [], [text]).length, 1);
    });
  }
});
