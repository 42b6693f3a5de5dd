import { ApplicationFailure, ApplicationFailureCategory, CancelledFailure } from '@temporalio/common';
import { errorCode, isPermanent, type BowlineError } from '../api/errors.ts';

/**
 * Any thrown value as the failure that enters the history: its type is the error's code, and it is retried unless the code is
 * permanent. Only the message goes along, never a server's own words, which may echo field values; nor a `SyntaxError`'s, which
 * quotes the text that is no JSON.
 */
export function toFailure(error: unknown): Error {
  if (error instanceof ApplicationFailure || error instanceof CancelledFailure) return error;
  const code = errorCode(error);
  const message = error instanceof SyntaxError ? 'unexpected syntax' : errorMessage(error);
  return ApplicationFailure.create({
    message,
    type: code ?? 'Unexpected',
    nonRetryable: isPermanent(error),
    ...retryDelay(error),
  });
}

function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function retryDelay(error: unknown): { nextRetryDelay?: number } {
  const { retryAfterMs } = error as Partial<BowlineError>;
  return retryAfterMs === undefined ? {} : { nextRetryDelay: retryAfterMs };
}

/** All problems of a request at once, as one permanent failure whose details list them. */
export function invalidSpec(problems: readonly string[]): ApplicationFailure {
  return ApplicationFailure.create({
    message: problems.join('; '),
    type: 'InvalidSpec',
    nonRetryable: true,
    details: [problems],
  });
}

/** "Ask again later": retried after `pollAfterMs`, logged and counted nowhere, its text to be read on the pending activity. */
export function notYet(message: string, pollAfterMs: number): ApplicationFailure {
  return ApplicationFailure.create({
    message,
    type: 'Pending',
    nextRetryDelay: pollAfterMs,
    category: ApplicationFailureCategory.BENIGN,
  });
}
