import { Option, type Command } from 'commander';
import type { Config, OverlapPolicy, Retention, ScheduleDefinition, ScheduleEntry } from '../client/index.ts';
import { addBackupFlags, keep } from './flags.ts';
import type { BackupFlags } from './spec.ts';

/** The flags that make or change a schedule, as commander names them. */
export interface ScheduleFlags extends BackupFlags {
  readonly schedule?: string;
  readonly timeZone?: string;
  /** `false`: by the backups' own times alone, after `--no-keep`. */
  readonly keep?: Retention | false;
  readonly overlapPolicy?: OverlapPolicy;
  readonly spec?: string;
  readonly output?: 'json' | 'yaml';
}

const policies: readonly OverlapPolicy[] = [
  ...(['SKIP', 'BUFFER_ONE', 'BUFFER_ALL'] as const),
  ...(['CANCEL_OTHER', 'TERMINATE_OTHER', 'ALLOW_ALL'] as const),
];

/** Declares the flags of a schedule and of its backups, but for those whose meaning differs from one verb to the other. */
export function addScheduleFlags(command: Command, { isNew }: { readonly isNew: boolean }): Command {
  const times = 'when, in UTC: "0 3 * * *", @daily, "@every 6h", "CRON_TZ=Europe/Berlin 0 3 * * *"';
  return addBackupFlags(command)
    .addOption(new Option('--schedule <times>', times).makeOptionMandatory(isNew))
    .option('--time-zone <zone>', 'of the times, such as Europe/Berlin; default UTC')
    .option('--keep <rules>', 'which backups to keep, instead of by --ttl: last=3,daily=7,weekly=4,monthly=12', keep)
    .addOption(overlapOption('what becomes of a backup while another one is running; default SKIP'));
}

/** `--overlap-policy`. */
export function overlapOption(description: string): Option {
  return new Option('--overlap-policy <policy>', description).choices(policies);
}

/** As Velero has it in its cluster. */
export function scheduleObject(
  entry: ScheduleDefinition & Partial<ScheduleEntry>,
  { namespace }: Pick<Config, 'namespace'>,
): object {
  const { name, schedule, timeZone = 'UTC', template = {}, paused = false, createdAt, lastBackup } = entry;
  return {
    apiVersion: 'velero.io/v1',
    kind: 'Schedule',
    metadata: { name, namespace, ...(createdAt && { creationTimestamp: createdAt }) },
    spec: { schedule: timeZone === 'UTC' ? schedule : `CRON_TZ=${timeZone} ${schedule}`, template, paused },
    ...(createdAt && { status: { phase: 'Enabled', ...(lastBackup && { lastBackup }) } }),
  };
}
