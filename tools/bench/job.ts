import { Client, Connection } from '@temporalio/client';
import type { BackupSpec } from '../../src/api/backup.ts';
import type { RestoreSpec } from '../../src/api/restore.ts';
import { loadConfig } from '../../src/config.ts';
import type { RunResult } from '../../src/workflows/messages.ts';
import { startChild } from './child.ts';
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

/** Runs one job on a worker of its own that was started, and idle, before. Rejects if any item failed. */
export async function runJob(stack: BenchStack, job: Job, profiles?: string): Promise<EndedJob> {
  const { temporal } = await loadConfig({ file: stack.configFile, env: {} });
  const connection = await Connection.connect({ address: temporal.address });
  const client = new Client({ connection, namespace: temporal.namespace });
  const worker = { script: './worker.ts', args: [stack.configFile, stack.bundleFile], profiles };
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
    return {
      result,
      seconds,
      history: await measureHistory(client, { workflowId, runId: handle.firstExecutionRunId }),
      peakRssMiB: await child.peakRssMiB(),
    };
  } finally {
    await child.stop();
    await connection.close();
  }
}
