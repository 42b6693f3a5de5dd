// `npm test`: every test, in five parts beside each other, each with servers of its own: tests wait as much as they compute. With
// arguments it is mocha with these. The last line counts all parts: `N passed, N failed, N skipped`.
import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { addCounts, readCounts, type Counts } from './test-counts.ts';

/** About as long each as the rest, which is the last part. */
const parts = [
  ['test/end-to-end/[a-g]*.test.ts'],
  ['test/end-to-end/[!a-g]*.test.ts'],
  ['test/crash', 'test/faults', 'test/client', 'test/cli', 'test/deploy'],
  ['test/workflows'],
];

const mocha = fileURLToPath(new URL('../node_modules/mocha/bin/mocha.js', import.meta.url));
const [, , ...given] = process.argv;

if (given.length > 0) {
  const child = startMocha(given, 'inherit');
  const [code] = (await once(child, 'exit')) as [number | null];
  process.exit(code ?? 1);
}

const folders = new Set(parts.flat().map((part) => part.split('/').slice(0, 2).join('/')));
const rest = ['test', ...[...folders].flatMap((folder) => ['--ignore', `${folder}/**`])];
// Told in one piece each, but for the first: several reports at a time nobody could read.
const results = await Promise.all([
  ...parts.map((part, index) => runPart(part, index === 0 ? tell : undefined)),
  runPart(rest),
]);
for (const { output } of results.slice(1)) tell(output);
const counts = results.map(({ output }) => readCounts(output));
const missing = counts.includes(undefined);
if (missing) console.log('a part of the tests ended without having counted them');
const { passed, failed, skipped } = addCounts(counts.filter((one): one is Counts => one !== undefined));
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exit(missing || results.some(({ code }) => code !== 0) ? 1 : 0);

function tell(text: string): void {
  process.stdout.write(text);
}

/** Runs a part of the tests. `hear` gets its output as it comes. */
async function runPart(args: readonly string[], hear: (text: string) => void = () => undefined) {
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
