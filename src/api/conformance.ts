/** How one check of a contract went. */
export interface CheckOutcome {
  /** What has to hold. */
  readonly title: string;
  /** `skipped`: not tried, since an earlier one had shown that there is no use. */
  readonly outcome: 'passed' | 'failed' | 'skipped';
  /** What was expected and what came, or why it was skipped. Absent for `passed`. */
  readonly message?: string;
}

/** How far the checks of a storage location have come: the answer of the query `status`. Members are only ever added. */
export interface ConformanceStatus {
  readonly kind: 'Conformance';
  /** The storage location's. */
  readonly name: string;
  readonly phase: 'New' | 'InProgress' | 'Completed' | 'Failed' | 'Cancelled';
  /** The check at hand, for people. */
  readonly step: string;
  /** How many there will be. 0 until that is known. */
  readonly total: number;
  /** Those that are done, in order. */
  readonly checks: readonly CheckOutcome[];
}

/** What the workflow `checkConformance` returns. */
export interface ConformanceResult {
  readonly name: string;
  /** What was checked: `s3://backups/east/plugins/bowline-validate-…`, or a location that was only read. */
  readonly url: string;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly checks: readonly CheckOutcome[];
}
