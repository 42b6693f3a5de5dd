import { condition, setHandler } from '@temporalio/workflow';
import { steps } from './activity-options.ts';
import { deleteStaging } from './artifacts.ts';
import { planTakenSignal } from './messages.ts';
import type { RestoreRun } from './restore.ts';

/** How long a plan waits for its reader. */
const takenWithin = '10 minutes';

/**
 * Ends a dry run: joins what has been planned into one file in staging, tells where it lies, and waits until it has been read, or
 * until nobody does. Then nothing is left.
 */
export async function handOverPlan(restore: RestoreRun): Promise<void> {
  const { progress, planned, state, steering } = restore;
  let isTaken = false;
  setHandler(planTakenSignal, () => {
    isTaken = true;
  });
  progress.step('writing the plan');
  if (steering.isPaused) await steering.resumed();
  steering.close();
  const { key, sha256 } = await steps.collectPlan.executeWithOptions({ summary: `${state.reports.length} reports` }, [
    { ...planned, step: restore.nextStep('changes'), reports: state.reports },
  ]);
  progress.step('the plan is ready to be read');
  progress.plan({ location: planned.run.staging, key, sha256 });
  await condition(() => isTaken, takenWithin);
  await deleteStaging(planned.run);
  progress.planRemoved();
  progress.phase(progress.status.errors > 0 ? 'PartiallyFailed' : 'Completed');
}
