import { isPermanent, type BowlineError } from '../api/errors.ts';
import { withoutContentsOf } from '../api/secret-contents.ts';
import type { Unstructured } from '../api/unstructured.ts';

/** What an action made of one item: what it gave, or what it threw. */
export type ItemActionResult<Output> =
  | { readonly failed: false; readonly output: Output }
  | { readonly failed: true; readonly error: unknown };

/**
 * Runs an action of any kind on one item; the worker's activities and the command line both do it here. What the action throws is
 * the item's own result, so that the others go on. Rejects if the server as a whole does not answer, which is no fault of the item. Either way
 * no error quotes what a Secret holds.
 */
export async function executeItemAction<Input, Output>(
  action: { execute(input: Input): Promise<Output> },
  input: Input & { readonly item?: Unstructured },
): Promise<ItemActionResult<Output>> {
  const { item } = input;
  const clean = item === undefined ? (text: string): string => text : withoutContentsOf(item);
  try {
    return { failed: false, output: await action.execute(input) };
  } catch (thrown) {
    const error = cleaned(thrown, clean);
    if (!isItemFault(error)) throw error;
    return { failed: true, error };
  }
}

/** The same error, with other words. */
function cleaned(error: unknown, clean: (text: string) => string): unknown {
  if (!(error instanceof Error)) return typeof error === 'string' ? clean(error) : error;
  const { message, stack, detail } = error as Error & { readonly detail?: unknown };
  const words = { message, stack, detail };
  for (const [name, text] of Object.entries(words)) {
    if (typeof text !== 'string' || clean(text) === text) continue;
    Object.defineProperty(error, name, { value: clean(text), configurable: true, writable: true });
  }
  return error;
}

/**
 * Whether a fault is one item's own: it is permanent, or the server answered and went on refusing, or it comes from an action's
 * code, where repeating it would not help.
 */
export function isItemFault(error: unknown): boolean {
  const { name, status } = (error ?? {}) as Partial<BowlineError>;
  return isPermanent(error) || status !== undefined || name !== 'BowlineError';
}
