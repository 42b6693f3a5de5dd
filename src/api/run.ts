import type { ResourceSelector } from './resource-selector.ts';
import type { GroupResource } from './unstructured.ts';

/** Which run an activity works for, and where its files lie. Part of every activity's input. */
export interface RunRef {
  readonly kind: 'backup' | 'restore' | 'deletion';
  readonly name: string;
  /** The workflow's first run id: stable over continue-as-new and retries, never used twice. */
  readonly uid: string;
  /** The storage location that holds the backup. */
  readonly location: string;
  /** The storage location that holds staging; the same one unless the configuration names another. */
  readonly staging: string;
}

/** A file in staging. Written once, by one attempt; every reader checks the digest. */
export interface StagedRef {
  readonly key: string;
  readonly sha256: string;
  readonly bytes: number;
}

/** A list of items that travel together, as gzipped JSON lines in staging. */
export interface BatchRef extends StagedRef {
  readonly items: number;
  readonly groupResources: readonly GroupResource[];
  /** Of a restore's batch that an action has changed: the one that holds its items as they are in the backup. */
  readonly origin?: StagedRef;
}

/** The part of the tarball made from one batch. */
export interface SegmentRef extends StagedRef {
  readonly items: number;
  /** Where the segment stands in the tarball: segments are joined in this order, whichever was made first. */
  readonly order: readonly number[];
}

/**
 * What one activity has to tell, as gzipped JSON lines in staging: log lines, warnings and errors, the keys of the items it
 * handled, additional items. Only the counts travel. With nothing to tell there is no file, and `types` is empty.
 */
export interface ReportRef extends StagedRef {
  /** The types of its lines: nobody reads a file for lines that it does not hold. */
  readonly types: readonly string[];
  readonly warnings: number;
  readonly errors: number;
  /** How many other items the lines ask for. */
  readonly additionalItems: number;
}

/** A step's place in the run: names its staged files, with the attempt. Never used twice in one Temporal run. */
export type Step = string;

/** An item action as a run uses it, with the resource names of its selector resolved against the cluster. */
export interface PlannedAction {
  readonly name: string;
  /**
   * The group-resources it can match, and globs of them; a name that the cluster did not serve is kept, for a restore may bring its
   * definition. Absent if its selector names none, so that it is asked for all.
   */
  readonly groupResources?: readonly string[];
  /** Those among them that it never matches. Default none. */
  readonly excludedGroupResources?: readonly string[];
  /** Absent if Bowline runs the action itself. */
  readonly worker?: PlannedWorker;
}

/** The Temporal worker that runs an action in Bowline's stead, and what of a batch goes there. */
export interface PlannedWorker {
  readonly taskQueue: string;
  /** How long until it takes a batch, in milliseconds. */
  readonly startTimeoutMs: number;
  /** How long one attempt at a batch may take, in milliseconds. */
  readonly timeoutMs: number;
  readonly transport: 'store' | 'payload';
  readonly appliesTo: ResourceSelector;
}

/** What a run may ask of one volume snapshot location. */
export interface SnapshotLimits {
  /** Snapshots, volumes or deletions begun at the same time. */
  readonly inFlight: number;
  /** How many are begun a second. Absent: as many as there are. */
  readonly perSecond?: number;
}

/** Sizes and limits of a run, read from the configuration by its first activity. */
export interface RunSettings {
  readonly batch: { readonly items: number; readonly bytes: number };
  /** Batches worked on at the same time, and volumes provisioned at the same time. */
  readonly concurrency: { readonly batches: number; readonly volumes: number };
  /** What may be asked of each volume snapshot location, by its name. */
  readonly snapshotLimits: Readonly<Record<string, SnapshotLimits>>;
  /** How long a provider may take for a snapshot or a volume. */
  readonly itemOperationTimeoutMs: number;
  /** Whether the search attributes are registered: an unknown one would hang the run. */
  readonly searchAttributes: boolean;
  /** Whether somebody may want to hear of the run's end; absent if nobody does. */
  readonly notifies?: true;
}
