import { Context } from '@temporalio/activity';
import { errorCode, type ErrorCode } from '../api/errors.ts';
import { withoutContentsOf } from '../api/secret-contents.ts';
import { itemKey, type ResourceIdentifier, type Unstructured } from '../api/unstructured.ts';
import type { ItemLog } from '../plugins/item-action.ts';

/** How much there was to tell, and the code of the first error. */
export interface Told {
  readonly warnings: number;
  readonly errors: number;
  /** `Unexpected` for an error that bears none of our codes. */
  readonly firstError?: ErrorCode | 'Unexpected';
}

/**
 * Tells of items in the worker's own log, for runs that leave no file which could hold it, and counts what it tells. Only messages
 * are told, never a server's own words, which may echo field values.
 */
export class WorkerLog {
  #warnings = 0;
  #errors = 0;
  #firstError: Told['firstError'];

  get told(): Told {
    const firstError = this.#firstError;
    return { warnings: this.#warnings, errors: this.#errors, ...(firstError !== undefined && { firstError }) };
  }

  /** `error` is what was thrown. */
  error(message: string, item?: ResourceIdentifier, error?: unknown): void {
    this.#errors++;
    this.#firstError ??= errorCode(error) ?? 'Unexpected';
    Context.current().log.error(message, {
      ...(item && { item: itemKey(item) }),
      ...(error !== undefined && { error: messageOf(error) }),
    });
  }

  /** The log that an action is handed with an item: what it tells is rid of what a Secret holds. */
  logOf(identifier: ResourceIdentifier, item: Unstructured): ItemLog {
    const { log } = Context.current();
    const about = { item: itemKey(identifier) };
    const clean = withoutContentsOf(item);
    return {
      info: (message) => log.info(clean(message), about),
      warning: (message) => {
        this.#warnings++;
        log.warn(clean(message), about);
      },
    };
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
