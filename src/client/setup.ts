import type { ScheduleOptions } from '@temporalio/client';
import type { Config } from '../api/config.ts';
import { errorCode } from '../api/errors.ts';
import { registerSearchAttributes } from '../search-attributes.ts';
import { temporalError } from './temporal-error.ts';
import type { Temporal } from './temporal.ts';

/** What a Bowline needs in Temporal before it can do all that it does, and whether that was there already. */
export interface SetupOutcome {
  /** Whether runs can be searched for; without the right to register what that needs, they can't. */
  readonly searchAttributes: boolean;
  readonly schedules: readonly { readonly id: string; readonly isNew: boolean }[];
}

/** Workflows that have to run now and then: the times, and what Temporal shows of them. */
const standing = [
  {
    workflow: 'expireBackups',
    id: 'expire-backups',
    cron: '0 * * * *',
    summary: 'deletes expired backups, sweeps what cut-off runs left',
  },
  {
    workflow: 'validateLocations',
    id: 'validate-locations',
    cron: '*/15 * * * *',
    summary: 'looks at all storage locations',
  },
] as const;

/**
 * Registers the search attributes, and makes the schedules `expire-backups`, hourly, and `validate-locations`, every quarter of an hour. What is there
 * stays as it is: paused, or at other times. Safe to repeat.
 */
export async function setUp(
  temporal: Temporal,
  { idPrefix, taskQueue, namespace }: Config['temporal'],
): Promise<SetupOutcome> {
  const { schedule, connection } = await temporal.client();
  const searchAttributes = await registerSearchAttributes(
    connection as Parameters<typeof registerSearchAttributes>[0],
    namespace,
  );
  const schedules: { id: string; isNew: boolean }[] = [];
  for (const { workflow, id: name, cron, summary } of standing) {
    const id = `${idPrefix}${name}`;
    const options: ScheduleOptions = {
      scheduleId: id,
      spec: { cronExpressions: [`${cron} # ${cron}`] },
      action: {
        type: 'startWorkflow',
        workflowType: workflow,
        workflowId: id,
        taskQueue,
        args: [],
        staticSummary: summary,
      },
      // The next one comes soon, and does what this one would have done.
      policies: { overlap: 'SKIP', catchupWindow: '5 minutes' },
    };
    try {
      await schedule.create(options);
      schedules.push({ id, isNew: true });
    } catch (error) {
      if ((error as Error).name !== 'ScheduleAlreadyRunning') throw temporalError(`create schedule ${id}`, error);
      schedules.push({ id, isNew: false });
    }
  }
  return { searchAttributes, schedules };
}

/** A schedule that `setUp` makes, as it is now. */
export interface StandingSchedule {
  /** Its id in Temporal. */
  readonly id: string;
  /** What it does, in a few words. */
  readonly summary: string;
  readonly state: 'active' | 'paused' | 'missing';
  /** What was said when it was paused, or let go on. */
  readonly note?: string;
}

/** How the schedules are that `setUp` makes. Changes nothing. Rejects with `Unavailable`, or `AccessDenied`. */
export async function standingSchedules(
  temporal: Pick<Temporal, 'client'>,
  { idPrefix }: Pick<Config['temporal'], 'idPrefix'>,
): Promise<StandingSchedule[]> {
  const { schedule } = await temporal.client();
  return Promise.all(
    standing.map(async ({ id: name, summary }): Promise<StandingSchedule> => {
      const id = `${idPrefix}${name}`;
      try {
        const { state } = await schedule.getHandle(id).describe();
        return { id, summary, state: state.paused ? 'paused' : 'active', ...(state.note && { note: state.note }) };
      } catch (error) {
        const ours = temporalError(`get schedule ${id}`, error);
        if (errorCode(ours) !== 'NotFound') throw ours;
        return { id, summary, state: 'missing' };
      }
    }),
  );
}
