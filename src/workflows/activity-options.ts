import { proxyActivities, type ActivityOptions } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';

/**
 * What holds for every activity: a lost worker is noticed after 10 s; attempts are never counted, since crashes and drains use
 * them up too; and a cancelled activity is waited for, so that cleaning up never races with it (unset, the SDK does not wait).
 */
const common = {
  heartbeatTimeout: '10 seconds',
  cancellationType: 'WAIT_CANCELLATION_COMPLETED',
  retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '30 seconds' },
} as const satisfies ActivityOptions;

/** Steps over items: minutes at the most, an hour with everything that may go wrong. */
export const steps: ReturnType<typeof proxyActivities<Activities>> = proxyActivities<Activities>({
  ...common,
  startToCloseTimeout: '30 minutes',
  scheduleToCloseTimeout: '1 hour',
});

/** What people like to know and no run depends on. */
export const estimates: ReturnType<typeof proxyActivities<Activities>> = proxyActivities<Activities>({
  ...common,
  startToCloseTimeout: '1 minute',
  scheduleToCloseTimeout: '1 minute',
});

/** A look at a storage location: somebody is waiting for it. */
export const looks: ReturnType<typeof proxyActivities<Activities>> = proxyActivities<Activities>({
  ...common,
  startToCloseTimeout: '30 seconds',
  scheduleToCloseTimeout: '1 minute',
});

/** Passes over all that a storage location holds. The next one comes within the hour. */
export const passes: ReturnType<typeof proxyActivities<Activities>> = proxyActivities<Activities>({
  ...common,
  startToCloseTimeout: '20 minutes',
  scheduleToCloseTimeout: '30 minutes',
});

/** Checks of a storage location, the longest of which move some 12 MB a few times. */
export const checks: ReturnType<typeof proxyActivities<Activities>> = proxyActivities<Activities>({
  ...common,
  startToCloseTimeout: '5 minutes',
  scheduleToCloseTimeout: '10 minutes',
});

/** The tarball, which is as long as the backup, and blocking volume copies. */
export const transfers: ReturnType<typeof proxyActivities<Activities>> = proxyActivities<Activities>({
  ...common,
  startToCloseTimeout: '24 hours',
  scheduleToCloseTimeout: '24 hours',
});

/** Waits, asked once per attempt: the activity names the delay of the next one. */
export const waits: ReturnType<typeof proxyActivities<Activities>> = proxyActivities<Activities>({
  ...common,
  startToCloseTimeout: '1 minute',
  scheduleToCloseTimeout: '24 hours',
  retry: { initialInterval: '1 second', backoffCoefficient: 1.5, maximumInterval: '30 seconds' },
});

/**
 * Commands in pods, each with a limit of its own, to which callers add a minute. A frozen application waits for its hook: late is
 * better than never.
 */
export const hooks: ReturnType<typeof proxyActivities<Activities>> = proxyActivities<Activities>({
  ...common,
  startToCloseTimeout: '24 hours',
  scheduleToCloseTimeout: '24 hours',
});

/** Who is told of a run's end: the run waits no longer for somebody who does not listen. */
export const notices: ReturnType<typeof proxyActivities<Activities>> = proxyActivities<Activities>({
  ...common,
  startToCloseTimeout: '15 seconds',
  scheduleToCloseTimeout: '2 minutes',
});

/** What a run does on its way out. It may not hang there for long. */
export const cleanup: ReturnType<typeof proxyActivities<Activities>> = proxyActivities<Activities>({
  ...common,
  startToCloseTimeout: '5 minutes',
  scheduleToCloseTimeout: '10 minutes',
});
