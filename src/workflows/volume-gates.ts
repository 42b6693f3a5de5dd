import { condition, sleep } from '@temporalio/workflow';
import type { RunSettings, SnapshotLimits } from '../api/run.ts';
import { inLanes } from './lanes.ts';

/** How many may still begin until when, in milliseconds since 1970, by location. Travels from one Temporal run to the next. */
export type Paces = Record<string, { until: number; left: number }>;

/** What people may ask of a run meanwhile. */
interface VolumeSteering {
  readonly isPaused: boolean;
  /** Takes the place of each location's number. */
  readonly volumes: number | undefined;
}

const unsteered: VolumeSteering = { isPaused: false, volumes: undefined };

/**
 * Lets work on volumes begin: in each location so many at the same time and so many a second, over the whole of a run, whichever
 * batch they belong to. Waiting is a timer, so that it survives whatever happens.
 */
export class VolumeGates {
  readonly #settings: Pick<RunSettings, 'concurrency' | 'snapshotLimits'>;
  readonly #paces: Paces;
  readonly #steering: VolumeSteering;
  readonly #gates = new Map<string, Gate>();

  constructor(
    settings: Pick<RunSettings, 'concurrency' | 'snapshotLimits'>,
    paces: Paces,
    steering: VolumeSteering = unsteered,
  ) {
    this.#settings = settings;
    this.#paces = paces;
    this.#steering = steering;
  }

  /**
   * Runs one task per item as soon as its location lets it, and none while the run is paused, unless the items are `urgent`. Rejects
   * with the first failure, when all have ended.
   */
  async each<T>(
    items: readonly T[],
    { locationOf, urgent = false }: { locationOf(item: T): string | undefined; readonly urgent?: boolean },
    task: (item: T) => Promise<void>,
  ): Promise<void> {
    const isHeld = (): boolean => !urgent && this.#steering.isPaused;
    await inLanes(Math.max(items.length, 1), items, (item) =>
      this.#gate(locationOf(item)).pass(() => task(item), isHeld),
    );
  }

  /** Where the location is not known, the run's own number holds, and no rate. */
  #gate(location = ''): Gate {
    let gate = this.#gates.get(location);
    if (gate === undefined) {
      const { snapshotLimits, concurrency } = this.#settings;
      const { inFlight, ...limits } = snapshotLimits[location] ?? { inFlight: concurrency.volumes };
      gate = new Gate(location, { ...limits, inFlight: () => this.#steering.volumes ?? inFlight }, this.#paces);
      this.#gates.set(location, gate);
    }
    return gate;
  }
}

/** What one location may be asked; the number may change. */
interface GateLimits extends Omit<SnapshotLimits, 'inFlight'> {
  inFlight(): number;
}

/** The gate of one location. */
class Gate {
  readonly #location: string;
  readonly #limits: GateLimits;
  readonly #paces: Paces;
  #inFlight = 0;
  #isPacing = false;

  constructor(location: string, limits: GateLimits, paces: Paces) {
    this.#location = location;
    this.#limits = limits;
    this.#paces = paces;
  }

  async pass(task: () => Promise<void>, isHeld: () => boolean): Promise<void> {
    const isOpen = (): boolean => !isHeld() && this.#inFlight < this.#limits.inFlight();
    // Asked again after each wait: others have been woken by the same change, and went before.
    while (!isOpen()) await condition(isOpen);
    this.#inFlight++;
    try {
      await this.#turn(isHeld);
      await task();
    } finally {
      this.#inFlight--;
    }
  }

  /** Waits until the rate lets one more begin. One waits at a time: after a standstill, the others are not all late at once. */
  async #turn(isHeld: () => boolean): Promise<void> {
    const { perSecond } = this.#limits;
    if (perSecond === undefined) return;
    while (this.#isPacing) await condition(() => !this.#isPacing);
    this.#isPacing = true;
    try {
      const burst = Math.max(1, Math.floor(perSecond));
      const pace = (this.#paces[this.#location] ??= { until: 0, left: 0 });
      while (isHeld() || (pace.left === 0 && pace.until > Date.now())) {
        if (isHeld()) await condition(() => !isHeld());
        else await sleep(pace.until - Date.now(), { summary: `${perSecond} a second in ${this.#location}` });
      }
      if (pace.until <= Date.now())
        Object.assign(pace, { until: Date.now() + (1_000 * burst) / perSecond, left: burst });
      pace.left--;
    } finally {
      this.#isPacing = false;
    }
  }
}
