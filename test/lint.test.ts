import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const path = (name: string): string => fileURLToPath(new URL(`../${name}`, import.meta.url));

/** What each rule that guards determinism, or the tests themselves, has to find. The rules are those of the project. */
const cases = [
  ...['node:fs/promises', 'node:crypto', 'fs', 'undici', '@temporalio/client', '@temporalio/workflow/lib/x'].map(
    (name) => ({
      title: `an import of ${name} in a workflow`,
      file: 'src/workflows/subject.ts',
      text: `import '${name}';\n`,
      rule: 'no-restricted-imports',
    }),
  ),
  {
    title: 'a test that keeps the others from running',
    file: 'test/subject.test.ts',
    text: "it.only('runs alone', () => undefined);\n",
    rule: 'no-restricted-properties',
  },
];

describe('lint', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'bowline-lint-'));
    copyFileSync(path('.oxlintrc.json'), join(folder, '.oxlintrc.json'));
  });
  after(() => rmSync(folder, { recursive: true }));

  for (const { title, file, text, rule } of cases) {
    it(`refuses ${title}`, async () => assert.match(await lint(file, text), new RegExp(`eslint\\(${rule}\\)`)));
  }

  it('lets a workflow import workflows, other folders and what the SDK means for it', async () => {
    const names = ['./lanes.ts', '../api/errors.ts', '@temporalio/workflow', '@temporalio/common'];
    const output = await lint('src/workflows/subject.ts', names.map((name) => `import '${name}';\n`).join(''));
    assert.match(output, /Found 0 warnings and 0 errors/);
  });

  /** What oxlint says of one file by the project's rules, but for those that need types. */
  function lint(file: string, text: string): Promise<string> {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
    const args = [path('node_modules/oxlint/bin/oxlint'), file];
    return new Promise((resolve) => {
      execFile(process.execPath, args, { cwd: folder }, (_error, stdout, stderr) => resolve(stdout + stderr));
    });
  }
});
