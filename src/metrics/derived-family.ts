import type { CountedRuns } from './counted-runs.ts';
import type { Family, Sample } from './exposition.ts';
import type { LocationRecords } from './location-records.ts';

/** What a family is derived from. */
export type Origin = 'runs' | 'records' | 'records and runs' | 'this worker';

/** A family, and how its samples come from the facts. */
export interface DerivedFamily extends Family {
  readonly origin: Origin;
  samples(facts: Facts): Sample[];
}

/** All that is known at a moment. */
export interface Facts {
  /** From Temporal's lists. */
  readonly runs: CountedRuns;
  /** From every storage location, in the configuration's order. */
  readonly records: readonly LocationRecords[];
  readonly sources: readonly SourceState[];
}

/** How reading one source goes. */
export interface SourceState {
  /** `temporal`, or `location/` and a storage location's name. */
  readonly source: string;
  /** Whether the last attempt was good. */
  readonly isUp: boolean;
  /** When what is told was read, in milliseconds since 1970; absent if nothing was. */
  readonly readAt?: number;
  /** Attempts that failed since this worker began. */
  readonly failures: number;
}

/** The schedules that anything is known of, and `''`, for what belongs to none: each has a sample, of 0 if need be. */
export function schedulesOf({ runs, records }: Pick<Facts, 'runs' | 'records'>): string[] {
  const backups = records.flatMap((location) => location.backups);
  return [...new Set(['', ...[...runs.runs, ...backups].map(({ schedule }) => schedule)])].sort();
}
