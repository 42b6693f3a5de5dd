import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import { BowlineError } from '../api/errors.ts';
import { runMemoKey, scheduleNameOf, type RunMemo } from '../api/run-memo.ts';
import { countingSince } from './counting-window.ts';

/** A kind of run that is counted. */
export type CountedKind = 'backup' | 'restore' | 'deletion';

/** A run as Temporal's lists know it. */
export interface CountedRun {
  readonly kind: CountedKind;
  readonly name: string;
  /** `''` for a run that belongs to none. */
  readonly schedule: string;
  /** `InProgress` as long as it runs. */
  readonly phase: EndPhase | 'InProgress';
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  /** Milliseconds since 1970; absent while it runs. */
  readonly endedAt?: number;
  readonly warnings: number;
  readonly volumes: RunMemo['volumes'];
}

/** How a run ends. */
export type EndPhase = (typeof endPhases)[number];

/** In the order in which they are told. */
export const endPhases = ['Completed', 'PartiallyFailed', 'Failed', 'FailedValidation', 'Cancelled'] as const;

/** The runs that began, ended or went on since a moment. */
export interface CountedRuns {
  /** Milliseconds since 1970. */
  readonly since: number;
  readonly runs: readonly CountedRun[];
}

/** Whose runs are counted. */
export interface RunsOf {
  readonly client: Client;
  readonly namespace: string;
  readonly taskQueue: string;
  readonly idPrefix: string;
}

/** The first part of a workflow's id, by the workflow's type. */
const kinds: ReadonlyMap<string, { readonly kind: CountedKind; readonly id: string }> = new Map([
  ['backup', { kind: 'backup', id: 'backup/' }],
  ['restore', { kind: 'restore', id: 'restore/' }],
  ['deleteBackup', { kind: 'deletion', id: 'delete-backup/' }],
]);

/** More are not held in memory. */
const mostRuns = 50_000;
const pageSize = 1_000;
const deadlineMs = 30_000;

/**
 * Lists what counts now. Dry runs do not, nor do runs under other ids than their own, which refuse themselves. A run that has not said yet
 * which schedule it belongs to counts as soon as it has. Rejects as Temporal does, and with `Unsupported` if there are more than 50,000.
 */
export async function listCountedRuns(of: RunsOf, now: Date): Promise<CountedRuns> {
  const { connection } = of.client;
  return connection.withDeadline(now.getTime() + deadlineMs, async () => {
    const since = countingSince(now, await retentionOf(of));
    const runs: CountedRun[] = [];
    for await (const info of of.client.workflow.list({ query: queryOf(of.taskQueue, since), pageSize })) {
      const run = runOf(info, of.idPrefix);
      if (run === undefined) continue;
      if (runs.length === mostRuns)
        throw new BowlineError('Unsupported', `count runs since ${isoOf(since)}: more than ${mostRuns}`);
      runs.push(run);
    }
    return { since, runs };
  });
}

async function retentionOf({ client, namespace }: RunsOf): Promise<number> {
  const { config } = await client.workflowService.describeNamespace({ namespace });
  return Number(config?.workflowExecutionRetentionTtl?.seconds ?? 0) * 1_000;
}

function queryOf(taskQueue: string, since: number): string {
  const types = [...kinds.keys()].map((type) => `'${type}'`).join(', ');
  return [
    `WorkflowType IN (${types})`,
    `TaskQueue = '${taskQueue.replaceAll("'", "\\'")}'`,
    `ExecutionStatus != 'ContinuedAsNew'`,
    `(ExecutionStatus = 'Running' OR CloseTime >= '${isoOf(since)}')`,
  ].join(' AND ');
}

function runOf(info: WorkflowExecutionInfo, idPrefix: string): CountedRun | undefined {
  const { kind, id } = kinds.get(info.type)!;
  const prefix = `${idPrefix}${id}`;
  const memo = info.memo?.[runMemoKey] as Partial<RunMemo> | undefined;
  const isRunning = info.status.name === 'RUNNING';
  if (!info.workflowId.startsWith(prefix) || memo?.dryRun || (isRunning && memo === undefined)) return undefined;
  const { attempted = 0, completed = 0 } = memo?.volumes ?? {};
  return {
    kind,
    name: info.workflowId.slice(prefix.length),
    schedule: scheduleNameOf(memo?.schedule),
    phase: isRunning ? 'InProgress' : endPhaseOf(info, memo?.phase),
    startedAt: Date.parse(memo?.startTimestamp ?? '') || info.startTime.getTime(),
    ...(info.closeTime && { endedAt: info.closeTime.getTime() }),
    warnings: memo?.warnings ?? 0,
    volumes: { attempted, completed },
  };
}

/** A run that was terminated, or whose time ran out, could not say how it ended. */
function endPhaseOf({ status }: WorkflowExecutionInfo, told: string | undefined): EndPhase {
  const phase = endPhases.find((candidate) => candidate === told);
  if (phase !== undefined) return phase;
  return status.name === 'COMPLETED' ? 'Completed' : status.name === 'CANCELLED' ? 'Cancelled' : 'Failed';
}

function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}
