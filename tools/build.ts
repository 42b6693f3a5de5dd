// `npm run build`: makes the package in `lib`, or in the folder that is named: the compiled sources, and the workflows bundled:
// the script that a worker loads, and the one that it loads where runs are traced.
import { spawnSync } from 'node:child_process';
import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { tracedTwin } from '../src/workflow-code.ts';
import { bundleTracedWorkflows, bundleWorkflows } from './workflow-bundle.ts';

const [, , named] = process.argv;
if (named === undefined) rmSync('lib', { recursive: true, force: true });
const folder = resolve(named ?? 'lib');
const compile = ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.json', '--outDir', folder];
const { status } = spawnSync(process.execPath, compile, { stdio: 'inherit' });
if (status !== 0) process.exit(status ?? 1);

const bundle = join(folder, 'workflow-bundle.js');
writeFileSync(bundle, (await bundleWorkflows()).code);
writeFileSync(tracedTwin(bundle), (await bundleTracedWorkflows()).code);
chmodSync(join(folder, 'cli/main.js'), 0o755);
