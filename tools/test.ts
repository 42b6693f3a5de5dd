// `npm test`: the tests, in parts beside each other, each with servers of its own: they wait as much as they compute. `npm run test:more`:
// those beyond eight minutes, in the same way. With other arguments it is mocha with these. The last line counts all parts:
// `N passed, N failed, N skipped`.
import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { addCounts, readCounts, type Counts } from './test-counts.ts';

/** What takes many workers, clusters or installations of its own. Parts of about the same time. */
const more = [
  [
    'test/crash',
    'test/faults',
    'test/deploy',
    'test/activities/million-entries.test.ts',
    'test/tools/bench-jobs.test.ts',
  ],
  [
    'test/end-to-end/actions-from-outside.test.ts',
    'test/end-to-end/canaries.test.ts',
    'test/end-to-end/concurrent-operations.test.ts',
    'test/end-to-end/expiry.test.ts',
    'test/end-to-end/locations.test.ts',
    'test/end-to-end/metrics.test.ts',
    'test/end-to-end/notifications.test.ts',
    'test/end-to-end/storage-locations.test.ts',
    'test/end-to-end/worker-versioning.test.ts',
    'test/guides.test.ts',
    'test/troubleshooting.test.ts',
    'test/tutorial.test.ts',
  ],
];

/** Parts of about the same time, and what is in none of them as one more. Workflows wait for Temporal most of the time. */
const parts = [
  ['test/end-to-end'],
  ['test/workflows'],
  [
    'test/cli',
    'test/client',
    'test/tools',
    'test/documents.test.ts',
    'test/end-to-end/demo.test.ts',
    'test/end-to-end/ebs.test.ts',
  ],
];

const mocha = fileURLToPath(new URL('../node_modules/mocha/bin/mocha.js', import.meta.url));
const [, , ...given] = process.argv;

const wantsMore = given.join(' ') === '--more';
if (given.length > 0 && !wantsMore) {
  const child = startMocha(given, 'inherit');
  const [code] = (await once(child, 'exit')) as [number | null];
  process.exit(code ?? 1);
}

const commands = wantsMore ? more : [...parts.map(asArguments), ['test', ...without([...more, ...parts].flat())]];
// Told in one piece each, but for the first: several reports at a time nobody could read.
const results = await Promise.all(commands.map((command, index) => runPart(command, index === 0 ? tell : undefined)));
for (const { output } of results.slice(1)) tell(output);
const counts = results.map(({ output }) => readCounts(output));
const missing = counts.includes(undefined);
if (missing) console.log('a part of the tests ended without having counted them');
const { passed, failed, skipped } = addCounts(counts.filter((one): one is Counts => one !== undefined));
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exit(missing || results.some(({ code }) => code !== 0) ? 1 : 0);

/** A part without what other parts have of its folders. */
function asArguments(part: readonly string[]): string[] {
  const others = [...more, ...parts].flat().filter((path) => !part.includes(path));
  return [...part, ...without(others.filter((path) => part.some((folder) => path.startsWith(`${folder}/`))))];
}

/** Arguments that leave out files and folders. */
function without(paths: readonly string[]): string[] {
  return paths.flatMap((path) => ['--ignore', path.endsWith('.ts') ? path : `${path}/**`]);
}

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
