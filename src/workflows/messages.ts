import type { UpdateDefinition } from '@temporalio/common';
import {
  defineQuery,
  defineSignal,
  defineUpdate,
  type QueryDefinition,
  type SignalDefinition,
} from '@temporalio/workflow';
import type { BackupPhase } from '../api/backup.ts';
import type { Concurrency } from '../api/concurrency.ts';
import type { ConformanceStatus } from '../api/conformance.ts';
import type { RestorePhase } from '../api/restore.ts';
import type { GroupResource } from '../api/unstructured.ts';

/** What a run is doing and how far it has come: the answer of the query `status`. Members are only ever added. */
export interface RunStatus {
  readonly kind: 'Backup' | 'Restore' | 'Deletion';
  readonly name: string;
  readonly uid: string;
  /** The schedule that it belongs to; absent if there is none, or until it is known. */
  readonly schedule?: string;
  /** A restore that changes nothing. */
  readonly dryRun?: true;
  readonly phase: BackupPhase | RestorePhase | 'Cancelled';
  /** What happens now, for people: `collecting items`, `sealing`. */
  readonly step: string;
  /** Since when nothing new is begun, because of the update `pause`, in RFC 3339; absent while the run goes on. */
  readonly pausedSince?: string;
  /**
   * How much is worked on at the same time; `volumes` only where the update `setConcurrency` has set it, for else each location has
   * its own. Absent until the run has been prepared, and of a deletion.
   */
  readonly concurrency?: Partial<Concurrency>;
  readonly progress: {
    /** Items known of so far. */
    readonly totalItems: number;
    /** What the API server's lists promised at the beginning, more or less; 0 if they could not tell. Absent until asked. */
    readonly expectedItems?: number;
    /** Whether `totalItems` may still change. */
    readonly totalIsEstimate: boolean;
    /** Items that are in the archive, restored, or settled otherwise. */
    readonly doneItems: number;
    readonly resources: Readonly<Record<GroupResource, ResourceProgress>>;
  };
  readonly volumes: { readonly attempted: number; readonly completed: number; readonly failed: number };
  /** Hooks that were due, and those of them that failed; absent until one is. */
  readonly hooks?: { readonly attempted: number; readonly failed: number };
  readonly warnings: number;
  readonly errors: number;
  /** What people should look at themselves; each counts as a warning. Absent if there is nothing, and never more than 50. */
  readonly remarks?: readonly string[];
  /** RFC 3339, UTC. */
  readonly startTimestamp: string;
  /** Where the plan of a dry run lies, from when it is complete until it has been taken. */
  readonly plan?: { readonly location: string; readonly key: string; readonly sha256: string };
}

/** How far the items of one group-resource are. */
export interface ResourceProgress {
  readonly totalItems: number;
  readonly doneItems: number;
}

/** What `backup`, `restore` and `deleteBackup` return when they end `Completed` or `PartiallyFailed`. */
export interface RunResult {
  readonly name: string;
  readonly uid: string;
  readonly phase: BackupPhase | RestorePhase;
  readonly items: number;
  readonly warnings: number;
  readonly errors: number;
  readonly volumes: { readonly attempted: number; readonly completed: number; readonly failed: number };
  /** What people should look at themselves; absent if there is nothing. */
  readonly remarks?: readonly string[];
  /** Size of the tarball; absent for a deletion. */
  readonly bytes?: number;
  readonly seconds: number;
}

/** Asks a run for its `RunStatus`. Name `status`; answered while it runs and, where a worker lives, after it ended. */
export const statusQuery: QueryDefinition<RunStatus> = defineQuery<RunStatus>('status');

/** What a run answers to the updates that steer it. */
export type Steered = Pick<RunStatus, 'pausedSince' | 'concurrency'>;

/**
 * Has a backup or a restore begin nothing new until it is resumed. Name `pause`; what is under way ends, a cancellation works as ever.
 * May be repeated. Refused with `Unsupported` by a run whose last step has begun.
 */
export const pauseUpdate: UpdateDefinition<Steered> = defineUpdate<Steered>('pause');

/** Has a paused run go on. Name `resume`; may be repeated. */
export const resumeUpdate: UpdateDefinition<Steered> = defineUpdate<Steered>('resume');

/**
 * Changes how much a backup or a restore works on at the same time, from then on. Name `setConcurrency`; may be repeated. Refused
 * with `InvalidSpec` and all problems as details, and with `Unsupported` by a run whose last step has begun.
 */
export const setConcurrencyUpdate: UpdateDefinition<Steered, [Partial<Concurrency>]> = defineUpdate<
  Steered,
  [Partial<Concurrency>]
>('setConcurrency');

/** The same of the checks of a storage location. */
export const conformanceStatusQuery: QueryDefinition<ConformanceStatus> = defineQuery<ConformanceStatus>('status');

/** Tells a dry run that its plan has been read. Name `planTaken`; the run then removes the plan, and ends. */
export const planTakenSignal: SignalDefinition = defineSignal('planTaken');

/** What the messages do, for Temporal's UI and `temporal workflow metadata`. */
export const statusQueryDescription = 'What this run is doing, and how far it has come, as JSON';

/** The same of the updates. */
export const updateDescriptions = {
  pause: 'Begins nothing new until resumed; what is under way ends, and what is frozen is thawed',
  resume: 'Goes on with a paused run',
  setConcurrency:
    'How much to work on at the same time from now on, such as {"batches": 4, "volumes": 10}, or one of the two',
} as const;
