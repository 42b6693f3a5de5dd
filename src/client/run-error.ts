import type { WorkflowFailedError } from '@temporalio/client';
import { BowlineError, errorCode, type ErrorCode } from '../api/errors.ts';

/**
 * Why a run failed. `code` is the type of the workflow's failure; `Interrupted` for a run that was cancelled or terminated, and
 * `Unavailable` for a failure whose type is none of Bowline's codes.
 */
export class RunError extends BowlineError {
  /** All that is wrong with a request (`InvalidSpec`), one text per problem; else the message alone. */
  readonly problems: readonly string[];

  constructor(code: ErrorCode, problems: readonly string[], { message, cause }: { message: string; cause: unknown }) {
    super(code, message, { cause });
    this.name = 'RunError';
    this.problems = problems;
  }
}

/** The members of Temporal's failures that are read here: `details` of an application failure, `type` of most. */
interface Failure extends Error {
  readonly type?: string | null;
  readonly details?: readonly unknown[] | null;
}

/** The error of a run that did not complete, from what waiting for its result was answered. */
export function runError(error: WorkflowFailedError): RunError {
  const failure = (error.cause ?? error) as Failure;
  const ended = { CancelledFailure: 'cancelled', TerminatedFailure: 'terminated' }[failure.name];
  const message = ended ?? failure.message;
  const code = ended === undefined ? errorCode({ code: failure.type }) : 'Interrupted';
  return new RunError(code ?? 'Unavailable', problemsOf(failure) ?? [message], { message, cause: error });
}

function problemsOf({ type, details }: Failure): string[] | undefined {
  const [problems] = details ?? [];
  return type === 'InvalidSpec' && Array.isArray(problems) ? problems.map(String) : undefined;
}
