/** How much a run works on at the same time. */
export interface Concurrency {
  /** Batches of items, and blocks of pods with hooks. */
  readonly batches: number;
  /** Volumes in each snapshot location, in place of its `limits.inFlight`; its rate stays. */
  readonly volumes: number;
}

/** The most that may be asked for, in the configuration and of a run. */
export const mostConcurrent: Concurrency = { batches: 50, volumes: 500 };

/** What is set of it, each in a few words: `8 batches`, `20 volumes in each location`. */
export function concurrencyTexts({ batches, volumes }: Partial<Concurrency>): string[] {
  return [
    ...(batches === undefined ? [] : [`${batches} batches`]),
    ...(volumes === undefined ? [] : [`${volumes} volumes in each location`]),
  ];
}

/** What is wrong with a wish to change some of it, which may be anything; nothing if all is well. */
export function concurrencyProblems(wish: unknown): string[] {
  const names = Object.keys(mostConcurrent);
  if (typeof wish !== 'object' || wish === null || Array.isArray(wish) || Object.keys(wish).length === 0)
    return [`concurrency: expected ${names.join(' or ')}, or both`];
  return Object.entries(wish).flatMap(([name, value]: [string, unknown]) => {
    if (!Object.hasOwn(mostConcurrent, name)) return [`${name}: unknown; expected ${names.join(' or ')}`];
    const most = mostConcurrent[name as keyof Concurrency];
    const isInRange = Number.isInteger(value) && (value as number) >= 1 && (value as number) <= most;
    return isInRange ? [] : [`${name}: expected a whole number from 1 to ${most}`];
  });
}
