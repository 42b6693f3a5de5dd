/** The name under which a run's memo holds a `RunMemo`. */
export const runMemoKey = 'bowline';

/**
 * What Temporal's lists tell of a run, running or ended: its counts outlive its history's cache, and need no search attributes. The
 * last one that a run sets holds its phase and counts at the end.
 */
export interface RunMemo {
  /** The schedule that the run belongs to; `''` if it belongs to none. */
  readonly schedule: string;
  readonly phase: string;
  /** When the run began, the Temporal runs before this one included. RFC 3339. */
  readonly startTimestamp: string;
  readonly items: number;
  readonly warnings: number;
  readonly errors: number;
  readonly volumes: { readonly attempted: number; readonly completed: number };
  /** A dry run changes nothing, and counts as no restore. */
  readonly dryRun?: true;
}

/** A schedule's name, as far as the value can be one; `''` for anything else. */
export function scheduleNameOf(value: unknown): string {
  return typeof value === 'string' && /^[\w.-]{1,253}$/.test(value) ? value : '';
}
