import { ApplicationFailure } from '@temporalio/common';
import { isItemFault } from '../plugins/execute-item-action.ts';

/**
 * Whether a fault is one item's own, so that the others go on. A server that does not answer at all concerns the whole batch,
 * which is then done again; so does a wait (`notYet`).
 */
export function isItemError(error: unknown): boolean {
  return !(error instanceof ApplicationFailure) && isItemFault(error);
}
