import { defineQuery, defineSignal, type QueryDefinition, type SignalDefinition } from '@temporalio/workflow';
import type { BackupPhase } from '../api/backup.ts';
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

/** The same of the checks of a storage location. */
export const conformanceStatusQuery: QueryDefinition<ConformanceStatus> = defineQuery<ConformanceStatus>('status');

/** Tells a dry run that its plan has been read. Name `planTaken`; the run then removes the plan, and ends. */
export const planTakenSignal: SignalDefinition = defineSignal('planTaken');

/** Query names and what they answer, for `temporal workflow metadata`. */
export const statusQueryDescription = 'What this run is doing, and how far it has come, as JSON';
