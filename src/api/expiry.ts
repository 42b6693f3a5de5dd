import type { ErrorCode } from './errors.ts';

/** What the workflow `expireBackups` returns. */
export interface ExpiredBackups {
  /** In the order of the worker's configuration. */
  readonly locations: readonly ExpiredLocation[];
}

/** What has been done about one storage location. Numbers, and a few names: it enters a history. */
export interface ExpiredLocation {
  readonly name: string;
  /** `ReadOnly` where nothing is ever removed, `Failed` where not all could be looked at. */
  readonly phase: 'Done' | 'ReadOnly' | 'Failed';
  /** Finished backups that it holds. */
  readonly backups: number;
  /** Those whose deletion has been started. */
  readonly deleting: readonly string[];
  /** How many are due, and have to wait for the next pass. */
  readonly more: number;
  /** How many are due and stay, each being the last good one of its schedule. */
  readonly lastGood: number;
  /** What was removed of runs that had been cut off. */
  readonly swept: {
    readonly runs: number;
    readonly snapshots: number;
    readonly volumes: number;
    readonly files: number;
    readonly uploads: number;
  };
  /** What people should look at; at most 20. */
  readonly remarks: readonly string[];
  /** Why it is `Failed`. */
  readonly message?: string;
  readonly code?: ErrorCode;
}
