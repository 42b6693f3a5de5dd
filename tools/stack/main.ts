// `npm run stack`: everything that Bowline needs, on this machine, until Ctrl-C.
import { instructions } from './instructions.ts';
import { startStack } from './stack.ts';

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
  console.log(instructions(stack));
  await interrupted;
  console.log('bowline: stopping');
  await stack.stop();
  console.log('bowline: everything is stopped');
} catch (error) {
  console.error(`bowline: ${(error as Error).message}`);
  process.exit(1);
}
