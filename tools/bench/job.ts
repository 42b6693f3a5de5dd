import { randomUUID } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import type { BackupRequest, BackupSpec } from '../../src/api/backup.ts';
import type { RestoreSpec } from '../../src/api/restore.ts';
import { loadConfig } from '../../src/config.ts';
import type { RunResult } from '../../src/workflows/messages.ts';
import { startChild, type Child, type ChildOptions } from './child.ts';
import { measureHistory, type HistorySize } from './history.ts';
import type { BenchStack } from './stack.ts';
import { workerEnvironment } from './worker-environment.ts';
import type { FiguresQuestion, WorkerFigures } from './worker-figures.ts';

/** A run to measure. */
export type Job =
  | { readonly type: 'backup'; readonly name: string; readonly spec: BackupSpec }
  | { readonly type: 'restore'; readonly name: string; readonly spec: RestoreSpec }
  | { readonly type: 'deleteBackup'; readonly name: string };

/** A job that has ended well. */
export interface EndedJob {
  readonly result: RunResult;
  /** From the request to the result, as the client sees them. */
  readonly seconds: number;
  readonly history: HistorySize;
  /** Of the worker that took most. */
  readonly peakRssMiB: number;
  /** Of all workers together; absent if a script of the caller's own was the worker. */
  readonly figures?: WorkerFigures;
}

export interface JobOptions {
  /** A folder for CPU profiles of the worker. Default: none are made. */
  readonly profiles?: string | undefined;
  /** The worker's script; its arguments begin with configuration file and workflow bundle. Default `./worker.ts`, which measures itself. */
  readonly script?: string;
  readonly args?: readonly string[];
  /** How many share the job. Default 1. */
  readonly workers?: number;
  /** Done with the first worker when the job has ended, before it is stopped. Default: nothing. */
  readonly afterwards?: (child: Child, ended: EndedJob) => Promise<void>;
}

/** Runs one job on workers of its own, of which one has done a small backup before. Rejects if any item failed. */
export async function runJob(stack: BenchStack, job: Job, options: JobOptions = {}): Promise<EndedJob> {
  const { profiles, script, args = [], workers = 1, afterwards } = options;
  const { temporal } = await loadConfig({ file: stack.configFile, env: {} });
  const connection = await Connection.connect({ address: temporal.address });
  const client = new Client({ connection, namespace: temporal.namespace });
  const worker: ChildOptions = {
    script: script ?? './worker.ts',
    args: [stack.configFile, stack.bundleFile, ...args],
    env: workerEnvironment,
    profiles,
  };
  const started = await Promise.all(Array.from({ length: workers }, () => startChild<'ready'>(worker)));
  const children = started.map(({ child }) => child);
  const ask = async (question: FiguresQuestion): Promise<WorkerFigures> =>
    together(await Promise.all(children.map((child) => child.ask<WorkerFigures>(question))));
  try {
    if (script === undefined) {
      await warmUp(client, temporal.taskQueue);
      await ask('begin');
    }
    const { type, ...request } = job;
    const workflowId = `${type === 'deleteBackup' ? 'delete-backup' : type}/${request.name}`;
    const startedAt = performance.now();
    const handle = await client.workflow.start(type, { workflowId, taskQueue: temporal.taskQueue, args: [request] });
    const result = (await handle.result()) as RunResult;
    const seconds = (performance.now() - startedAt) / 1_000;
    const figures = script === undefined ? await ask('tell') : undefined;
    if (result.errors > 0) throw new Error(`${workflowId} ended ${result.phase} with ${result.errors} errors`);
    const ended: EndedJob = {
      result,
      seconds,
      history: await measureHistory(client, { workflowId, runId: handle.firstExecutionRunId }),
      peakRssMiB: Math.max(...(await Promise.all(children.map((child) => child.peakRssMiB())))),
      ...(figures && { figures }),
    };
    await afterwards?.(children[0]!, ended);
    return ended;
  } finally {
    await Promise.all(children.map((child) => child.stop()));
    await connection.close();
  }
}

/** A small backup: what a worker compiles and connects at its first job is no part of a later one. */
async function warmUp(client: Client, taskQueue: string): Promise<void> {
  const name = `warm-up-${randomUUID()}`;
  const request: BackupRequest = { name, spec: { includedNamespaces: ['default'] } };
  await client.workflow.execute('backup', { workflowId: `backup/${name}`, taskQueue, args: [request] });
}

/** The processor time of all, and the latest event loop. */
function together(figures: readonly WorkerFigures[]): WorkerFigures {
  return {
    cpuSeconds: figures.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0),
    eventLoopDelayMs: Math.max(...figures.map(({ eventLoopDelayMs }) => eventLoopDelayMs)),
  };
}
