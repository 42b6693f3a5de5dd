import type { Client } from '@temporalio/client';
import type { Info } from '@temporalio/activity';

/** One execution of an activity in a run: the nth of its type, counted over the run and its children. */
export interface Boundary {
  /** Such as `backup` or `snapshotVolume`. */
  readonly workflowType: string;
  readonly activityType: string;
  /** From 1. */
  readonly nth: number;
}

/** A boundary in words. */
export function boundaryText({ workflowType, activityType, nth }: Boundary): string {
  return `${activityType}${nth === 1 ? '' : ` ${nth}`} of ${workflowType}`;
}

/** Whether an activity that has begun is of the boundary's type. */
export function isOfType({ workflowType, activityType }: Boundary, info: Info): boolean {
  return info.workflowType === workflowType && info.activityType === activityType;
}

/** Every activity that a run and its children have executed, in the order of their histories. */
export async function boundariesOf(client: Client, workflowId: string): Promise<Boundary[]> {
  const counts = new Map<string, number>();
  const found: Boundary[] = [];
  const pending = [workflowId];
  for (let id = pending.shift(); id !== undefined; id = pending.shift()) {
    const { events } = await client.workflow.getHandle(id).fetchHistory();
    const workflowType = events?.[0]?.workflowExecutionStartedEventAttributes?.workflowType?.name ?? '';
    for (const event of events ?? []) {
      const child = event.childWorkflowExecutionStartedEventAttributes?.workflowExecution?.workflowId;
      if (child) pending.push(child);
      const activityType = event.activityTaskScheduledEventAttributes?.activityType?.name;
      if (!activityType) continue;
      const nth = (counts.get(`${workflowType} ${activityType}`) ?? 0) + 1;
      counts.set(`${workflowType} ${activityType}`, nth);
      found.push({ workflowType, activityType, nth });
    }
  }
  return found;
}
