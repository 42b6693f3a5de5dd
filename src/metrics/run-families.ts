import { endPhases, type CountedKind, type CountedRun, type EndPhase } from './counted-runs.ts';
import { schedulesOf, type DerivedFamily, type Facts } from './derived-family.ts';
import { histogramOf } from './exposition.ts';

const kinds: readonly CountedKind[] = ['backup', 'restore', 'deletion'];
/** Velero's own, in seconds. */
const durationBounds = [60, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 14_400];

interface Counter {
  readonly name: string;
  readonly help: string;
  readonly kind: CountedKind;
  /** What a run adds: of attempts when it begins, of all else when it ends. */
  readonly adds: (run: CountedRun) => number;
  readonly at?: 'startedAt';
}

const ended = (...phases: readonly EndPhase[]) => {
  return ({ phase }: CountedRun): number => (phases.some((one) => one === phase) ? 1 : 0);
};

/** A cancelled run leaves a record that says `Failed`, and no backup. */
const counters: readonly Counter[] = [
  {
    name: 'velero_backup_attempt_total',
    help: 'Backups that were begun',
    kind: 'backup',
    adds: () => 1,
    at: 'startedAt',
  },
  { name: 'velero_backup_success_total', help: 'Backups that are whole', kind: 'backup', adds: ended('Completed') },
  {
    name: 'velero_backup_partial_failure_total',
    help: 'Backups that lack items',
    kind: 'backup',
    adds: ended('PartiallyFailed'),
  },
  {
    name: 'velero_backup_failure_total',
    help: 'Backups that failed or were cancelled',
    kind: 'backup',
    adds: ended('Failed', 'Cancelled'),
  },
  {
    name: 'velero_backup_validation_failure_total',
    help: 'Backups that were refused, since something was wrong with their request',
    kind: 'backup',
    adds: ended('FailedValidation'),
  },
  {
    name: 'velero_backup_warning_total',
    help: 'Backups that ended with warnings',
    kind: 'backup',
    adds: ({ warnings }) => (warnings > 0 ? 1 : 0),
  },
  {
    name: 'velero_backup_deletion_attempt_total',
    help: 'Deletions of backups that were begun',
    kind: 'deletion',
    adds: () => 1,
    at: 'startedAt',
  },
  {
    name: 'velero_backup_deletion_success_total',
    help: 'Deletions of backups that went without an error',
    kind: 'deletion',
    adds: ended('Completed'),
  },
  {
    name: 'velero_backup_deletion_failure_total',
    help: 'Deletions of backups that went with errors, or not at all',
    kind: 'deletion',
    adds: ended('PartiallyFailed', 'Failed', 'FailedValidation', 'Cancelled'),
  },
  {
    name: 'velero_restore_attempt_total',
    help: 'Restores that were begun',
    kind: 'restore',
    adds: () => 1,
    at: 'startedAt',
  },
  {
    name: 'velero_restore_success_total',
    help: 'Restores that are whole',
    kind: 'restore',
    adds: ended('Completed'),
  },
  {
    name: 'velero_restore_partial_failure_total',
    help: 'Restores that lack items',
    kind: 'restore',
    adds: ended('PartiallyFailed'),
  },
  {
    name: 'velero_restore_failed_total',
    help: 'Restores that failed or were cancelled',
    kind: 'restore',
    adds: ended('Failed', 'Cancelled'),
  },
  {
    name: 'velero_restore_validation_failed_total',
    help: 'Restores that were refused, since something was wrong with their request',
    kind: 'restore',
    adds: ended('FailedValidation'),
  },
  {
    name: 'velero_volume_snapshot_attempt_total',
    help: 'Volumes that backups were to snapshot',
    kind: 'backup',
    adds: ({ volumes }) => volumes.attempted,
  },
  {
    name: 'velero_volume_snapshot_success_total',
    help: 'Snapshots of volumes that are ready',
    kind: 'backup',
    adds: ({ volumes }) => volumes.completed,
  },
  {
    name: 'velero_volume_snapshot_failure_total',
    help: 'Snapshots of volumes that were not taken, or did not become ready',
    kind: 'backup',
    adds: ({ volumes }) => Math.max(0, volumes.attempted - volumes.completed),
  },
];

/** What is counted of the runs that Temporal lists. */
export const runFamilies: readonly DerivedFamily[] = [
  ...counters.map(familyOf),
  {
    name: 'velero_backup_duration_seconds',
    type: 'histogram',
    labels: ['schedule'],
    help: 'How long backups took that were not refused, in seconds',
    origin: 'runs',
    samples: (facts) =>
      schedulesOf(facts).flatMap((schedule) =>
        histogramOf(secondsOf(facts, schedule), { bounds: durationBounds, labels: { schedule } }),
      ),
  },
  {
    name: 'bowline_runs_ended_total',
    type: 'counter',
    labels: ['kind', 'phase'],
    help: 'Runs by the phase in which they ended',
    origin: 'runs',
    samples: (facts) =>
      kinds.flatMap((kind) =>
        endPhases.map((phase) => ({
          labels: { kind, phase },
          value: endedRuns(facts, kind).filter((run) => run.phase === phase).length,
        })),
      ),
  },
  {
    name: 'bowline_runs_running',
    type: 'gauge',
    labels: ['kind'],
    help: 'Runs that have begun and not ended',
    origin: 'runs',
    samples: ({ runs }) =>
      kinds.map((kind) => ({
        labels: { kind },
        value: runs.runs.filter((run) => run.kind === kind && run.phase === 'InProgress').length,
      })),
  },
  {
    name: 'bowline_counting_since_timestamp_seconds',
    type: 'gauge',
    labels: [],
    help: 'When all counters of runs last began anew, in seconds since 1970',
    origin: 'runs',
    samples: ({ runs }) => [{ labels: {}, value: runs.since / 1_000 }],
  },
];

function familyOf({ name, help, kind, adds, at }: Counter): DerivedFamily {
  return {
    ...{ name, type: 'counter', labels: ['schedule'], help, origin: 'runs' },
    samples(facts) {
      const counted = at === undefined ? endedRuns(facts, kind) : startedRuns(facts, kind);
      const sums = new Map(schedulesOf(facts).map((schedule) => [schedule, 0]));
      for (const run of counted) sums.set(run.schedule, sums.get(run.schedule)! + adds(run));
      return [...sums].map(([schedule, value]) => ({ labels: { schedule }, value }));
    },
  };
}

function startedRuns({ runs }: Facts, kind: CountedKind): CountedRun[] {
  return runs.runs.filter((run) => run.kind === kind && run.startedAt >= runs.since);
}

function endedRuns({ runs }: Facts, kind: CountedKind): CountedRun[] {
  return runs.runs.filter((run) => run.kind === kind && run.endedAt !== undefined && run.endedAt >= runs.since);
}

function secondsOf(facts: Facts, schedule: string): number[] {
  return endedRuns(facts, 'backup')
    .filter((run) => run.schedule === schedule && run.phase !== 'FailedValidation')
    .map(({ startedAt, endedAt }) => Math.max(0, endedAt! - startedAt) / 1_000);
}
