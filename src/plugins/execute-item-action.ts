import { isPermanent, type BowlineError } from '../api/errors.ts';

/** What an action made of one item: what it gave, or what it threw. */
export type ItemActionResult<Output> =
  | { readonly failed: false; readonly output: Output }
  | { readonly failed: true; readonly error: unknown };

/**
 * Runs an action of any kind on one item; the worker's activities and the command line both do it here. What the action throws is
 * the item's own result, so that the others go on. Rejects if the server as a whole does not answer, which is no fault of the item.
 */
export async function executeItemAction<Input, Output>(
  action: { execute(input: Input): Promise<Output> },
  input: Input,
): Promise<ItemActionResult<Output>> {
  try {
    return { failed: false, output: await action.execute(input) };
  } catch (error) {
    if (!isItemFault(error)) throw error;
    return { failed: true, error };
  }
}

/**
 * Whether a fault is one item's own: it is permanent, or the server answered and went on refusing, or it comes from an action's
 * code, where repeating it would not help.
 */
export function isItemFault(error: unknown): boolean {
  const { name, status } = (error ?? {}) as Partial<BowlineError>;
  return isPermanent(error) || status !== undefined || name !== 'BowlineError';
}
