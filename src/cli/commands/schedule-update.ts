import { Option, type Command } from 'commander';
import type { BackupSpec, ScheduleDefinition, ScheduleEntry } from '../../client/index.ts';
import { UsageError } from '../cli.ts';
import { structured } from '../output.ts';
import { addScheduleFlags, scheduleObject, type ScheduleFlags } from '../schedule-flags.ts';
import { backupSpec, readSpec } from '../spec.ts';
import type { Run } from './run.ts';

/** Adds `bowline schedule update`. */
export function addScheduleUpdate(schedule: Command, run: Run): void {
  const update = schedule
    .command('update <name>')
    .description('change a schedule: what no flag names stays as it is, and so does whether it is paused');
  addScheduleFlags(update, { isNew: false })
    .option('--no-keep', 'keep each backup by its --ttl')
    .option('--spec <file>', "YAML or JSON of the backups' whole spec, instead of theirs; flags override its members")
    .addOption(new Option('-o, --output <format>', 'print what it would be, change nothing').choices(['json', 'yaml']))
    .action((name: string, { output, ...flags }: ScheduleFlags, command: Command) =>
      run(`update schedule ${name}`, command, async ({ client, config, cli: { terminal } }) => {
        if (Object.keys(flags).length === 0)
          throw new UsageError('nothing to change: add one of the flags that --help lists');
        const file = flags.spec === undefined ? undefined : ((await readSpec(flags.spec)) as BackupSpec);
        const { schedules } = await client();
        if (output) {
          const changed = changedDefinition(await schedules.get(name), flags, file);
          terminal.out(structured(scheduleObject(changed, await config()), output));
          return 0;
        }
        await schedules.update(name, (current) => changedDefinition(current, flags, file));
        terminal.out(`Schedule "${name}" updated successfully.\n`);
        return 0;
      }),
    );
}

/** The schedule as it is, with what the flags say instead. `file` stands for its template. */
function changedDefinition(
  current: ScheduleEntry,
  flags: Omit<ScheduleFlags, 'spec' | 'output'>,
  file?: BackupSpec,
): ScheduleDefinition & Pick<ScheduleEntry, 'paused'> {
  const { name, paused, schedule, timeZone, overlap, template } = current;
  const retention = flags.keep === false ? undefined : (flags.keep ?? current.retention);
  return {
    name,
    paused,
    schedule: flags.schedule ?? schedule,
    timeZone: flags.timeZone ?? timeZone,
    overlap: flags.overlapPolicy ?? overlap,
    template: backupSpec(flags, file ?? template),
    ...(retention && { retention }),
  };
}
