import { parseGoDuration } from '../api/duration.ts';

/** Times as Temporal takes them. */
export interface CronTimes {
  readonly cronExpressions: readonly string[];
  readonly timeZone?: string;
}

/** Shorthands that both Velero and Temporal know. */
const shorthand = /^@(yearly|annually|monthly|weekly|daily|midnight|hourly)$/;

const expected =
  'expected five fields such as "0 3 * * *" (minute, hour, day of the month, month, day of the week), @daily or its like, or @every 6h';

/**
 * Reads a schedule as Velero has it: five fields, `@daily` and its like, `@every 6h`, each with a time zone before it (`CRON_TZ=Europe/Berlin 0 3 * * *`)
 * or without. The text goes along as a comment, so that it can be shown again. Whether the fields hold sensible numbers is Temporal's to say.
 *
 * Where neither day is `*`, Velero's library takes a day that either fits, and Temporal one that both fit: so there are two expressions then.
 * Source: `github.com/robfig/cron` v3 `spec.go`, dayMatches.
 */
export function readCron(text: string): { readonly times?: CronTimes; readonly problems: readonly string[] } {
  const [, timeZone, cron = ''] = /^(?:(?:CRON_)?TZ=(\S+)\s+)?(.*)$/.exec(text.trim()) ?? [];
  const times = (cronExpressions: readonly string[]) => ({
    times: { cronExpressions: cronExpressions.map((one) => `${one} # ${cron}`), ...(timeZone && { timeZone }) },
    problems: [],
  });
  const [, every] = /^@every\s+(\S+)$/.exec(cron) ?? [];
  if (every !== undefined) {
    const seconds = (parseGoDuration(every) ?? 0) / 1_000;
    if (seconds >= 1) return times([`@every ${Math.floor(seconds)}s`]);
    return { problems: [`schedule: expected a duration of a second or more such as @every 6h, got ${text}`] };
  }
  if (shorthand.test(cron)) return times([cron]);
  const fields = cron.split(/\s+/).map((field) => (field === '?' ? '*' : field));
  if (fields.length !== 5 || cron.includes('#'))
    return { problems: [`schedule: ${expected}, got ${JSON.stringify(text)}`] };
  const [minute, hour, day, month, weekday] = fields as [string, string, string, string, string];
  if (isEvery(day) || isEvery(weekday)) return times([fields.join(' ')]);
  return times([`${minute} ${hour} ${day} ${month} *`, `${minute} ${hour} * ${month} ${weekday}`]);
}

function isEvery(field: string): boolean {
  return field === '*' || field === '*/1';
}

/** What Temporal has made of times, and what was said of them in a comment. */
export interface CompiledTimes {
  readonly calendars?: readonly { readonly comment?: string }[];
  /** In milliseconds. */
  readonly intervals?: readonly { readonly every: number }[];
}

/** The text that the times were made from; those that somebody has set without one are told in short. */
export function cronText({ calendars = [], intervals = [] }: CompiledTimes): string {
  const comments = calendars.map(({ comment }) => comment || 'calendar');
  const spans = intervals.map(({ every }) => `@every ${goDuration(every)}`);
  return [...new Set([...comments, ...spans])].join('; ');
}

function goDuration(ms: number): string {
  const [hours, minutes, seconds] = [
    Math.floor(ms / 3_600_000),
    Math.floor(ms / 60_000) % 60,
    Math.floor(ms / 1_000) % 60,
  ];
  const parts = [`${hours}h`, `${minutes}m`, `${seconds}s`].filter((part) => !part.startsWith('0'));
  return parts.join('') || '0s';
}
