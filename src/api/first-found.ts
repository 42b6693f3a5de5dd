import { errorCode } from './errors.ts';

/** What was found; else, where a place could not be asked, the first reason. */
export interface Search<T> {
  readonly found?: T;
  readonly failure?: unknown;
}

/** Not of the place, but of what is looked for, or of whoever looks. */
const decisive = ['CorruptBackup', 'InvalidSpec', 'Interrupted'];

/**
 * Asks places in their order for what `look` looks for, until one has it. A place that can't be asked hides nothing that another holds.
 * Rejects with `CorruptBackup`, `InvalidSpec` and `Interrupted`, where `look` does.
 */
export async function firstFound<Place, T>(
  places: Iterable<Place>,
  look: (place: Place) => Promise<T | undefined>,
): Promise<Search<T>> {
  const failures: unknown[] = [];
  for (const place of places) {
    try {
      const found = await look(place);
      if (found !== undefined) return { found };
    } catch (error) {
      if (decisive.includes(errorCode(error) ?? '')) throw error;
      failures.push(error);
    }
  }
  return failures.length > 0 ? { failure: failures[0] } : {};
}
