import type { Command } from 'commander';
import { scheduledBackupName, scheduledSpec } from '../../api/schedule.ts';
import type { BackupEntry, BackupSpec, BowlineClient } from '../../client/index.ts';
import { UsageError, type Cli } from '../cli.ts';
import { describeBackup, selectorText } from '../describe.ts';
import { addBackupFlags, addCreateFlags } from '../flags.ts';
import { follow } from '../follow.ts';
import { timeFromNow } from '../format.ts';
import { orNone, structured } from '../output.ts';
import { backupSpec, readSpec, type BackupFlags } from '../spec.ts';
import { coloredPhase, plain } from '../terminal.ts';
import { addCancelCommand } from './cancel.ts';
import { addDiffCommand } from './diff.ts';
import { addDownloadCommand } from './download.ts';
import { addReads } from './reads.ts';
import type { Run } from './run.ts';
import { addSteeringCommands } from './steer.ts';

const head = ['NAME', 'STATUS', 'ERRORS', 'WARNINGS', 'CREATED', 'EXPIRES', 'STORAGE LOCATION', 'SELECTOR'];

/** Adds `bowline backup …`. */
export function addBackupCommands(program: Command, run: Run): void {
  const backup = program.command('backup').description('back up, and look at backups');
  addCreate(backup, run);
  addReads(
    backup,
    { noun: 'backup', kind: 'Backup', head, row, text: describeBackup, catalogue: (client) => client.backups },
    run,
  );
  addDiffCommand(backup, run);
  addDownloadCommand(backup, run);
  addSteeringCommands(backup, { noun: 'backup', runs: (client) => client.backups }, run);
  addCancelCommand(backup, { noun: 'backup', runs: (client) => client.backups }, run);
  backup
    .command('delete <name>')
    .description('delete a backup, its snapshots and the restores made from it')
    .option('--confirm', 'really delete it')
    .option('-w, --wait', 'wait for the end, showing progress')
    .action((name: string, { confirm, wait = false }: { confirm?: boolean; wait?: boolean }, command: Command) =>
      run(`delete backup ${name}`, command, async ({ client, cli }) => {
        if (!confirm) throw new UsageError('not confirmed: add --confirm to delete it for good');
        const handle = await (await client()).backups.delete(name);
        const started = `Request to delete backup "${name}" submitted successfully.`;
        const hint = 'The backup is gone once its snapshots, its files and the restores made from it are.';
        return follow(handle, { what: `deletion of backup ${name}`, started, hint, wait }, cli);
      }),
    );
}

function addCreate(backup: Command, run: Run): void {
  const create = backup
    .command('create [name]')
    .description('start a backup; the default name of one of a schedule is <schedule>-<time>');
  addCreateFlags(addBackupFlags(create))
    .option(
      '--from-schedule <name>',
      "take a schedule's template, whose members flags override, for a backup of that schedule",
    )
    .action((given: string | undefined, flags: CreateFlags, command: Command) =>
      run(`back up ${given ?? flags.fromSchedule ?? ''}`.trim(), command, async ({ client, cli }) => {
        const { fromSchedule: schedule } = flags;
        const name = given ?? (schedule && scheduledBackupName(schedule, cli.now()));
        if (!name) throw new UsageError('no name is given: add one, or --from-schedule NAME');
        if (schedule && flags.spec) throw new UsageError('--from-schedule and --spec: expected one of the two');
        const spec = schedule ? await templateOf(schedule, client) : ((await readSpec(flags.spec)) as BackupSpec);
        const request = { name, spec: backupSpec(flags, spec) };
        if (flags.output) {
          cli.terminal.out(structured(request, flags.output));
          return 0;
        }
        const handle = await (await client()).backups.create(request);
        const started = `Backup request "${name}" submitted successfully.`;
        const hint = `Run \`bowline backup describe ${name}\` or \`bowline backup logs ${name}\` for more details.`;
        return follow(handle, { what: 'backup', started, hint, wait: flags.wait ?? false }, cli);
      }),
    );
}

/** What the schedule's next backup would be made of. */
async function templateOf(name: string, client: () => Promise<BowlineClient>): Promise<BackupSpec> {
  const { template, retention } = await (await client()).schedules.get(name);
  return scheduledSpec({ name, spec: template, ...(retention && { retention }) });
}

type CreateFlags = BackupFlags & {
  readonly fromSchedule?: string;
  readonly spec?: string;
  readonly wait?: boolean;
  readonly output?: 'json' | 'yaml';
};

function row({ name, location, phase, record }: BackupEntry, { terminal, now }: Cli): string[] {
  const { spec, status } = record;
  return [
    plain(name),
    coloredPhase(phase, terminal),
    String(status?.errors ?? 0),
    String(status?.warnings ?? 0),
    orNone(status?.startTimestamp ?? ''),
    timeFromNow(status?.expiration, now()),
    orNone(location),
    selectorText(spec.labelSelector),
  ];
}
