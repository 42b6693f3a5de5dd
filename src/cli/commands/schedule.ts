import { Option, type Command } from 'commander';
import type { BackupSpec, OverlapPolicy, ScheduleDefinition, ScheduleEntry } from '../../client/index.ts';
import { UsageError, type Cli } from '../cli.ts';
import { describeSchedule } from '../describe-schedule.ts';
import { selectorText } from '../describe.ts';
import { time } from '../flags.ts';
import { timeFromNow } from '../format.ts';
import { listing, orNone, structured, type GetFormat } from '../output.ts';
import { addScheduleFlags, overlapOption, scheduleObject, type ScheduleFlags } from '../schedule-flags.ts';
import { backupSpec, readSpec } from '../spec.ts';
import { plain } from '../terminal.ts';
import type { Run } from './run.ts';
import { addScheduleUpdate } from './schedule-update.ts';

const head = ['NAME', 'STATUS', 'CREATED', 'SCHEDULE', 'BACKUP TTL', 'LAST BACKUP', 'SELECTOR', 'PAUSED'];

/** Adds `bowline schedule …`. */
export function addScheduleCommands(program: Command, run: Run): void {
  const schedule = program.command('schedule').description('back up again and again, and look at schedules');
  addCreate(schedule, run);
  addGet(schedule, run);
  addDescribe(schedule, run);
  addScheduleUpdate(schedule, run);
  for (const { verb, done, description } of changes) addChange(schedule, { verb, done, description }, run);
  addBackfill(schedule, run);
  addDelete(schedule, run);
}

interface CreateFlags extends ScheduleFlags {
  readonly schedule: string;
  readonly paused?: boolean;
}

function addCreate(schedule: Command, run: Run): void {
  const create = schedule
    .command('create <name>')
    .description('make a schedule; the other flags are those of its backups');
  addScheduleFlags(create, { isNew: true })
    .option('--paused', 'make no backups until it is unpaused')
    .option('--spec <file>', "YAML or JSON of the backups' spec; flags override its members")
    .addOption(new Option('-o, --output <format>', 'print the schedule, and make none').choices(['json', 'yaml']))
    .action((name: string, flags: CreateFlags, command: Command) =>
      run(`create schedule ${name}`, command, async ({ client, config, cli }) => {
        const template = backupSpec(flags, (await readSpec(flags.spec)) as BackupSpec);
        const { paused = false, output } = flags;
        const definition: ScheduleDefinition = {
          name,
          schedule: flags.schedule,
          template,
          ...(flags.timeZone !== undefined && { timeZone: flags.timeZone }),
          ...(flags.keep && { retention: flags.keep }),
          ...(flags.overlapPolicy && { overlap: flags.overlapPolicy }),
        };
        if (output) {
          cli.terminal.out(structured(scheduleObject({ ...definition, paused }, await config()), output));
          return 0;
        }
        await (await client()).schedules.create(definition, { paused });
        cli.terminal.out(`Schedule "${name}" created successfully.\n`);
        return 0;
      }),
    );
}

function addGet(schedule: Command, run: Run): void {
  schedule
    .command('get [names...]')
    .description('list schedules')
    .addOption(new Option('-o, --output <format>').choices(['table', 'json', 'yaml', 'name']).default('table'))
    .action((names: string[], { output: format }: { output: GetFormat }, command: Command) =>
      run('get schedules', command, async ({ client, config, cli }) => {
        const { schedules } = await client();
        const entries = names.length === 0 ? await schedules.list() : [];
        for (const name of names) entries.push(await schedules.get(name));
        const read = await config();
        const view = { kind: 'Schedule', format, isSingle: names.length === 1, head };
        const object = (entry: ScheduleEntry): object => scheduleObject(entry, read);
        cli.terminal.out(listing(entries, { ...view, row: (entry: ScheduleEntry) => row(entry, cli), object }));
        return 0;
      }),
    );
}

function addDescribe(schedule: Command, run: Run): void {
  schedule
    .command('describe <name>')
    .description('tell about one schedule: its times, its backups, what comes next')
    .addOption(new Option('-o, --output <format>').choices(['text', 'json']).default('text'))
    .action((name: string, { output }: { output: 'text' | 'json' }, command: Command) =>
      run(`describe schedule ${name}`, command, async ({ client, cli: { terminal } }) => {
        const entry = await (await client()).schedules.get(name);
        terminal.out(output === 'json' ? structured(entry, 'json') : describeSchedule(entry));
        return 0;
      }),
    );
}

/** What changes a schedule and takes its name alone. */
interface Change {
  readonly verb: 'pause' | 'unpause' | 'trigger';
  readonly done: string;
  readonly description: string;
}

const changes: readonly Change[] = [
  { verb: 'pause', done: 'paused', description: 'have a schedule make no backups' },
  { verb: 'unpause', done: 'unpaused', description: 'have it go on; what was due meanwhile is not made up for' },
  { verb: 'trigger', done: 'triggered', description: 'make a backup of a schedule now' },
];

function addChange(schedule: Command, { verb, done, description }: Change, run: Run): void {
  schedule
    .command(`${verb} <names...>`)
    .description(description)
    .action((names: string[], _flags: object, command: Command) =>
      run(`${verb} schedule ${names.join(', ')}`, command, async ({ client, cli }) => {
        for (const name of names) {
          await (await client()).schedules[verb](name);
          cli.terminal.out(`Schedule "${name}" ${done} successfully.\n`);
        }
        return 0;
      }),
    );
}

function addBackfill(schedule: Command, run: Run): void {
  schedule
    .command('backfill <name>')
    .description('make the backups now that were due between two times')
    .requiredOption('--from <time>', 'such as 2026-01-02T00:00:00Z', time)
    .requiredOption('--to <time>', 'likewise', time)
    .addOption(overlapOption("what becomes of those that overlap; default the schedule's own policy"))
    .action((name: string, { from, to, overlapPolicy: overlap }: BackfillFlags, command: Command) =>
      run(`backfill schedule ${name}`, command, async ({ client, cli }) => {
        await (await client()).schedules.backfill(name, { start: from, end: to, ...(overlap && { overlap }) });
        cli.terminal.out(`Backfill of schedule "${name}" submitted successfully.\n`);
        return 0;
      }),
    );
}

interface BackfillFlags {
  readonly from: Date;
  readonly to: Date;
  readonly overlapPolicy?: OverlapPolicy;
}

function addDelete(schedule: Command, run: Run): void {
  schedule
    .command('delete <name>')
    .description('delete a schedule; its backups stay')
    .option('--confirm', 'really delete it')
    .action((name: string, { confirm }: { confirm?: boolean }, command: Command) =>
      run(`delete schedule ${name}`, command, async ({ client, cli }) => {
        if (!confirm) throw new UsageError('not confirmed: add --confirm to delete it');
        await (await client()).schedules.delete(name);
        cli.terminal.out(`Schedule "${name}" deleted successfully.\n`);
        return 0;
      }),
    );
}

function row(entry: ScheduleEntry, { now }: Cli): string[] {
  const { name, createdAt, schedule, timeZone, template, lastBackup, paused } = entry;
  return [
    plain(name),
    'Enabled',
    createdAt,
    plain(timeZone === 'UTC' ? schedule : `CRON_TZ=${timeZone} ${schedule}`),
    orNone(template.ttl ?? ''),
    timeFromNow(lastBackup, now()),
    selectorText(template.labelSelector),
    String(paused),
  ];
}
