// `npm run build`: makes the package in `lib`: the compiled sources, and the workflows as the one bundle that a worker loads.
import { spawnSync } from 'node:child_process';
import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';

rmSync('lib', { recursive: true, force: true });
const { status } = spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.json'], {
  stdio: 'inherit',
});
if (status !== 0) process.exit(status ?? 1);

const { code } = await bundleWorkflowCode({
  workflowsPath: fileURLToPath(new URL('../src/workflows/index.ts', import.meta.url)),
  payloadConverterPath: fileURLToPath(new URL('../src/workflows/payload-converter.ts', import.meta.url)),
  logger: new DefaultLogger('WARN'),
});
writeFileSync('lib/workflow-bundle.js', code);
chmodSync('lib/cli/main.js', 0o755);
