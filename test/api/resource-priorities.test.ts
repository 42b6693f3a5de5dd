import assert from 'node:assert/strict';
import { parseResourcePriorities, type ResourcePriorities } from '../../src/api/resource-priorities.ts';

const cases: readonly [text: string, expected: ResourcePriorities | undefined][] = [
  ['secrets', { high: ['secrets'], low: [] }],
  ['secrets, configmaps ,-, pods', { high: ['secrets', 'configmaps'], low: ['pods'] }],
  ['-,pods', { high: [], low: ['pods'] }],
  ['secrets,-', { high: ['secrets'], low: [] }],
  ['secrets,-,pods,-', undefined],
  ['secrets,,pods', undefined],
  ['', undefined],
];

describe('parseResourcePriorities', () => {
  for (const [text, expected] of cases) {
    it(`(b.2) reads ${JSON.stringify(text)} as ${JSON.stringify(expected)}`, () => {
      assert.deepEqual(parseResourcePriorities(text), expected);
    });
  }
});
