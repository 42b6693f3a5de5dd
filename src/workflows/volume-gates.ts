import { condition, sleep } from '@temporalio/workflow';
import type { RunSettings, SnapshotLimits } from '../api/run.ts';
import { inLanes } from './lanes.ts';

/** How many may still begin until when, in milliseconds since 1970, by location. Travels from one Temporal run to the next. */
export type Paces = Record<string, { until: number; left: number }>;

/**
 * Lets work on volumes begin: in each location so many at the same time and so many a second, over the whole of a run, whichever
 * batch they belong to. Waiting is a timer, so that it survives whatever happens.
 */
export class VolumeGates {
  readonly #settings: Pick<RunSettings, 'concurrency' | 'snapshotLimits'>;
  readonly #paces: Paces;
  readonly #gates = new Map<string, Gate>();

  constructor(settings: Pick<RunSettings, 'concurrency' | 'snapshotLimits'>, paces: Paces) {
    this.#settings = settings;
    this.#paces = paces;
  }

  /** Runs one task per item as soon as its location lets it. Rejects with the first failure, when all have ended. */
  async each<T>(
    items: readonly T[],
    locationOf: (item: T) => string | undefined,
    task: (item: T) => Promise<void>,
  ): Promise<void> {
    await inLanes(Math.max(items.length, 1), items, (item) => this.#gate(locationOf(item)).pass(() => task(item)));
  }

  /** Where the location is not known, the run's own number holds, and no rate. */
  #gate(location = ''): Gate {
    let gate = this.#gates.get(location);
    if (gate === undefined) {
      const { snapshotLimits, concurrency } = this.#settings;
      gate = new Gate(location, snapshotLimits[location] ?? { inFlight: concurrency.volumes }, this.#paces);
      this.#gates.set(location, gate);
    }
    return gate;
  }
}

/** The gate of one location. */
class Gate {
  readonly #location: string;
  readonly #limits: SnapshotLimits;
  readonly #paces: Paces;
  #inFlight = 0;
  #isPacing = false;

  constructor(location: string, limits: SnapshotLimits, paces: Paces) {
    this.#location = location;
    this.#limits = limits;
    this.#paces = paces;
  }

  async pass(task: () => Promise<void>): Promise<void> {
    // Asked again after each wait: others have been woken by the same change, and went before.
    while (this.#inFlight >= this.#limits.inFlight) await condition(() => this.#inFlight < this.#limits.inFlight);
    this.#inFlight++;
    try {
      await this.#turn();
      await task();
    } finally {
      this.#inFlight--;
    }
  }

  /** Waits until the rate lets one more begin. One waits at a time: after a standstill, the others are not all late at once. */
  async #turn(): Promise<void> {
    const { perSecond } = this.#limits;
    if (perSecond === undefined) return;
    while (this.#isPacing) await condition(() => !this.#isPacing);
    this.#isPacing = true;
    try {
      const burst = Math.max(1, Math.floor(perSecond));
      const pace = (this.#paces[this.#location] ??= { until: 0, left: 0 });
      while (pace.left === 0 && pace.until > Date.now())
        await sleep(pace.until - Date.now(), { summary: `${perSecond} a second in ${this.#location}` });
      if (pace.until <= Date.now())
        Object.assign(pace, { until: Date.now() + (1_000 * burst) / perSecond, left: burst });
      pace.left--;
    } finally {
      this.#isPacing = false;
    }
  }
}
