import assert from 'node:assert/strict';
import { compileGroupResource, compileRegex } from '../../src/modifiers/patterns.ts';

const globs: readonly { glob: string; matches: readonly string[]; others: readonly string[] }[] = [
  { glob: 'pods', matches: ['pods'], others: ['podss', 'pods.apps', 'apods'] },
  { glob: '*', matches: ['pods', ''], others: ['deployments.apps'] },
  { glob: '**', matches: ['pods', 'deployments.apps'], others: [] },
  { glob: '*.apps', matches: ['deployments.apps'], others: ['pods', 'a.b.apps', 'deploymentsxapps'] },
  { glob: 'po?s', matches: ['pods', 'poxs'], others: ['pos', 'po.s'] },
  { glob: '[ps]*s', matches: ['pods', 'secrets'], others: ['nodes'] },
  { glob: '[!p]*s', matches: ['secrets'], others: ['pods'] },
  { glob: '{pods,*.apps}', matches: ['pods', 'deployments.apps'], others: ['secrets'] },
  { glob: 'a\\*b', matches: ['a*b'], others: ['axb'] },
  { glob: 'a+(b)', matches: ['a+(b)'], others: ['aab'] },
];

describe('patterns of modifiers', () => {
  for (const { glob, matches, others } of globs) {
    it(`tell by ${glob} what is meant`, () => {
      const isMatch = compileGroupResource(glob);
      assert.deepEqual([...matches, ...others].filter(isMatch), matches);
    });
  }

  it('refuse a brace that is not closed', () => {
    assert.throws(() => compileGroupResource('{a,b'), /a brace is not closed/);
  });

  it('take time that grows with the text alone', () => {
    const startedAt = performance.now();
    assert.equal(compileRegex('(a+)+$')(`${'a'.repeat(253)}b`), false);
    assert.ok(performance.now() - startedAt < 5_000);
  });
});
