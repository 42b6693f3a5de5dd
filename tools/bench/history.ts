import type { Client } from '@temporalio/client';

/** What a workflow left in Temporal, with its continuations and its children. */
export interface HistorySize {
  events: number;
  bytes: number;
  /** Events of the longest of its histories: Temporal ends a run at 51,200. */
  longest: number;
  readonly activities: Map<string, ActivityTimes>;
  /** How long each activity took, from the moment when it was scheduled, in milliseconds. */
  readonly stepMs: number[];
}

/** How often an activity ran, and when. */
export interface ActivityTimes {
  count: number;
  /** How long its last attempts took together. */
  seconds: number;
  /** When the first one was scheduled and the last one ended, in milliseconds since 1970. */
  from: number;
  to: number;
}

interface RunId {
  readonly workflowId: string;
  readonly runId: string;
}

/** A workflow's, as the client fetches it. */
export type History = Awaited<ReturnType<ReturnType<Client['workflow']['getHandle']>['fetchHistory']>>;
type HistoryEvent = NonNullable<History['events']>[number];

/** Reads the histories of a workflow that has ended. */
export async function measureHistory(client: Client, first: RunId): Promise<HistorySize> {
  const total: HistorySize = { events: 0, bytes: 0, longest: 0, activities: new Map(), stepMs: [] };
  const pending = [first];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { workflowId, runId } = next;
    const handle = client.workflow.getHandle(workflowId, runId);
    const { historyLength, historySize = 0 } = await handle.describe();
    total.events += historyLength;
    total.bytes += historySize;
    total.longest = Math.max(total.longest, historyLength);
    const events = (await handle.fetchHistory()).events ?? [];
    countActivities(total, events);
    pending.push(...events.flatMap((event) => followedBy(event, workflowId)));
  }
  return total;
}

/** The runs that an event tells of: a child, or the next run of the same workflow. */
function followedBy(event: HistoryEvent, workflowId: string): RunId[] {
  const child = event.childWorkflowExecutionStartedEventAttributes?.workflowExecution;
  if (child?.workflowId && child.runId) return [{ workflowId: child.workflowId, runId: child.runId }];
  const next = event.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId;
  return next ? [{ workflowId, runId: next }] : [];
}

function countActivities({ activities, stepMs }: HistorySize, events: readonly HistoryEvent[]): void {
  const byId = new Map(events.map((event) => [String(event.eventId), event]));
  for (const event of events) {
    const completed = event.activityTaskCompletedEventAttributes;
    if (!completed) continue;
    const scheduled = byId.get(String(completed.scheduledEventId));
    const name = scheduled?.activityTaskScheduledEventAttributes?.activityType?.name ?? '';
    const known = activities.get(name) ?? { count: 0, seconds: 0, from: Infinity, to: 0 };
    stepMs.push((secondsOf(event) - secondsOf(scheduled)) * 1_000);
    activities.set(name, {
      count: known.count + 1,
      seconds: known.seconds + secondsOf(event) - secondsOf(byId.get(String(completed.startedEventId))),
      from: Math.min(known.from, secondsOf(scheduled) * 1_000),
      to: Math.max(known.to, secondsOf(event) * 1_000),
    });
  }
}

/** When an event happened, in seconds since 1970. */
export function secondsOf(event: HistoryEvent | undefined): number {
  const { seconds, nanos } = event?.eventTime ?? {};
  return Number(seconds ?? 0) + (nanos ?? 0) / 1e9;
}
