import assert from 'node:assert/strict';
import type { RunResult } from '../../src/workflows/messages.ts';
import type { Environment } from '../end-to-end/environment.ts';
import type { Boundary } from './boundary.ts';
import { startCrashWorker } from './crash-worker.ts';
import type { Fault } from './fault.ts';
import type { Scenario } from './scenario.ts';

/** How long a run may take that meets a fault. */
const patienceMs = 600_000;

/** Where a run is cut. */
export interface Cut {
  readonly environment: Environment;
  readonly name: string;
  readonly at: Boundary;
}

/** The worker dies at the boundary; another one goes on. */
export async function killed(
  scenario: Scenario,
  { environment, name, at, when }: Cut & { readonly when: 'before' | 'after' | 'completed' },
): Promise<void> {
  const worker = await startCrashWorker(environment.configuration, { type: 'death', at, when });
  const handle = await environment.start(scenario.workflow, scenario.request(name));
  const result = handle.result() as Promise<RunResult>;
  // A run that is over is as good as cut: its worker has nothing left to do.
  await Promise.race([worker.ended, worker.atBoundary, result]);
  if (when === 'completed') await Promise.race([recorded(environment, handle.workflowId, at), result]);
  await worker.kill();
  const next = await startCrashWorker(environment.configuration);
  await scenario.verify(environment, name, await within(result));
  await next.kill('SIGTERM');
}

/** Resolves when the server has the result of a step. */
async function recorded({ temporal }: Environment, workflowId: string, { activityType }: Boundary): Promise<void> {
  const handle = temporal.workflow.getHandle(workflowId);
  const isPending = async (): Promise<boolean> => {
    const { pendingActivities } = (await handle.describe()).raw;
    return pendingActivities?.some((activity) => activity.activityType?.name === activityType) ?? false;
  };
  while (await isPending());
}

/** The run is cancelled while it is at the boundary. */
export async function cancelled(scenario: Scenario, { environment, name, at }: Cut): Promise<void> {
  const worker = await startCrashWorker(environment.configuration, { type: 'pause', at });
  const handle = await environment.start(scenario.workflow, scenario.request(name));
  const result = handle.result() as Promise<RunResult>;
  result.catch(() => undefined);
  await Promise.race([worker.atBoundary, result]);
  await handle.cancel().catch(() => undefined);
  const outcome = await within(result).catch((error: Error) => error);
  const { status } = await handle.describe();
  if (status.name === 'COMPLETED') await scenario.verify(environment, name, outcome as RunResult);
  else {
    assert.equal(status.name, 'CANCELLED', JSON.stringify(outcome));
    await scenario.verifyCancelled(environment, name);
  }
  await worker.kill('SIGTERM');
}

/** Every step meets the same fault. */
export async function repeated(
  scenario: Scenario,
  { environment, name, fault }: Omit<Cut, 'at'> & { readonly fault: Fault },
): Promise<void> {
  const worker = await startCrashWorker(environment.configuration, fault);
  const handle = await environment.start(scenario.workflow, scenario.request(name));
  await scenario.verify(environment, name, await within(handle.result() as Promise<RunResult>));
  await worker.kill('SIGTERM');
}

/** What the run comes to. Rejects if that takes too long. */
export async function within<T>(result: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`the run had not ended after ${patienceMs / 1_000} s`)), patienceMs);
  try {
    return await Promise.race([result, promise]);
  } finally {
    clearTimeout(timer);
  }
}
