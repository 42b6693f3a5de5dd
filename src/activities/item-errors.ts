import { ApplicationFailure } from '@temporalio/common';
import { errorText } from '../api/errors.ts';
import { withoutContentsOf } from '../api/secret-contents.ts';
import type { Unstructured } from '../api/unstructured.ts';
import { isItemFault } from '../plugins/execute-item-action.ts';

/**
 * Whether a fault is one item's own, so that the others go on. A server that does not answer at all concerns the whole batch,
 * which is then done again; so does a wait (`notYet`).
 */
export function isItemError(error: unknown): boolean {
  return !(error instanceof ApplicationFailure) && isItemFault(error);
}

/** What a server said of an item, in its own words, which may quote fields: but not what a Secret holds. */
export function itemErrorText(error: unknown, item: Unstructured): string {
  return withoutContentsOf(item)(errorText(error));
}
