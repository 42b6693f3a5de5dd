import { Client, Connection } from '@temporalio/client';
import type { BackupSpec } from '../../src/api/backup.ts';
import type { RestoreSpec } from '../../src/api/restore.ts';
import { loadConfig } from '../../src/config.ts';
import type { RunResult } from '../../src/workflows/messages.ts';
import { startChild, type Child } from './child.ts';
import { measureHistory, type HistorySize } from './history.ts';
import type { BenchStack } from './stack.ts';

/** A backup or a restore to run. */
export interface Job {
  readonly type: 'backup' | 'restore';
  readonly name: string;
  readonly spec: BackupSpec | RestoreSpec;
}

/** A job that has ended well. */
export interface EndedJob {
  readonly result: RunResult;
  /** From the request to the result, as the client sees them. */
  readonly seconds: number;
  readonly history: HistorySize;
  readonly peakRssMiB: number;
}

export interface JobOptions {
  /** A folder for CPU profiles of the worker. Default: none are made. */
  readonly profiles?: string | undefined;
  /** The worker's script. Default `./worker.ts`; its arguments begin with configuration file and workflow bundle. */
  readonly script?: string;
  readonly args?: readonly string[];
  /** Done with the worker when the job has ended, before it is stopped. Default: nothing. */
  readonly afterwards?: (child: Child, ended: EndedJob) => Promise<void>;
}

/** Runs one job on a worker of its own that was started, and idle, before. Rejects if any item failed. */
export async function runJob(stack: BenchStack, job: Job, options: JobOptions = {}): Promise<EndedJob> {
  const { profiles, script = './worker.ts', args = [], afterwards } = options;
  const { temporal } = await loadConfig({ file: stack.configFile, env: {} });
  const connection = await Connection.connect({ address: temporal.address });
  const client = new Client({ connection, namespace: temporal.namespace });
  const worker = { script, args: [stack.configFile, stack.bundleFile, ...args], profiles };
  const { child } = await startChild<'ready'>(worker);
  try {
    const { type, name, spec } = job;
    const workflowId = `${type}/${name}`;
    const startedAt = performance.now();
    const handle = await client.workflow.start(type, {
      workflowId,
      taskQueue: temporal.taskQueue,
      args: [{ name, spec }],
    });
    const result = (await handle.result()) as RunResult;
    const seconds = (performance.now() - startedAt) / 1_000;
    if (result.errors > 0) throw new Error(`${workflowId} ended ${result.phase} with ${result.errors} errors`);
    const ended: EndedJob = {
      result,
      seconds,
      history: await measureHistory(client, { workflowId, runId: handle.firstExecutionRunId }),
      peakRssMiB: await child.peakRssMiB(),
    };
    await afterwards?.(child, ended);
    return ended;
  } finally {
    await child.stop();
    await connection.close();
  }
}
