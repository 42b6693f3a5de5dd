import type { Config } from '../api/config.ts';
import { BackupLocations } from './backup-locations.ts';
import { Backups } from './backups.ts';
import { Restores } from './restores.ts';
import { Schedules } from './schedules.ts';
import { setUp, standingSchedules, type SetupOutcome, type StandingSchedule } from './setup.ts';
import { loadTracing } from '../tracing/load-tracing.ts';
import { Stores } from './stores.ts';
import { Temporal, type TemporalExamination } from './temporal.ts';

/** Backups, restores and storage locations of one configuration. May be used concurrently, for as long as the process lives. */
export interface BowlineClient {
  readonly backups: Backups;
  readonly restores: Restores;
  readonly backupLocations: BackupLocations;
  readonly schedules: Schedules;
  /**
   * Makes what all else relies on in Temporal: search attributes, and the schedules of `expireBackups` and `validateLocations`. What is there
   * stays as it is. Safe to repeat. Rejects with `Unavailable`.
   */
  setUp(): Promise<SetupOutcome>;
  /** How the schedules are that `setUp` makes: active, paused or missing. Changes nothing. Rejects with `Unavailable`. */
  standingSchedules(): Promise<StandingSchedule[]>;
  /** What Temporal says of what runs need there. Starts nothing. Rejects with `Unavailable`, or `NotFound` for the namespace. */
  examineTemporal(): Promise<TemporalExamination>;
  /** Ends the connection to Temporal. Runs go on. */
  close(): Promise<void>;
}

/**
 * A client for what the configuration names. Nothing is sent yet: Temporal and each store are connected to on first use, so that
 * finished backups can be read where Temporal is out of reach.
 */
export async function connect(config: Config): Promise<BowlineClient> {
  const temporal = new Temporal(config.temporal, await loadTracing(config));
  const parts = { stores: new Stores(config), temporal };
  return {
    backups: new Backups(config, parts),
    restores: new Restores(config, parts),
    backupLocations: new BackupLocations(config, parts),
    schedules: new Schedules(config, parts),
    setUp: () => setUp(temporal, config.temporal),
    standingSchedules: () => standingSchedules(temporal, config.temporal),
    examineTemporal: () => temporal.examine(),
    close: () => temporal.close(),
  };
}
