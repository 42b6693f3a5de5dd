import { ActivityFailure, proxyActivities, rootCause, TimeoutFailure } from '@temporalio/workflow';
import type { ExecutedItemAction } from '../activities/execute-backup-item-action.ts';
import type { Planned } from '../activities/plan.ts';
import {
  handedActivityId,
  readBatchAnswer,
  type BatchAnswer,
  type HandedBatch,
  type NoAnswer,
} from '../api/handed-batch.ts';
import type { BatchRef, PlannedAction, PlannedWorker } from '../api/run.ts';
import { concerns } from '../selection/planned-action.ts';
import { steps } from './activity-options.ts';
import { isCancelled } from './endings.ts';
import type { HistoryRoom } from './history-room.ts';
import type { Steering } from './steering.ts';

/** A backup or a restore, as far as its item actions go. */
interface ActingRun {
  readonly prepared: { readonly actions: readonly PlannedAction[] };
  readonly planned: Planned;
  readonly room: HistoryRoom;
  readonly steering: Steering;
  nextStep(name: string): string;
}

/** What other workers offer, each for its own actions. docs/plugins.md is the contract. */
interface ActionWorkerActivities {
  executeItemAction(batch: HandedBatch): Promise<unknown>;
}

const mostFailureText = 1_000;
const mostAttempts = 3;

/** Runs the actions that concern a batch, in order; each goes on from what the one before has made of it. */
export async function executeItemActions(
  run: ActingRun,
  original: BatchRef,
  take: (executed: ExecutedItemAction) => void,
): Promise<BatchRef> {
  let batch = original;
  for (const action of run.prepared.actions.filter((candidate) => concerns(candidate, original))) {
    if (run.steering.isPaused) await run.steering.resumed();
    const executed = await (action.worker
      ? executeElsewhere(run, { action: action.name, worker: action.worker, batch })
      : executeHere(run, action.name, batch));
    if (executed === undefined) continue;
    batch = executed.batch;
    take(executed);
  }
  return batch;
}

function executeHere(run: ActingRun, action: string, batch: BatchRef): Promise<ExecutedItemAction> {
  const { executeBackupItemAction, executeRestoreItemAction } = steps;
  const execute = run.planned.run.kind === 'restore' ? executeRestoreItemAction : executeBackupItemAction;
  const input = { ...run.planned, step: run.nextStep('action'), action, batch };
  return execute.executeWithOptions({ summary: summaryOf(action, batch) }, [input]);
}

/** Another worker is handed what its action's selector matches, and what it answers is adopted; nothing if that is no item. */
async function executeElsewhere(
  run: ActingRun,
  given: { readonly action: string; readonly worker: PlannedWorker; readonly batch: BatchRef },
): Promise<ExecutedItemAction | undefined> {
  const { action, worker, batch } = given;
  const step = run.nextStep('action');
  const summary = summaryOf(action, batch);
  const asPayload = worker.transport === 'payload';
  const proceed = async (): Promise<ExecutedItemAction | undefined> => {
    // Its turn may have come after a while.
    if (run.steering.isPaused) await run.steering.resumed();
    const withContent = asPayload && run.room.isLeft;
    const toHand = { ...run.planned, ...given, step, withContent };
    const handed = await steps.handOverItems.executeWithOptions({ summary }, [toHand]);
    if (!handed) return undefined;
    const { content, ...reference } = handed;
    const answer =
      asPayload && content === undefined
        ? { failure: 'its items are more than fit into a history: use the transport store, or smaller batches' }
        : await answerOf(handed, { worker, step });
    run.room.take(content, 'content' in answer ? answer.content : '');
    const toAdopt = { ...run.planned, step, batch, handed: reference, answer };
    return steps.adoptItems.executeWithOptions({ summary }, [toAdopt]);
  };
  return asPayload ? run.room.alone(proceed) : proceed();
}

/** Whatever the worker does, or does not do, is an answer or the reason why there is none: it never fails the run. */
async function answerOf(
  handed: HandedBatch,
  { worker, step }: { readonly worker: PlannedWorker; readonly step: string },
): Promise<BatchAnswer | NoAnswer> {
  const { executeItemAction } = proxyActivities<ActionWorkerActivities>({
    taskQueue: worker.taskQueue,
    activityId: handedActivityId(step),
    scheduleToStartTimeout: worker.startTimeoutMs,
    startToCloseTimeout: worker.timeoutMs,
    // A worker may name the delay of its next attempt, and name any.
    scheduleToCloseTimeout: mostAttempts * (worker.startTimeoutMs + worker.timeoutMs),
    retry: { initialInterval: '1 second', maximumAttempts: mostAttempts },
    // A worker that hangs would keep a cancelled run waiting; what it still writes, nobody reads.
    cancellationType: 'TRY_CANCEL',
  });
  const summary = `${handed.action}, ${handed.items} items`;
  try {
    return readBatchAnswer(await executeItemAction.executeWithOptions({ summary }, [handed]), handed);
  } catch (error) {
    if (isCancelled()) throw error;
    return { failure: failureText(error, worker) };
  }
}

function failureText(error: unknown, { taskQueue, startTimeoutMs, timeoutMs }: PlannedWorker): string {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (!(cause instanceof TimeoutFailure))
    return `the worker on task queue ${taskQueue} failed: ${rootCause(error) ?? String(error)}`.slice(
      0,
      mostFailureText,
    );
  return cause.timeoutType === 'SCHEDULE_TO_START'
    ? `no worker on task queue ${taskQueue} took the batch within ${startTimeoutMs / 1_000} s`
    : `the worker on task queue ${taskQueue} did not answer within ${timeoutMs / 1_000} s`;
}

function summaryOf(action: string, { items }: BatchRef): string {
  return `${action}, ${items} items`;
}
