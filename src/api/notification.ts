/** Kinds of runs whose ends can be told of, as `RunStatus` names them. */
export const notifiedKinds = ['Backup', 'Restore', 'Deletion'] as const;
/** Phases in which a run can end. */
export const notifiedPhases = ['Completed', 'PartiallyFailed', 'Failed', 'FailedValidation', 'Cancelled'] as const;

/** A receiver of notifications, and what it is told of. */
export interface NotificationTarget {
  /** By which histories and logs know it: what it is sent to stays out of both. Unique. */
  readonly name: string;
  /** `json` is a `RunNotification`; `slack` is a text that Slack, Mattermost and Rocket.Chat show. Default `json`. */
  readonly format: 'json' | 'slack';
  /** Where to POST to. May be a secret. */
  readonly url?: string;
  /** A file that holds the URL, read anew for each notification. */
  readonly urlFile?: string;
  /** The variable that was to hold the URL and is not set: for a worker's complaint. */
  readonly unsetVariable?: string;
  /** Default all. */
  readonly kinds: readonly (typeof notifiedKinds)[number][];
  /** Default all. */
  readonly phases: readonly (typeof notifiedPhases)[number][];
}

/** What a receiver is told when a run has ended. Members are only ever added. */
export interface RunNotification {
  readonly version: 1;
  /** The same each time that this is sent: `Backup/<uid>/<phase>`. A receiver that has seen it may drop the double. */
  readonly id: string;
  readonly kind: (typeof notifiedKinds)[number];
  readonly name: string;
  readonly uid: string;
  readonly phase: (typeof notifiedPhases)[number];
  /** Absent if the run belongs to none. */
  readonly schedule?: string;
  /** The storage location; absent if the run ended before it chose one. */
  readonly location?: string;
  readonly items: number;
  readonly warnings: number;
  readonly errors: number;
  readonly volumes: { readonly attempted: number; readonly completed: number; readonly failed: number };
  /** RFC 3339, UTC. */
  readonly startTimestamp: string;
  /** RFC 3339, UTC. */
  readonly endTimestamp: string;
  /** Why it failed; absent if it did not. */
  readonly failureReason?: string;
}
