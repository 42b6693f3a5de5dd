/** A provider's time, in milliseconds since 1970. */
export type Clock = () => number;

/** A clock that goes so many times as fast as the machine's, from now on: 30 minutes of a provider's time in one of ours. */
export function compressedClock(factor: number): Clock {
  const startedAt = Date.now();
  return () => startedAt + (Date.now() - startedAt) * factor;
}

/** A clock that stands still until it is told to go on. */
export class ManualClock {
  #now: number;

  constructor(now: number = Date.now()) {
    this.#now = now;
  }

  readonly now: Clock = () => this.#now;

  advance(ms: number): void {
    this.#now += ms;
  }
}
