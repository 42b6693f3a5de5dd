import { ApplicationFailure } from '@temporalio/common';
import { isPermanent, type BowlineError } from '../api/errors.ts';

/**
 * Whether a fault is one item's own, so that the others go on: it is permanent, or the server answered and went on refusing.
 * A server that does not answer at all concerns the whole batch, which is then done again; so does a wait (`notYet`).
 */
export function isItemError(error: unknown): boolean {
  if (error instanceof ApplicationFailure) return false;
  return isPermanent(error) || (error as Partial<BowlineError> | undefined)?.status !== undefined || !isKnown(error);
}

/** Faults of Bowline's own kind. Others come from an action's code, and repeating it would not help. */
function isKnown(error: unknown): boolean {
  return (error as Partial<Error> | undefined)?.name === 'BowlineError';
}
