import type { ScheduleDescription, ScheduleOptions } from '@temporalio/client';
import type { BackupSpec } from '../api/backup.ts';
import type { Config } from '../api/config.ts';
import { retentionProblems, type Retention } from '../api/retention.ts';
import { scheduledBackupId, scheduledBackupName, type ScheduledBackupRequest } from '../api/schedule.ts';
import { validateBackupSpec, validateName } from '../selection/spec-validation.ts';
import { cronText, readCron } from './cron.ts';
import { SpecError } from './spec-error.ts';
import { details } from './summary.ts';

/** What becomes of a backup that is due while one of the same schedule is running. The words are Temporal's. */
export type OverlapPolicy = 'SKIP' | 'BUFFER_ONE' | 'BUFFER_ALL' | 'CANCEL_OTHER' | 'TERMINATE_OTHER' | 'ALLOW_ALL';

/** What a schedule is to do. */
export interface ScheduleDefinition {
  /** A DNS subdomain, at most 238 characters: that of a backup has 15 more. */
  readonly name: string;
  /** `0 3 * * *`, `@daily`, `@every 6h`, with or without `CRON_TZ=Europe/Berlin ` before it. */
  readonly schedule: string;
  /** Of the times, where the text above says nothing. Default UTC. */
  readonly timeZone?: string;
  /** The spec of its backups. Default: everything. */
  readonly template?: BackupSpec;
  /** Which of its backups are kept. Default: each for its `ttl`. */
  readonly retention?: Retention;
  /** Default `SKIP`. */
  readonly overlap?: OverlapPolicy;
}

/** A schedule as Temporal has it. */
export interface ScheduleEntry extends Required<Omit<ScheduleDefinition, 'retention'>> {
  readonly retention?: Retention;
  readonly paused: boolean;
  /** What was said when it was paused, or let go on. */
  readonly note?: string;
  /** RFC 3339, as all times here. */
  readonly createdAt: string;
  /** When the newest backup was due; absent before the first. */
  readonly lastBackup?: string;
  /** The newest ten, oldest first. */
  readonly recent: readonly { readonly backup: string; readonly dueAt: string; readonly startedAt: string }[];
  /** Names of the backups that are running. */
  readonly running: readonly string[];
  /** The next ten times. */
  readonly next: readonly string[];
  /** How many were skipped, since one was running, or since nothing could start them in time. */
  readonly skipped: number;
  readonly missed: number;
}

/** How late a backup may start that Temporal could not start in time: then once, however many were due meanwhile. */
const catchupWindow = '1 day';

/** The longest name: `-20260102030405` follows. */
const longestName = 253 - 15;

/** @throws SpecError `InvalidSpec`, with all problems */
export function assertValid(definition: ScheduleDefinition, { backupStorageLocations }: Config): void {
  const { name, schedule, template = {}, retention } = definition;
  const known = backupStorageLocations.map((location) => location.name);
  const { storageLocation } = template;
  const problems = [
    ...validateName(name),
    ...(name.length > longestName ? [`name: expected at most ${longestName} characters, got ${name.length}`] : []),
    ...readCron(schedule).problems,
    ...validateBackupSpec(template),
    ...(typeof storageLocation === 'string' && storageLocation !== '' && !known.includes(storageLocation)
      ? [`spec.storageLocation: no location is named ${storageLocation}; known are: ${known.join(', ') || 'none'}`]
      : []),
    ...(retention === undefined ? [] : retentionProblems(retention)),
  ];
  if (problems.length > 0) throw new SpecError(problems);
}

/** The schedule's id in Temporal. */
export function scheduleId(name: string, { idPrefix }: Pick<Config['temporal'], 'idPrefix'>): string {
  return `${idPrefix}${scheduledBackupId(name)}`;
}

/** A valid definition as Temporal takes it. */
export function temporalSchedule(
  definition: ScheduleDefinition,
  temporal: Pick<Config['temporal'], 'idPrefix' | 'taskQueue'>,
): Required<Pick<ScheduleOptions, 'scheduleId' | 'spec' | 'action' | 'policies'>> {
  const { name, schedule, timeZone = 'UTC', template = {}, retention, overlap = 'SKIP' } = definition;
  const { times } = readCron(schedule);
  const request: ScheduledBackupRequest = { name, spec: template, ...(retention && { retention }) };
  const id = scheduleId(name, temporal);
  return {
    scheduleId: id,
    spec: { cronExpressions: [...(times?.cronExpressions ?? [])], timezone: times?.timeZone ?? timeZone },
    action: {
      type: 'startWorkflow',
      workflowType: 'scheduledBackup',
      workflowId: id,
      taskQueue: temporal.taskQueue,
      args: [request],
      staticSummary: `backup of schedule ${name}`.slice(0, 120),
      staticDetails: details({ name, spec: template }),
    },
    policies: { overlap, catchupWindow, pauseOnFailure: false },
  };
}

/** What Temporal tells of a schedule. */
export function entryOf(name: string, { spec, action, policies, state, info }: ScheduleDescription): ScheduleEntry {
  const [request] = (action.args ?? []) as readonly (Partial<ScheduledBackupRequest> | undefined)[];
  const recent = info.recentActions.map(({ scheduledAt, takenAt, action: { workflow } }) => {
    const due = dueTime(workflow.workflowId) ?? scheduledAt;
    return { backup: scheduledBackupName(name, due), dueAt: timestamp(due), startedAt: timestamp(takenAt) };
  });
  const lastBackup = recent.at(-1)?.dueAt;
  return {
    name,
    schedule: cronText(spec),
    timeZone: spec.timezone || 'UTC',
    template: request?.spec ?? {},
    ...(request?.retention && { retention: request.retention }),
    overlap: policies.overlap as OverlapPolicy,
    paused: state.paused,
    ...(state.note && { note: state.note }),
    createdAt: timestamp(info.createdAt),
    ...(lastBackup !== undefined && { lastBackup }),
    recent,
    running: info.runningActions.flatMap(({ workflow }) => {
      const due = dueTime(workflow.workflowId);
      return due === undefined ? [] : [scheduledBackupName(name, due)];
    }),
    next: info.nextActionTimes.map(timestamp),
    skipped: info.numActionsSkippedOverlap,
    missed: info.numActionsMissedCatchupWindow,
  };
}

/** The time that Temporal puts behind the ids of the workflows that a schedule starts. */
function dueTime(workflowId: string): Date | undefined {
  const [time] = /\d{4}-\d\d-\d\dT[\d:.]+Z$/.exec(workflowId) ?? [];
  return time === undefined ? undefined : new Date(time);
}

/** RFC 3339, in whole seconds as Velero writes it. */
function timestamp(time: Date): string {
  return `${time.toISOString().slice(0, 19)}Z`;
}
