// Measures backups, restores and deletions of a local cluster against the least that they could take: `npm run bench -- backup
// --items 5000`; what the item actions on pods cost; how long snapshots are waited for; how soon a run goes on after a kill.
import { availableParallelism, loadavg } from 'node:os';
import { parseBenchArguments, usage, type BenchOptions, type ItemsOptions } from './arguments.ts';
import { startChild, stopChildren } from './child.ts';
import { benchItems, startSyntheticCluster } from './items.ts';
import type { EndedJob } from './job.ts';
import { benchRecovery, recoveryItems } from './recovery.ts';
import { benchSnapshots, snapshotSettings } from './snapshots.ts';
import type { Telling } from './telling.ts';
import { startBenchStack, type BenchStack, type BenchStackOptions } from './stack.ts';
import {
  summarize,
  summarizeActions,
  tableOf,
  type ActionsMeasurement,
  type ActionsResult,
  type BenchResult,
  type RecoveryResult,
  type SnapshotsResult,
} from './statistics.ts';

/** Load per processor beyond which others disturb the measurement. */
const busyLoad = 0.5;

const telling: Telling = { say, tell };
let stack: BenchStack | undefined;
let interrupted = false;

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    interrupted = true;
    say('stopping');
    void stop().finally(() => process.exit(130));
  });
}

const options = readOptions();
try {
  const result = await bench(options);
  await stop();
  if (!options.json) console.log(tableOf(result));
  console.log(JSON.stringify(result));
  process.exit(0);
} catch (error) {
  // What was stopped fails; that is no news.
  if (!interrupted) {
    say(reasons(error as Error));
    await stop();
    process.exit(1);
  }
}

/** Why a run failed is in the cause of what waiting for it rejects with. */
function reasons({ message, cause }: Error): string {
  return cause instanceof Error ? `${message}: ${reasons(cause)}` : message;
}

function readOptions(): BenchOptions {
  try {
    return parseBenchArguments(process.argv.slice(2));
  } catch (error) {
    say((error as Error).message);
    say(usage);
    process.exit(2);
  }
}

async function bench(asked: BenchOptions): Promise<BenchResult | SnapshotsResult | ActionsResult | RecoveryResult> {
  const [load = 0] = loadavg();
  if (load > busyLoad * availableParallelism())
    say(`this machine is busy (load ${load.toFixed(1)}): the numbers will not hold`);
  switch (asked.job) {
    case 'actions':
      return summarizeActions(await benchActions(asked));
    case 'snapshots':
      stack = await start({ settings: snapshotSettings });
      return benchSnapshots(stack, asked, telling);
    case 'recovery':
      stack = await start({ clusterUrl: (await startSyntheticCluster({ items: recoveryItems, seed: 1 })).url });
      return benchRecovery(stack, asked, telling);
    case 'backup':
    case 'restore':
    case 'delete': {
      const clusterUrl = asked.synthetic ? (await startSyntheticCluster(asked)).url : undefined;
      stack = await start({ ...(clusterUrl !== undefined && { clusterUrl }) });
      return summarize(await benchItems(stack, asked, telling));
    }
  }
}

function start(options: BenchStackOptions = {}): Promise<BenchStack> {
  const cluster = options.clusterUrl === undefined ? 'Kubernetes (etcd waits for the disk: fsync is on), ' : '';
  say(`starting ${cluster}Temporal and S3`);
  return startBenchStack(options);
}

/** Each run in a process of its own; no server is started. */
async function benchActions({ items, runs, seed, profiles }: ItemsOptions): Promise<ActionsMeasurement[]> {
  const measurements: ActionsMeasurement[] = [];
  for (let run = 1; run <= runs; run++) {
    const args = [String(items), String(seed)];
    const { message } = await startChild<ActionsMeasurement>({ script: './actions.ts', args, profiles });
    const { actions, cpuSeconds, activityCpuSeconds } = message;
    say(
      `actions ${run}/${runs}: ${items} pods, ${actions} actions: ${shown(cpuSeconds)} of CPU, ${shown(activityCpuSeconds)} with the activities`,
    );
    measurements.push(message);
  }
  return measurements;
}

function tell(what: string, { result, seconds, history, peakRssMiB }: EndedJob): void {
  say(
    `${what}: ${result.items} items, ${result.warnings} warnings in ${shown(seconds)}; a worker's peak ${Math.round(peakRssMiB)} MiB`,
  );
  const activities = [...history.activities].toSorted(([, a], [, b]) => b.seconds - a.seconds);
  const begun = Math.min(...activities.map(([, { from }]) => from));
  const since = (moment: number): string => ((moment - begun) / 1_000).toFixed(2);
  for (const [name, { count, seconds: took, from, to }] of activities)
    say(`  ${name}: ${count}, together ${shown(took)}, from ${since(from)} to ${since(to)}`);
}

function shown(seconds: number): string {
  return `${seconds.toFixed(2)} s`;
}

async function stop(): Promise<void> {
  await stopChildren();
  await stack?.stop();
}

function say(line: string): void {
  process.stderr.write(`bench: ${line}\n`);
}
