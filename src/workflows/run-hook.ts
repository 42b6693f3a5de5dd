import { CancellationScope } from '@temporalio/workflow';
import type { PodRef } from '../activities/pod-hooks.ts';
import type { RanHook, RunHookInput } from '../activities/run-hook.ts';
import { hooks } from './activity-options.ts';
import type { BackupRun } from './backup.ts';
import type { RestoreRun } from './restore.ts';

/** One hook of one pod. */
export interface HookToRun extends Pick<RunHookInput, 'batch' | 'pod' | 'phase' | 'index'> {
  readonly timeoutMs: number;
  /** Where the pod is in the cluster. */
  readonly at: PodRef;
}

const minuteMs = 60_000;

/**
 * Runs a hook, and counts it. A cancellation waits for it: the command goes on in any case, and what comes after must not
 * overtake it.
 */
export async function runHook(run: BackupRun | RestoreRun, { timeoutMs, at, ...which }: HookToRun): Promise<RanHook> {
  const options = {
    summary: `${which.phase} hook of ${at.namespace}/${at.name}`,
    startToCloseTimeout: timeoutMs + minuteMs,
    scheduleToCloseTimeout: timeoutMs + 24 * 60 * minuteMs,
  };
  const input = { ...run.planned, step: run.nextStep('hook'), ...which };
  const ran = await CancellationScope.nonCancellable(() => hooks.runHook.executeWithOptions(options, [input]));
  run.report(ran.report);
  run.progress.hooks({ attempted: 1, failed: ran.failed ? 1 : 0 });
  return ran;
}
