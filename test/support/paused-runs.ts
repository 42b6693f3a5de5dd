import type { Activities } from '../../src/activities/index.ts';
import { StubActivities, until } from './stub-activities.ts';
import type { History, StartedRun } from './workflow-runner.ts';

/** An activity whose first call is held back. */
interface HeldCall {
  readonly name: keyof Activities;
  readonly released: Promise<void>;
}

/** What activities do that is out of the ordinary, one of them besides ending its first call only once `released` has come. */
export function held(overrides: Partial<Activities>, { name, released }: HeldCall): Partial<Activities> {
  const usual = new StubActivities(overrides).activities[name] as (input: unknown) => Promise<unknown>;
  let calls = 0;
  async function hold(input: unknown): Promise<unknown> {
    if (calls++ === 0) await until(released);
    return usual(input);
  }
  return { ...overrides, [name]: hold };
}

/** The same as stubs. */
export function holding(overrides: Partial<Activities>, how: HeldCall): StubActivities {
  return new StubActivities(held(overrides, how));
}

/** Waits until a run does nothing, or has ended: no child or task of its own is under way, and no more activities than are held. */
export async function quiet(started: StartedRun, stillHeld = 0): Promise<void> {
  for (;;) {
    const { status, raw } = await started.describe();
    const { pendingActivities, pendingChildren, pendingWorkflowTask } = raw;
    const underWay = (pendingActivities?.length ?? 0) + (pendingChildren?.length ?? 0);
    if (status.name !== 'RUNNING' || (underWay <= stillHeld && !pendingWorkflowTask)) return;
  }
}

/** The activities and children that the histories of a run began while it was paused, in order. */
export function begunWhilePaused(histories: readonly History[]): string[] {
  let isPaused = false;
  const begun: string[] = [];
  for (const event of histories.flatMap(({ events }) => events ?? [])) {
    const update = event.workflowExecutionUpdateAcceptedEventAttributes?.acceptedRequest?.input?.name;
    if (update === 'pause' || update === 'resume') isPaused = update === 'pause';
    const activity = event.activityTaskScheduledEventAttributes?.activityType?.name;
    const child = event.startChildWorkflowExecutionInitiatedEventAttributes?.workflowType?.name;
    if (isPaused && (activity ?? child)) begun.push((activity ?? child)!);
  }
  return begun;
}
