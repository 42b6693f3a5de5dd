import type { BackupSpec } from './backup.ts';
import { retentionLabel, scheduleNameLabel } from './labels.ts';
import { formatRetention, type Retention } from './retention.ts';

/** What a schedule starts: the one argument of the workflow `scheduledBackup`. */
export interface ScheduledBackupRequest {
  /** The schedule's name. */
  readonly name: string;
  /** The template: the spec of every backup that it makes. */
  readonly spec?: BackupSpec;
  /** Which of its backups are kept. Default: each for its own `ttl`. */
  readonly retention?: Retention;
}

/** The workflow's id without the time that Temporal appends, and the schedule's own id likewise. */
export function scheduledBackupId(schedule: string): string {
  return `scheduled-backup/${schedule}`;
}

/** The name of a backup that was due at `time`: `nightly-20260102030405`, in UTC. Source: Velero `pkg/controller/schedule_controller.go`. */
export function scheduledBackupName(schedule: string, time: Date): string {
  return `${schedule}-${time.toISOString().slice(0, 19).replaceAll(/\D/g, '')}`;
}

/** The spec of a backup of the schedule: its template, and labels that say whose it is and how it is kept. */
export function scheduledSpec({ name, spec = {}, retention }: ScheduledBackupRequest): BackupSpec {
  const labels = {
    ...spec.metadata?.labels,
    [scheduleNameLabel]: name,
    ...(retention && { [retentionLabel]: formatRetention(retention) }),
  };
  return { ...spec, metadata: { ...spec.metadata, labels } };
}
