import { schedulesOf, type DerivedFamily, type Facts } from './derived-family.ts';
import type { BackupFacts } from './location-records.ts';

interface Gauge {
  readonly name: string;
  readonly help: string;
  /** Of one schedule's backups; `undefined` if they tell nothing. */
  readonly value: (backups: readonly BackupFacts[], facts: Facts, schedule: string) => number | undefined;
  readonly origin?: 'records' | 'records and runs';
}

/** A schedule that there is nothing to tell of has no sample. */
const gauges: readonly Gauge[] = [
  {
    name: 'velero_backup_last_successful_timestamp',
    help: 'When the newest whole backup that is still there was completed, in seconds since 1970',
    value(backups) {
      const times = backups.filter(({ phase }) => phase === 'Completed').map(({ completedAt }) => completedAt / 1_000);
      return times.length === 0 ? undefined : Math.max(...times);
    },
  },
  {
    name: 'velero_backup_last_status',
    help: 'Whether the newest backup that has ended is whole: 1, or 0',
    origin: 'records and runs',
    value: (backups, { runs }, schedule) => {
      const ended = runs.runs.filter((run) => run.kind === 'backup' && run.endedAt && run.schedule === schedule);
      const last = newest([...backups, ...ended]);
      return last && (last.phase === 'Completed' ? 1 : 0);
    },
  },
  {
    name: 'velero_backup_items_total',
    help: 'How many items the newest backup holds that is there',
    value: (backups) => newest(backups.filter(isUsable))?.items,
  },
  {
    name: 'velero_backup_items_errors',
    help: 'How many errors the newest backup met that is there',
    value: (backups) => newest(backups)?.errors,
  },
  {
    name: 'velero_backup_tarball_size_bytes',
    help: 'The size of the tarball of the newest backup that has one, in bytes',
    value: (_, { records }, schedule) => newest(records.flatMap(({ tarballs }) => tarballs.get(schedule) ?? []))?.bytes,
  },
  {
    name: 'bowline_backup_items_per_second',
    help: 'How many items a second the newest backup took up, from its beginning to its end',
    value(backups) {
      const last = newest(backups.filter(isUsable));
      return last && last.items / Math.max(1, (last.completedAt - last.startedAt) / 1_000);
    },
  },
];

/** What is measured of the records in the storage locations. */
export const recordFamilies: readonly DerivedFamily[] = [
  {
    name: 'velero_backup_total',
    type: 'gauge',
    labels: [],
    help: 'How many backups there are',
    origin: 'records',
    samples: ({ records }) => [{ labels: {}, value: sum(records.map(({ backupCount }) => backupCount)) }],
  },
  {
    name: 'velero_restore_total',
    type: 'gauge',
    labels: [],
    help: 'How many restores are on record',
    origin: 'records',
    samples: ({ records }) => [{ labels: {}, value: sum(records.map(({ restoreCount }) => restoreCount)) }],
  },
  ...gauges.map(familyOf),
];

function familyOf({ name, help, value, origin = 'records' }: Gauge): DerivedFamily {
  return {
    ...{ name, type: 'gauge', labels: ['schedule'], help, origin },
    samples(facts) {
      const backups = facts.records.flatMap((location) => location.backups);
      return schedulesOf(facts).flatMap((schedule) => {
        const ofSchedule = backups.filter((backup) => backup.schedule === schedule);
        const measured = value(ofSchedule, facts, schedule);
        return measured === undefined ? [] : [{ labels: { schedule }, value: measured }];
      });
    },
  };
}

function isUsable({ phase }: BackupFacts): boolean {
  return phase === 'Completed' || phase === 'PartiallyFailed';
}

function newest<T extends { readonly startedAt: number }>(of: readonly T[]): T | undefined {
  return of.reduce<T | undefined>((last, one) => (last && last.startedAt >= one.startedAt ? last : one), undefined);
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
