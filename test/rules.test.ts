import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (file: string): string => readFileSync(`${root}${file}`, 'utf8');

/** The documents that number rules, in the first column of their tables. */
const documents = ['docs/rules-of-restores.md'];

const rules = documents.flatMap((file) =>
  [...read(file).matchAll(/^\| ([a-d]\.[\d.]+) +\|/gm)].map(([, rule]) => rule!),
);

/** How many tests name each rule in their titles; a table of tests counts as one. */
function counts(): Map<string, number> {
  const found = new Map<string, number>();
  for (const file of globSync('test/**/*.test.ts', { cwd: root })) {
    for (const [, rule] of read(file).matchAll(/\(([a-d]\.[\d.]+)\)/g)) found.set(rule!, (found.get(rule!) ?? 0) + 1);
  }
  return found;
}

describe('the rules', () => {
  const found = counts();

  it(`have tests that name them: ${rules.map((rule) => `${rule}: ${found.get(rule) ?? 0}`).join(', ')}`, () => {
    assert.ok(rules.length > 20);
    assert.deepEqual(
      rules.filter((rule) => !found.has(rule)),
      [],
    );
  });
});
