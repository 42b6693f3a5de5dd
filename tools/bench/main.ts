// Measures a backup or a restore of a local cluster against the least that it could take: `npm run bench -- backup --items 5000`,
// or what the item actions on pods cost: `npm run bench -- actions --items 10000`.
import { availableParallelism, loadavg } from 'node:os';
import { loadConfig } from '../../src/config.ts';
import { connect } from '../../src/kubernetes/http-client.ts';
import { parseBenchArguments, usage, type BenchOptions, type ItemsOptions } from './arguments.ts';
import type { Floor } from './backup-floor.ts';
import { startChild, stopChildren } from './child.ts';
import { runJob, type EndedJob, type Job } from './job.ts';
import { namespaceNames } from './mixture.ts';
import { seedCluster } from './seed.ts';
import { benchSnapshots, snapshotSettings } from './snapshots.ts';
import { startBenchStack, type BenchStack } from './stack.ts';
import {
  summarize,
  summarizeActions,
  tableOf,
  type ActionsMeasurement,
  type ActionsResult,
  type BenchResult,
  type Measurement,
  type SnapshotsResult,
} from './statistics.ts';

/** Load per processor beyond which others disturb the measurement. */
const busyLoad = 0.5;

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
    say((error as Error).message);
    await stop();
    process.exit(1);
  }
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

async function bench(asked: BenchOptions): Promise<BenchResult | SnapshotsResult | ActionsResult> {
  const [load = 0] = loadavg();
  if (load > busyLoad * availableParallelism())
    say(`this machine is busy (load ${load.toFixed(1)}): the numbers will not hold`);
  if (asked.job === 'actions') return summarizeActions(await benchActions(asked));
  say('starting Kubernetes (etcd waits for the disk: fsync is on), Temporal and S3');
  if (asked.job !== 'snapshots') {
    stack = await startBenchStack();
    return summarize(await benchItems(stack, asked));
  }
  stack = await startBenchStack(snapshotSettings);
  return benchSnapshots(stack, asked, { say, tell });
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

async function benchItems(stack: BenchStack, options: ItemsOptions): Promise<Measurement[]> {
  const { job, items, runs, seed, profiles } = options;
  await fill(stack, { items, seed });
  if (job === 'restore') tell('backup to restore from', await runJob(stack, backupJob(0)));

  const measurements: Measurement[] = [];
  for (let run = 1; run <= runs; run++) {
    const ended = await runJob(stack, job === 'backup' ? backupJob(run) : restoreJob(run), { profiles });
    tell(`${job} ${run}/${runs}`, ended);
    const copied = job === 'backup' ? [] : [restoredPrefix(run), `floor-${run}`];
    const { message: floor } = await startChild<Floor>({
      script: './floor.ts',
      args: [job, stack.configFile, ...copied],
    });
    say(
      `floor, measured after it: ${floor.items} items of ${Math.round(floor.bytes / floor.items)} bytes in ${shown(floor.seconds)}`,
    );
    measurements.push({
      items: ended.result.items,
      seconds: ended.seconds,
      floorSeconds: floor.seconds,
      historyEvents: ended.history.events,
      historyBytes: ended.history.bytes,
      peakRssMiB: ended.peakRssMiB,
    });
  }
  return measurements;
}

async function fill({ configFile }: BenchStack, { items, seed }: { items: number; seed: number }): Promise<void> {
  say(`creating ${items} items, seed ${seed}`);
  const { kubernetes } = await loadConfig({ file: configFile, env: {} });
  const cluster = await connect(kubernetes);
  const startedAt = performance.now();
  await seedCluster(cluster, { items, seed, progress: (created) => say(`created ${created}`) });
  await cluster.close();
  say(`created all in ${shown((performance.now() - startedAt) / 1_000)}`);
}

function backupJob(run: number): Job {
  return { type: 'backup', name: `bench-${run}`, spec: {} };
}

/** Into namespaces that are not there yet. */
function restoreJob(run: number): Job {
  const includedNamespaces = namespaceNames('bench');
  const targets = namespaceNames(restoredPrefix(run));
  const namespaceMapping = Object.fromEntries(includedNamespaces.map((name, index) => [name, targets[index]!]));
  return {
    type: 'restore',
    name: `bench-${run}`,
    spec: { backupName: 'bench-0', includedNamespaces, namespaceMapping },
  };
}

function restoredPrefix(run: number): string {
  return `restored-${run}`;
}

function tell(what: string, { result, seconds, history, peakRssMiB }: EndedJob): void {
  say(
    `${what}: ${result.items} items, ${result.warnings} warnings in ${shown(seconds)}; worker's peak ${Math.round(peakRssMiB)} MiB`,
  );
  const activities = [...history.activities].toSorted(([, a], [, b]) => b.seconds - a.seconds);
  for (const [name, { count, seconds: took }] of activities) say(`  ${name}: ${count}, together ${shown(took)}`);
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
