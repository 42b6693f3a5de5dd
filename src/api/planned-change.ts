import type { ResourceIdentifier } from './unstructured.ts';

/** What a restore would do with one item: a line of a dry run's plan. */
export interface PlannedChange extends ResourceIdentifier {
  /**
   * `create`; `update` of one that exists; `skip` of one that is equal, or that is never restored; `conflict` with one that differs and
   * stays as it is; `refused`, by the API server or one of its webhooks, or since the item can't be prepared.
   */
  readonly action: 'create' | 'update' | 'skip' | 'conflict' | 'refused';
  /** Of an update and a conflict: the fields that differ, such as `spec.replicas`. */
  readonly fields?: readonly string[];
  /** The webhook that refused it. */
  readonly webhook?: string;
  readonly reason?: string;
}

/** What a dry run has to tell beside its changes: a warning or an error of a step. */
export interface PlanComplaint {
  readonly level: 'warning' | 'error';
  readonly message: string;
  readonly item?: ResourceIdentifier;
  /** What came back, in the server's own words. */
  readonly error?: string;
}

/** A line of the file that a dry run leaves until it has been read. */
export type PlanLine = { readonly change: PlannedChange } | { readonly complaint: PlanComplaint };
