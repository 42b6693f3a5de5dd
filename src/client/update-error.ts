import type { WorkflowUpdateFailedError } from '@temporalio/client';
import { BowlineError, errorCode } from '../api/errors.ts';
import { SpecError } from './spec-error.ts';
import { temporalError } from './temporal-error.ts';

/** The members of a failure that are read here. */
interface Refusal extends Error {
  readonly type?: string | null;
  readonly details?: readonly unknown[] | null;
}

/** Why an update was not done: the run's own refusal, no answer, or what Temporal says. */
export function updateError(tried: string, error: unknown): BowlineError {
  const { name } = error as Error;
  if (name === 'WorkflowUpdateRPCTimeoutOrCancelledError')
    return new BowlineError('Unavailable', `${tried}: no worker answers`, { cause: error });
  if (name !== 'WorkflowUpdateFailedError') return temporalError(tried, error);
  const { message, type, details } = ((error as WorkflowUpdateFailedError).cause ?? error) as Refusal;
  const [problems] = details ?? [];
  if (type === 'InvalidSpec' && Array.isArray(problems)) return new SpecError(problems.map(String));
  // A run of another kind, or on a worker of before there were updates, knows none of them and says so without a code.
  return new BowlineError(errorCode({ code: type }) ?? 'Unsupported', `${tried}: ${message}`, { cause: error });
}
