import type { Connection } from '@temporalio/client';

/** Temporal's numbers for the types of search attributes. Source: `temporal.api.enums.v1.IndexedValueType`. */
const keyword = 2;
const integer = 3;

/** A search attribute, and its type. */
export interface SearchAttribute {
  readonly name: string;
  readonly type: 'Keyword' | 'Int';
}

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

/** Names of those that a namespace lacks, with their types as the `temporal` command has them. Rejects as the connection does. */
export async function missingSearchAttributes(
  { operatorService }: Pick<Connection, 'operatorService'>,
  namespace: string,
): Promise<SearchAttribute[]> {
  const { customAttributes } = await operatorService.listSearchAttributes({ namespace });
  return Object.entries(wanted)
    .filter(([name]) => customAttributes?.[name] === undefined)
    .map(([name, type]) => ({ name, type: type === keyword ? 'Keyword' : 'Int' }));
}

/**
 * Registers the search attributes that are missing. Resolves with whether all are there: where the worker may not register
 * them they are left out of every run, since an unknown one would make its workflow tasks fail for ever. Safe to repeat.
 */
export async function registerSearchAttributes(connection: Connection, namespace: string): Promise<boolean> {
  try {
    const missing = await missingSearchAttributes(connection, namespace);
    if (missing.length > 0) {
      await connection.operatorService.addSearchAttributes({
        namespace,
        searchAttributes: Object.fromEntries(missing.map(({ name }) => [name, wanted[name]!])),
      });
    }
    return true;
  } catch {
    return false;
  }
}
