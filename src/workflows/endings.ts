import {
  ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  isCancellation,
  rootCause,
  TimeoutFailure,
  workflowInfo,
} from '@temporalio/workflow';

/**
 * Whether the run has been asked to stop. Asked before what an error is: a wait that is cancelled while an attempt runs
 * reports that attempt's own failure, which does not look like a cancellation.
 */
export function isCancelled(): boolean {
  return CancellationScope.current().consideredCancelled;
}

/** For between steps that no cancellation reaches. @throws CancelledFailure if the run has been asked to stop */
export function assertNotCancelled(): void {
  if (isCancelled()) throw new CancelledFailure('cancelled');
}

/** Whether to go on in a fresh Temporal run. A cancelled one must not: the next would not know of the cancellation. */
export function historyIsLong(): boolean {
  return workflowInfo().continueAsNewSuggested && !isCancelled();
}

/** How a run that could not finish ended, for people and for the file that records it. */
export interface Ending {
  readonly cancelled: boolean;
  /** The code of the fault. */
  readonly type: string;
  readonly reason: string;
}

/** The phase in which a run ends that could not finish. */
export function failedPhase({ cancelled, type }: Ending): 'Cancelled' | 'FailedValidation' | 'Failed' {
  if (cancelled) return 'Cancelled';
  return type === 'InvalidSpec' ? 'FailedValidation' : 'Failed';
}

/** What a thrown value means for the run. */
export function endingOf(error: unknown): Ending {
  if (isCancelled() || isCancellation(error)) return { cancelled: true, type: 'Cancelled', reason: 'cancelled' };
  const failure = applicationFailureOf(error);
  return {
    cancelled: false,
    type: failure?.type ?? 'Unexpected',
    reason: failure?.message ?? rootCause(error) ?? String(error),
  };
}

/** Why a provider did not do what it was told, in `limitMs` at the most. */
export function refusalOf(error: unknown, limitMs: number): string {
  const failure = applicationFailureOf(error);
  const isLate = failure?.type === 'Pending' || (error instanceof Error && error.cause instanceof TimeoutFailure);
  if (!isLate) return endingOf(error).reason;
  // What comes after the first semicolon is when it would have been asked again.
  const [last] = failure?.message.split('; ') ?? [];
  return [...(last === undefined ? [] : [last]), `not done within ${limitMs / 60_000} minutes`].join('; ');
}

/** The failure that Temporal shows: the fault itself, not the activity that met it. */
export function failureOf(error: unknown, ending: Ending, remark = ''): Error {
  if (ending.cancelled) return new CancelledFailure(`cancelled${remark}`);
  const details = applicationFailureOf(error)?.details ?? [];
  return ApplicationFailure.create({
    message: `${ending.reason}${remark}`,
    type: ending.type,
    nonRetryable: true,
    details,
  });
}

/** The fault that an activity met, if it is one. */
export function applicationFailureOf(error: unknown): ApplicationFailure | undefined {
  let current = error;
  while (current instanceof Error) {
    if (current instanceof ApplicationFailure) return current;
    current = current.cause;
  }
  return undefined;
}
