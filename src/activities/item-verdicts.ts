import type { ResourceIdentifier, Unstructured } from '../api/unstructured.ts';
import type { BackupPlan, RestorePlan } from './plan.ts';
import type { Report } from './report.ts';

/** An item whose way ends at an action. */
export interface EndedItem {
  readonly action: string;
  readonly identifier: ResourceIdentifier;
  readonly item: Unstructured;
}

/** Where to tell of it: the plan says whether it is a run's log, or the plan of a dry run. */
export interface Telling {
  readonly report: Report;
  readonly plan: BackupPlan | RestorePlan;
}

/** Tells that an action failed at an item, which is left out. */
export function tellFailed({ report, plan }: Telling, { action, identifier, item }: EndedItem, error: string): void {
  if (isDryRun(plan)) report.change({ ...identifier, action: 'refused', reason: `${action}: ${error}` });
  else report.error(`Error executing item action ${action}`, identifier, error);
  if ('restore' in plan) report.item(identifier.groupResource, item, 'failed');
}

/** Tells that an action wants an item left out. */
export function tellStopped({ report, plan }: Telling, { action, identifier }: EndedItem): void {
  const reason = `${action} says so`;
  if (isDryRun(plan)) report.change({ ...identifier, action: 'skip', reason });
  else report.info(`Skipping item: ${reason}`, identifier);
}

function isDryRun(plan: BackupPlan | RestorePlan): boolean {
  return 'dryRun' in plan && plan.dryRun === true;
}
