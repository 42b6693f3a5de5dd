/** Warnings or errors of a run: Velero's own, the cluster-scoped items', and each namespace's. Empty members are left out. */
export interface Result {
  readonly velero?: readonly string[];
  readonly cluster?: readonly string[];
  readonly namespaces?: Readonly<Record<string, readonly string[]>>;
}

/** What a `-results.gz` file holds. */
export interface Results {
  readonly errors: Result;
  readonly warnings: Result;
}
