/** A span of the machine's time, in milliseconds since 1970. */
export interface SlotsQuestion {
  readonly from: number;
  readonly to: number;
}

/** An activity that holds its slot for so long without a request under way is not about to end: it waits. */
const heldMs = 1_000;

/** How many activities have had nothing to do but wait, seen again and again. */
export class SlotSamples {
  readonly #idle: () => number;
  readonly #now: () => number;
  readonly #samples: { readonly at: number; readonly idle: number }[] = [];

  /** @param idle how many activities hold a slot just now without a request of theirs under way */
  constructor(idle: () => number, now: () => number = Date.now) {
    this.#idle = idle;
    this.#now = now;
  }

  take(): void {
    this.#samples.push({ at: this.#now(), idle: this.#idle() });
  }

  /** The largest number of slots that were held, idle, for a whole second within a span. */
  held(from: number, to: number): number {
    const samples = this.#samples.filter(({ at }) => at >= from && at <= to);
    let [most, first] = [0, 0];
    for (const [last, { at }] of samples.entries()) {
      // The shortest row of samples up to this one that lasts a second.
      while (first < last && at - samples[first + 1]!.at >= heldMs) first++;
      if (at - samples[first]!.at < heldMs) continue;
      most = Math.max(most, Math.min(...samples.slice(first, last + 1).map(({ idle }) => idle)));
    }
    return most;
  }
}
