import { readFile, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { loadConfig } from '../../src/config.ts';
import type { RecoveryOptions } from './arguments.ts';
import { startChild, type Child } from './child.ts';
import { secondsOf, type History } from './history.ts';
import { Random } from './random.ts';
import type { Telling } from './telling.ts';
import type { BenchStack } from './stack.ts';
import { percentile, rounded, type RecoveryResult } from './statistics.ts';
import { workerEnvironment } from './worker-environment.ts';

/** Backups beside each other, each with a task queue and one worker of its own: a recovery is mostly waiting. */
const lanes = 5;

/** Items of each backup: it goes on for some seconds. */
export const recoveryItems = 20_000;

/** A worker is killed at any moment within so long after an activity has completed. */
const killWithinMs = 1_500;

const pollMs = 100;

interface Recovery {
  readonly seconds: number;
  readonly heartbeatTimeoutSeconds: number;
}

/** Kills the only worker of a running backup, starts another one at once, and measures until the next activity has completed. */
export async function benchRecovery(
  stack: BenchStack,
  { kills, profiles }: RecoveryOptions,
  { say }: Telling,
): Promise<RecoveryResult> {
  const { temporal } = await loadConfig({ file: stack.configFile, env: {} });
  const connection = await Connection.connect({ address: temporal.address });
  const client = new Client({ connection, namespace: temporal.namespace });
  const recoveries: Recovery[] = [];
  let begun = 0;
  await Promise.all(
    Array.from({ length: Math.min(lanes, kills) }, async (_, index) => {
      const lane = new Lane({ client, name: `recovery-${index}`, bundleFile: stack.bundleFile, profiles });
      await lane.open(stack.configFile);
      while (begun < kills) {
        begun++;
        recoveries.push(await lane.recover());
        say(`recovery ${recoveries.length}/${kills}: ${recoveries.at(-1)!.seconds.toFixed(2)} s`);
      }
      await lane.close();
    }),
  );
  await connection.close();
  const seconds = recoveries.map((recovery) => recovery.seconds);
  return {
    kills,
    secondsP50: rounded(percentile(seconds, 50), 2),
    secondsP99: rounded(percentile(seconds, 99), 2),
    secondsMax: rounded(Math.max(...seconds), 2),
    heartbeatTimeoutSeconds: Math.max(...recoveries.map((recovery) => recovery.heartbeatTimeoutSeconds)),
  };
}

/** One backup after the other, on one worker after the other. */
class Lane {
  readonly #client: Client;
  readonly #name: string;
  readonly #bundleFile: string;
  readonly #profiles: string | undefined;
  readonly #random: Random;
  #configFile = '';
  #worker: Child | undefined;
  #run: WorkflowHandle | undefined;
  #runs = 0;

  constructor(parts: { client: Client; name: string; bundleFile: string; profiles: string | undefined }) {
    this.#client = parts.client;
    this.#name = parts.name;
    this.#bundleFile = parts.bundleFile;
    this.#profiles = parts.profiles;
    this.#random = new Random(Number(parts.name.replace(/\D/g, '')) + 1);
  }

  /** Starts the first worker, by a configuration like the given one but for its task queue. */
  async open(configFile: string): Promise<void> {
    const config = JSON.parse(await readFile(configFile, 'utf8')) as { temporal: object };
    this.#configFile = configFile.replace('.yaml', `-${this.#name}.yaml`);
    await writeFile(
      this.#configFile,
      JSON.stringify({ ...config, temporal: { ...config.temporal, taskQueue: this.#name } }),
    );
    await this.#startWorker();
  }

  /** Kills the worker while a backup is running, and measures. */
  async recover(): Promise<Recovery> {
    for (;;) {
      const run = await this.#running();
      await this.#completedAfter(run, Date.now());
      await sleep(this.#random.below(killWithinMs));
      if (!(await isRunning(run))) continue;
      await this.#worker?.kill();
      const killedAt = Date.now();
      await this.#startWorker();
      const completed = await this.#completedAfter(run, killedAt);
      if (completed === undefined) continue;
      const { event, history } = completed;
      return { seconds: secondsOf(event) - killedAt / 1_000, heartbeatTimeoutSeconds: heartbeatTimeoutOf(history) };
    }
  }

  async close(): Promise<void> {
    if (this.#run !== undefined && (await isRunning(this.#run))) await this.#run.terminate('measured');
    await this.#worker?.stop();
  }

  async #running(): Promise<WorkflowHandle> {
    if (this.#run !== undefined && (await isRunning(this.#run))) return this.#run;
    const name = `${this.#name}-${++this.#runs}`;
    const options = { workflowId: `backup/${name}`, taskQueue: this.#name, args: [{ name, spec: {} }] };
    this.#run = await this.#client.workflow.start('backup', options);
    return this.#run;
  }

  async #startWorker(): Promise<void> {
    const args = [this.#configFile, this.#bundleFile];
    const worker = { script: './worker.ts', args, env: workerEnvironment, profiles: this.#profiles };
    this.#worker = (await startChild<'ready'>(worker)).child;
  }

  /** The first activity that completes after a moment; `undefined` if the run ends before. */
  async #completedAfter(run: WorkflowHandle, moment: number) {
    for (;;) {
      const running = await isRunning(run);
      const history = await run.fetchHistory();
      const event = history.events?.find(
        (one) => one.activityTaskCompletedEventAttributes && secondsOf(one) * 1_000 > moment,
      );
      if (event !== undefined) return { event, history };
      if (!running) return undefined;
      await sleep(pollMs);
    }
  }
}

async function isRunning(run: WorkflowHandle): Promise<boolean> {
  return (await run.describe()).status.name === 'RUNNING';
}

function heartbeatTimeoutOf({ events }: History): number {
  const timeouts = events?.map((event) =>
    Number(event.activityTaskScheduledEventAttributes?.heartbeatTimeout?.seconds ?? 0),
  );
  return Math.max(...(timeouts ?? []));
}
