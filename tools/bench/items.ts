import { loadConfig } from '../../src/config.ts';
import { connect } from '../../src/kubernetes/http-client.ts';
import type { ItemsOptions } from './arguments.ts';
import type { Floor } from './backup-floor.ts';
import { startChild } from './child.ts';
import { runJob, type EndedJob, type Job, type JobOptions } from './job.ts';
import { namespaceNames, type MixtureOptions } from './mixture.ts';
import { seedCluster } from './seed.ts';
import type { Telling } from './telling.ts';
import type { BenchStack } from './stack.ts';
import type { Measurement } from './statistics.ts';
import type { SyntheticCluster } from './synthetic-cluster.ts';

/** What the names of the namespaces begin with that are backed up. */
const benched = 'bench';

/** A cluster whose items are made up; it ends with this process. */
export async function startSyntheticCluster({ items, seed }: MixtureOptions): Promise<SyntheticCluster> {
  const { message } = await startChild<SyntheticCluster>({
    script: './synthetic-cluster.ts',
    args: [String(items), String(seed)],
  });
  return message;
}

/** Measures a backup, a restore or a deletion, run by run, each beside its floor. */
export async function benchItems(
  stack: BenchStack,
  options: ItemsOptions,
  { say, tell }: Telling,
): Promise<Measurement[]> {
  const { job, runs } = options;
  const jobOptions: JobOptions = {
    workers: options.workers,
    ...(options.profiles !== undefined && { profiles: options.profiles }),
  };
  if (!options.synthetic) await fill(stack, options, say);
  if (job === 'restore') tell('backup to restore from', await runJob(stack, backupJob(0)));

  const measurements: Measurement[] = [];
  for (let run = 1; run <= runs; run++) {
    // Of two equal backups one is deleted by a workflow, the other by hand.
    const backups = job === 'delete' ? [await runJob(stack, backupJob(run)), await runJob(stack, backupJob(-run))] : [];
    const ended = await runJob(stack, jobOf(options, run), jobOptions);
    tell(`${job} ${run}/${runs}`, ended);
    const { message: floor } = await startChild<Floor>({
      script: './floor.ts',
      args: [job, stack.configFile, ...floorArguments(options, run)],
    });
    say(`floor, measured after it: ${floor.items} items, ${floor.bytes} bytes in ${floor.seconds.toFixed(2)} s`);
    measurements.push(measurementOf({ ...ended, result: backups[0]?.result ?? ended.result }, floor));
  }
  return measurements;
}

function measurementOf(ended: EndedJob, floor: Floor): Measurement {
  return {
    items: ended.result.items,
    seconds: ended.seconds,
    floorSeconds: floor.seconds,
    historyEvents: ended.history.events,
    historyBytes: ended.history.bytes,
    stepMs: ended.history.stepMs,
    peakRssMiB: ended.peakRssMiB,
    cpuSeconds: ended.figures!.cpuSeconds,
    eventLoopDelayMs: ended.figures!.eventLoopDelayMs,
  };
}

async function fill({ configFile }: BenchStack, { items, seed }: ItemsOptions, say: Telling['say']): Promise<void> {
  say(`creating ${items} items, seed ${seed}`);
  const { kubernetes } = await loadConfig({ file: configFile, env: {} });
  const cluster = await connect(kubernetes);
  const startedAt = performance.now();
  await seedCluster(cluster, { items, seed, progress: (created) => say(`created ${created}`) });
  await cluster.close();
  say(`created all in ${((performance.now() - startedAt) / 1_000).toFixed(2)} s`);
}

function jobOf({ job }: ItemsOptions, run: number): Job {
  if (job === 'restore') return restoreJob(run);
  return job === 'delete' ? { type: 'deleteBackup', name: backupName(run) } : backupJob(run);
}

function floorArguments({ job }: ItemsOptions, run: number): string[] {
  if (job === 'restore') return [benched, `floor-${run}`];
  return job === 'delete' ? [backupName(-run)] : [];
}

function backupJob(run: number): Job {
  return { type: 'backup', name: backupName(run), spec: {} };
}

function backupName(run: number): string {
  return run < 0 ? `bench-floor-${-run}` : `bench-${run}`;
}

/** Into namespaces that are not there yet. */
function restoreJob(run: number): Job {
  const includedNamespaces = namespaceNames(benched);
  const targets = namespaceNames(`restored-${run}`);
  const namespaceMapping = Object.fromEntries(includedNamespaces.map((name, index) => [name, targets[index]!]));
  return {
    type: 'restore',
    name: `bench-${run}`,
    spec: { backupName: backupName(0), includedNamespaces, namespaceMapping },
  };
}
