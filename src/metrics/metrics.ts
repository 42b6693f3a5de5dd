import type { Config } from '../api/config.ts';
import type { ObjectStore } from '../plugins/object-store.ts';
import type { CountedRuns } from './counted-runs.ts';
import type { Facts, Origin } from './derived-family.ts';
import { expositionOf } from './exposition.ts';
import { families } from './families.ts';
import { LocationReader, type LocationRecords } from './location-records.ts';
import { Refreshed } from './refreshed.ts';

/** What metrics are read from. */
export interface MetricsSources {
  readonly locations: Config['backupStorageLocations'];
  readonly openStore: (location: string) => Promise<ObjectStore>;
  readonly listRuns: (now: Date) => Promise<CountedRuns>;
  readonly now: () => Date;
  readonly warn: (message: string) => void;
  /** How long an answer waits for a reading before it tells what was read before. Default 8 s: Prometheus waits 10. */
  readonly patienceMs?: number;
}

const everyMs = 30_000;
const usualPatienceMs = 8_000;

/**
 * Velero's metrics and our own, as Temporal's lists and the storage locations tell them: nothing is counted by the process, so that
 * they are the same on each worker, and after its restart. Each source is read when somebody asks, twice a minute at the most.
 */
export class Metrics {
  readonly #runs: Refreshed<CountedRuns>;
  readonly #locations: readonly Refreshed<LocationRecords>[];
  readonly #patienceMs: number;

  constructor({ locations, openStore, listRuns, now, warn, patienceMs = usualPatienceMs }: MetricsSources) {
    this.#patienceMs = patienceMs;
    this.#runs = new Refreshed({ source: 'temporal', read: listRuns, now, everyMs, warn });
    this.#locations = locations.map(({ name }) => {
      const reader = new LocationReader(name, () => openStore(name));
      const read = (at: Date) => reader.read(at, this.#writtenAt());
      return new Refreshed({ source: `location/${name}`, read, now, everyMs, warn });
    });
  }

  /**
   * In Prometheus' text format. What a source that can't be read told before is told again, and `bowline_metrics_source_up` says so;
   * families of one that could never be read are left out. Never rejects.
   */
  async text(): Promise<string> {
    const { promise: isLate, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, this.#patienceMs);
    await Promise.race([this.#refresh(), isLate]);
    clearTimeout(timer);
    return this.#render();
  }

  /** The runs first: they tell which records may have changed. */
  async #refresh(): Promise<void> {
    await this.#runs.refresh();
    await Promise.all(this.#locations.map((location) => location.refresh()));
  }

  #render(): string {
    const runs = this.#runs.value;
    const records = this.#locations.flatMap(({ value }) => value ?? []);
    const hasRecords = records.length === this.#locations.length;
    const isKnown: Readonly<Record<Origin, boolean>> = {
      runs: runs !== undefined,
      records: hasRecords,
      'records and runs': runs !== undefined && hasRecords,
      'this worker': true,
    };
    const facts: Facts = {
      runs: runs ?? { since: 0, runs: [] },
      records,
      sources: [this.#runs, ...this.#locations].map(({ state }) => state),
    };
    const shown = families.filter(({ origin }) => isKnown[origin]);
    return expositionOf(shown.map((family) => [family, family.samples(facts)]));
  }

  /** When a run that may have written or deleted a backup last ended, by the backup's name. */
  #writtenAt(): ReadonlyMap<string, number> {
    const ends = new Map<string, number>();
    for (const { kind, name, endedAt = 0 } of this.#runs.value?.runs ?? [])
      if (kind !== 'restore') ends.set(name, Math.max(ends.get(name) ?? 0, endedAt));
    return ends;
  }
}
