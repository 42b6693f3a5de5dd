// What a change has to pass before its tests: types, lint, format, and nothing that is left over. Stops at the first failure.
import { spawnSync } from 'node:child_process';

const checks: readonly { readonly name: string; readonly script: string; readonly args: readonly string[] }[] = [
  { name: 'types of src', script: 'typescript/bin/tsc', args: ['--noEmit', '-p', 'tsconfig.json'] },
  { name: 'types of tests, tools and examples', script: 'typescript/bin/tsc', args: ['-p', 'tsconfig.test.json'] },
  { name: 'lint', script: 'oxlint/bin/oxlint', args: ['--type-aware', '--quiet', 'src', 'test', 'tools', 'examples'] },
  { name: 'format', script: 'oxfmt/bin/oxfmt', args: ['--check', '.'] },
  { name: 'unused code and dependencies', script: 'knip/bin/knip.js', args: ['--no-progress'] },
];

for (const { name, script, args } of checks) {
  console.log(`check: ${name}`);
  const { status } = spawnSync(process.execPath, [`node_modules/${script}`, ...args], { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
