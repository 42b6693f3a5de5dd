import type { Connection } from '@temporalio/client';

/** Temporal's numbers for the types of search attributes. Source: `temporal.api.enums.v1.IndexedValueType`. */
const keyword = 2;
const integer = 3;

const wanted: Readonly<Record<string, number>> = {
  BowlineKind: keyword,
  BowlineName: keyword,
  BowlinePhase: keyword,
  BowlineSchedule: keyword,
  BowlineLocation: keyword,
  BowlineItems: integer,
  BowlineErrors: integer,
  BowlineWarnings: integer,
};

/**
 * Registers the search attributes that are missing. Resolves with whether all are there: where the worker may not register
 * them they are left out of every run, since an unknown one would make its workflow tasks fail for ever. Safe to repeat.
 */
export async function registerSearchAttributes(connection: Connection, namespace: string): Promise<boolean> {
  try {
    const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
    const missing = Object.entries(wanted).filter(([name]) => customAttributes?.[name] === undefined);
    if (missing.length > 0) {
      await connection.operatorService.addSearchAttributes({
        namespace,
        searchAttributes: Object.fromEntries(missing),
      });
    }
    return true;
  } catch {
    return false;
  }
}
