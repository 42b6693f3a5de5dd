/** How often a process looks whether it is awake. */
const lookEveryMs = 1_000;

/** After a suspension, tasks that this process was given before it come in for so long. */
const aftermathMs = 2_000;

/**
 * Notices that this process was suspended: a task that reaches it right after may have waited through the suspension, and its
 * successor may have begun and ended meanwhile. `now` is the clock and `tolerance` the longest gap that is none, in milliseconds.
 */
export class Wakefulness {
  readonly #now: () => number;
  readonly #tolerance: number;
  #seenAt: number;
  #wokeAt = -Infinity;

  constructor(now: () => number, tolerance: number) {
    this.#now = now;
    this.#tolerance = tolerance;
    this.#seenAt = now();
    setInterval(() => this.#look(), lookEveryMs).unref();
  }

  /** Whether this process has only just come back from a suspension. */
  get hasJustWoken(): boolean {
    this.#look();
    return this.#seenAt - this.#wokeAt <= aftermathMs;
  }

  #look(): void {
    const now = this.#now();
    if (now - this.#seenAt > this.#tolerance) this.#wokeAt = now;
    this.#seenAt = now;
  }
}
