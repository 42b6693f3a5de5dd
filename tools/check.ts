// What a change has to pass before its tests: the types of the package, then those of tests and tools.
import { spawnSync } from 'node:child_process';

const checks = [
  ['tsc', '--noEmit', '-p', 'tsconfig.json'],
  ['tsc', '-p', 'tsconfig.test.json'],
];

for (const [name, ...args] of checks) {
  console.log(`check: ${name} ${args.join(' ')}`);
  const { status } = spawnSync(process.execPath, [`node_modules/typescript/bin/${name}`, ...args], {
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(status ?? 1);
}
