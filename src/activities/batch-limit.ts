import { BowlineError } from '../api/errors.ts';
import type { RunSettings } from '../api/run.ts';

/** With one item in each batch every item costs several events of the run's history. */
const mostSingleItems = 2_000;

/**
 * Refuses to stage ever more batches of one item each. `staged` counts the run's items so far.
 *
 * @throws BowlineError `InvalidConfig` beyond 2,000 items with `batch.items: 1`
 */
export function assertFewSingleItems({ items }: RunSettings['batch'], staged: number): void {
  if (items > 1 || staged <= mostSingleItems) return;
  throw new BowlineError(
    'InvalidConfig',
    `stage items: more than ${mostSingleItems} with batch.items 1; set batch.items to 500 in the configuration, or select fewer items`,
  );
}
