import { parseRetention, retentionRules, type Retention } from '../api/retention.ts';

/** What the rules of expiry ask of a finished backup. */
export interface DatedBackup {
  readonly name: string;
  /** The schedule that made it; absent if none did. */
  readonly schedule?: string;
  readonly phase: string;
  /** When it began. RFC 3339, UTC, as all times here. */
  readonly start: string;
  /** Absent: never. */
  readonly expiration?: string;
  /** The rules that its schedule had then, as their label has them. */
  readonly retention?: string;
  /** A deletion has been announced, and may have begun: it counts for no rule. */
  readonly isMarked: boolean;
}

/** Why a backup goes: its time has passed, or the rules of its schedule keep it no longer. */
export type ExpiryReason = 'expired' | 'retention';

/** What is to be deleted of the backups of one location. */
export interface ExpiryVerdict {
  /** Oldest first. */
  readonly due: readonly { readonly name: string; readonly reason: ExpiryReason }[];
  /** Those that are due, and stay because they are the last good ones of their schedules. */
  readonly lastGood: readonly string[];
  readonly remarks: readonly string[];
}

/**
 * Which backups of a location are to be deleted at `now`. One whose `expiration` has passed goes. Where a schedule has rules, as its
 * newest backup says, they alone decide about its `Completed` backups. The newest `Completed` backup of a schedule, or the newest
 * `PartiallyFailed` one where none is, stays unless `removeLast`.
 */
export function backupsToDelete(
  backups: readonly DatedBackup[],
  { now, removeLast }: { readonly now: string; readonly removeLast: boolean },
): ExpiryVerdict {
  const due: { name: string; reason: ExpiryReason; start: string }[] = [];
  const lastGood: string[] = [];
  const remarks: string[] = [];
  for (const [schedule, group] of bySchedule(backups)) {
    const [label] = group.filter(({ isMarked }) => !isMarked).map(({ retention }) => retention);
    const rules = schedule === '' || label === undefined ? undefined : parseRetention(label);
    if (schedule !== '' && label !== undefined && rules === undefined) {
      remarks.push(`schedule ${schedule}: its rules of retention can't be read, so all of its backups stay: ${label}`);
      continue;
    }
    const kept = rules && keptBy(rules, group.filter(isGood));
    const last = schedule === '' || removeLast ? undefined : lastGoodOf(group);
    for (const backup of group) {
      const reason = reasonToGo(backup, { now, kept });
      if (reason === undefined) continue;
      if (backup.name === last) lastGood.push(backup.name);
      else due.push({ name: backup.name, reason, start: backup.start });
    }
  }
  due.sort((a, b) => order(a, b));
  return { due: due.map(({ name, reason }) => ({ name, reason })), lastGood, remarks };
}

function reasonToGo(
  backup: DatedBackup,
  { now, kept }: { readonly now: string; readonly kept: ReadonlySet<string> | undefined },
): ExpiryReason | undefined {
  const { name, expiration } = backup;
  if (kept && isGood(backup)) return kept.has(name) ? undefined : 'retention';
  return expiration !== undefined && Date.parse(expiration) <= Date.parse(now) ? 'expired' : undefined;
}

/** Each schedule's backups, newest first; those of none under `''`. */
function bySchedule(backups: readonly DatedBackup[]): Map<string, DatedBackup[]> {
  const groups = new Map<string, DatedBackup[]>();
  for (const backup of [...backups].sort((a, b) => order(b, a))) {
    const { schedule = '' } = backup;
    groups.set(schedule, [...(groups.get(schedule) ?? []), backup]);
  }
  return groups;
}

/** The names that the rules keep; `backups` are newest first. */
function keptBy(rules: Retention, backups: readonly DatedBackup[]): Set<string> {
  const kept = new Set<string>();
  for (const rule of retentionRules) {
    const periods = new Set<string>();
    for (const { name, start } of backups) {
      const period = periodOf[rule](start, name);
      if (periods.size >= (rules[rule] ?? 0) || periods.has(period)) continue;
      periods.add(period);
      kept.add(name);
    }
  }
  return kept;
}

const periodOf: Readonly<Record<keyof Retention, (start: string, name: string) => string>> = {
  last: (_, name) => name,
  daily: (start) => start.slice(0, 10),
  weekly: mondayOf,
  monthly: (start) => start.slice(0, 7),
  yearly: (start) => start.slice(0, 4),
};

function mondayOf(start: string): string {
  const day = new Date(`${start.slice(0, 10)}T00:00:00Z`);
  if (Number.isNaN(day.getTime())) return '';
  day.setUTCDate(day.getUTCDate() - ((day.getUTCDay() + 6) % 7));
  return day.toISOString().slice(0, 10);
}

function isGood({ phase, isMarked }: DatedBackup): boolean {
  return phase === 'Completed' && !isMarked;
}

function lastGoodOf(group: readonly DatedBackup[]): string | undefined {
  const fallback = group.find(({ phase, isMarked }) => phase === 'PartiallyFailed' && !isMarked);
  return (group.find(isGood) ?? fallback)?.name;
}

/** Oldest first; without a time, by name. */
function order(a: Pick<DatedBackup, 'start' | 'name'>, b: Pick<DatedBackup, 'start' | 'name'>): number {
  const [one, other] = [`${a.start} ${a.name}`, `${b.start} ${b.name}`];
  return one < other ? -1 : one > other ? 1 : 0;
}
