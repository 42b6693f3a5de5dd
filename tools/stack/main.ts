// `npm run stack`: everything that Bowline needs, on this machine, until Ctrl-C. `-- --env FILE` writes what other terminals have to export
// into a file, which goes with the stack.
import { rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { exportLines, instructions } from './instructions.ts';
import { startStack } from './stack.ts';

const { env: given } = parseArgs({ options: { env: { type: 'string' } } }).values;
const envFile = given === undefined ? undefined : resolve(given);

// The timer keeps the process up: the servers do not.
const interrupted = new Promise<'interrupted'>((resolve) => {
  const awake = setInterval(() => undefined, 60_000);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => {
      clearInterval(awake);
      resolve('interrupted');
    });
});

console.log('bowline: starting Temporal, Kubernetes and S3');
try {
  const stack = await Promise.race([startStack(), interrupted]);
  if (stack === 'interrupted') {
    console.log('bowline: interrupted; what was started ends too');
    process.exit(130);
  }
  if (envFile !== undefined) writeFileSync(envFile, `${exportLines(stack).join('\n')}\n`, { mode: 0o600 });
  console.log(instructions(stack, envFile));
  await interrupted;
  console.log('bowline: stopping');
  if (envFile !== undefined) rmSync(envFile, { force: true });
  await stack.stop();
  console.log('bowline: everything is stopped');
} catch (error) {
  console.error(`bowline: ${(error as Error).message}`);
  process.exit(1);
}
