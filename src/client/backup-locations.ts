import type { Config } from '../api/config.ts';
import type { ConformanceResult, ConformanceStatus } from '../api/conformance.ts';
import { BowlineError } from '../api/errors.ts';
import type { BackupStorageLocation, LocationStatus, ValidatedLocations } from '../api/locations.ts';
import type { RunHandle } from './run-handle.ts';
import type { Temporal } from './temporal.ts';

/** A storage location, and what is known of it. */
export interface BackupLocationEntry {
  readonly name: string;
  /** As this program's configuration has it. */
  readonly location: BackupStorageLocation;
  /** What a worker found when it last looked. Absent if none has, or Temporal has forgotten it. */
  readonly status?: LocationStatus;
}

/** The checks of a storage location, under way. */
export type ConformanceRun = RunHandle<ConformanceStatus, ConformanceResult>;

/** Storage locations: those of the configuration, with what workers find when they look. */
export class BackupLocations {
  readonly #locations: Config['backupStorageLocations'];
  readonly #temporal: Temporal;

  constructor({ backupStorageLocations }: Config, { temporal }: { readonly temporal: Temporal }) {
    this.#locations = backupStorageLocations;
    this.#temporal = temporal;
  }

  /** All that are configured, without what is known of them: nobody is asked. */
  configured(): BackupLocationEntry[] {
    return this.#locations.map((location) => ({ name: location.name, location }));
  }

  /** All that are configured, with what the last validation found. Rejects with `Unavailable` if Temporal does not answer. */
  async list(): Promise<BackupLocationEntry[]> {
    return this.#withStatus(await this.#temporal.validatedLocations());
  }

  /** Has a worker look at all of them now. Rejects with `Unavailable` if none does within two minutes. */
  async validate(): Promise<BackupLocationEntry[]> {
    return this.#withStatus(await this.#temporal.validateLocations());
  }

  /**
   * Starts the checks of one: whether its bucket keeps every promise that backups rely on. They write below a scratch folder of the
   * location and remove it at the end, also when they are cancelled; a `ReadOnly` location is only read. Rejects with `NotFound`,
   * and with `AlreadyExists` while it is being checked.
   */
  async checkConformance(name: string): Promise<ConformanceRun> {
    if (!this.#locations.some((location) => location.name === name)) throw notFound(name, this.#locations);
    return this.#temporal.start({
      kind: 'check-conformance',
      request: { name },
      summary: `check ${name}`,
      details: `**${name}**`,
    });
  }

  #withStatus(validated: ValidatedLocations | undefined): BackupLocationEntry[] {
    return this.configured().map((entry) => {
      const found = validated?.locations.find(({ name }) => name === entry.name);
      if (found === undefined) return entry;
      const { name: _, ...status } = found;
      return { ...entry, status };
    });
  }
}

function notFound(name: string, locations: Config['backupStorageLocations']): BowlineError {
  const known = locations.map((location) => location.name).join(', ') || 'none';
  return new BowlineError('NotFound', `backup location ${name}: not configured; known are ${known}`);
}
