/** How tests ended. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** The counts in the last line of a report; `undefined` if it has none. */
export function readCounts(report: string): Counts | undefined {
  const [passed, failed, skipped] =
    /(\d+) passed, (\d+) failed, (\d+) skipped\s*$/.exec(report)?.slice(1).map(Number) ?? [];
  if (passed === undefined || failed === undefined || skipped === undefined) return undefined;
  return { passed, failed, skipped };
}

/** All of them together. */
export function addCounts(counts: readonly Counts[]): Counts {
  const sum = (member: keyof Counts): number => counts.reduce((total, one) => total + one[member], 0);
  return { passed: sum('passed'), failed: sum('failed'), skipped: sum('skipped') };
}
