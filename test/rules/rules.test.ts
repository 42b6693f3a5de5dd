import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (file: string): string => readFileSync(`${root}${file}`, 'utf8');

/** The rules that a document lists, each in a row of a table that begins with its number. */
function listed(document: string): string[] {
  return [...read(document).matchAll(/^\| `?([a-z]\.\d+\.\d+)`? /gm)].map(([, rule]) => rule!);
}

/** The rules that titles of tests begin with. */
function proven(section: string): Set<string> {
  const titles = globSync('test/**/*.test.ts', { cwd: root }).flatMap((file) => [
    ...read(file).matchAll(new RegExp(`['"\`](${section}\\.\\d+\\.\\d+) `, 'g')),
  ]);
  return new Set(titles.map(([, rule]) => rule!));
}

describe('docs/backup-rules.md', () => {
  it('lists each rule once, and each has a test whose title begins with its number', function () {
    const rules = listed('docs/backup-rules.md');
    assert.deepEqual(rules.toSorted(), [...new Set(rules)].toSorted());
    assert.deepEqual(rules.toSorted(), [...proven('a')].toSorted());
    console.log(`      ${rules.length} rules of the backup flow`);
  });
});

/** How many titles of tests name each rule, as `(b.4.8)`; a table of tests counts as one. */
function named(): Map<string, number> {
  const found = new Map<string, number>();
  for (const file of globSync('test/**/*.test.ts', { cwd: root })) {
    for (const [, rule] of read(file).matchAll(/\(([bc]\.[\d.]+)\)/g)) found.set(rule!, (found.get(rule!) ?? 0) + 1);
  }
  return found;
}

describe('docs/restore-rules.md', () => {
  it('lists each rule once, and each has a test whose title names it', () => {
    const rules = [...read('docs/restore-rules.md').matchAll(/^\| ([bc]\.[\d.]+) +\|/gm)].map(([, rule]) => rule!);
    const found = named();
    assert.deepEqual(rules.toSorted(), [...new Set(rules)].toSorted());
    assert.deepEqual(rules.toSorted(), [...found.keys()].toSorted());
    console.log(`      ${rules.map((rule) => `${rule}: ${found.get(rule)}`).join(', ')}`);
  });
});
