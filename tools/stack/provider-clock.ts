/** A provider's time, in milliseconds since 1970. */
export type Clock = () => number;

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
