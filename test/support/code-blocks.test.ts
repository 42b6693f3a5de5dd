import assert from 'node:assert/strict';
import { codeBlocks, missingLines } from './code-blocks.ts';

describe('code blocks', () => {
  it('are found with what stands behind their fences, and without the indentation of lists', () => {
    const text = 'a\n```sh background\nb\n```\n1. c\n\n   ```text\n   d\n     e\n   ```\n';
    assert.deepEqual(codeBlocks(text), [
      { info: 'sh background', code: 'b\n' },
      { info: 'text', code: 'd\n  e\n' },
    ]);
  });
});

describe('an example of output', () => {
  const output = 'NAME     STATUS\nmonday   Completed (12 items)\n';
  const cases: readonly [example: string, missing: readonly string[]][] = [
    ['NAME STATUS\n', []],
    ['monday  Completed (… items)\n', []],
    ['…Completed…\n\n', []],
    ['monday\n', ['monday']],
    ['tuesday …\nNAME …\n', ['tuesday …']],
    ['monday  Completed (.. items)\n', ['monday  Completed (.. items)']],
  ];
  for (const [example, missing] of cases) {
    it(`is compared line by line: ${example.trim()}`, () => assert.deepEqual(missingLines(example, output), missing));
  }
});
