// `npm test`: every test, in two halves beside each other, each with servers of its own: tests wait more than they compute. With
// arguments it is mocha with these. The last line counts both halves: `N passed, N failed, N skipped`.
import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { addCounts, readCounts, type Counts } from './test-counts.ts';

/** Folders whose tests run whole applications through whole stacks: about half of the time. */
const wholeStack = ['test/crash', 'test/end-to-end', 'test/faults'];

const mocha = fileURLToPath(new URL('../node_modules/mocha/bin/mocha.js', import.meta.url));
const [, , ...given] = process.argv;

if (given.length > 0) {
  const child = startMocha(given, 'inherit');
  const [code] = (await once(child, 'exit')) as [number | null];
  process.exit(code ?? 1);
}

const rest = wholeStack.flatMap((folder) => ['--ignore', `${folder}/**`]);
const halves = await Promise.all([
  half(wholeStack, (text) => void process.stdout.write(text)),
  // Told in one piece: two reports at a time nobody could read.
  half(['test', ...rest]),
]);
process.stdout.write(halves[1].output);
const counts = halves.map(({ output }) => readCounts(output));
const missing = counts.includes(undefined);
if (missing) console.log('one half of the tests ended without having counted them');
const { passed, failed, skipped } = addCounts(counts.filter((one): one is Counts => one !== undefined));
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exit(missing || halves.some(({ code }) => code !== 0) ? 1 : 0);

/** Runs a part of the tests. `hear` gets its output as it comes. */
async function half(args: readonly string[], hear: (text: string) => void = () => undefined) {
  const child = startMocha(args, ['ignore', 'pipe', 'inherit']);
  let output = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    hear(text);
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, output };
}

/** Starts a mocha that ends with this process. */
function startMocha(args: readonly string[], stdio: StdioOptions): ChildProcess {
  const child = spawn(process.execPath, [mocha, ...args], { stdio });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
  return child;
}
