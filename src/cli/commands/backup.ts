import type { Command } from 'commander';
import type { BackupEntry, BackupSpec } from '../../client/index.ts';
import { UsageError, type Cli } from '../cli.ts';
import { describeBackup, selectorText } from '../describe.ts';
import { addCreateFlags, addScopedFlags, addSelectionFlags, boolean, list, ordered, pairs } from '../flags.ts';
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
  const create = backup.command('create <name>').description('start a backup');
  addCreateFlags(addScopedFlags(addSelectionFlags(create)))
    .option('--ordered-resources <lists>', 'items to take first: "pods=ns/a,ns/b;persistentvolumes=pv"', ordered)
    .option('--resource-policies-configmap <name>', 'a ConfigMap that says what becomes of which volume')
    .option('--snapshot-volumes [boolean]', 'volume snapshots; default: where a location fits', boolean)
    .option('--ttl <duration>', 'how long to keep it, such as 720h0m0s')
    .option('--storage-location <name>', 'where to keep it; default: the default location')
    .option('--volume-snapshot-locations <names>', 'where to snapshot volumes; at most one per provider', list)
    .option('--labels <pairs>', 'labels of the backup, such as team=a,tier=b', pairs('='))
    .action((name: string, flags: CreateFlags, command: Command) =>
      run(`back up ${name}`, command, async ({ client, cli }) => {
        const spec = backupSpec(flags, (await readSpec(flags.spec)) as BackupSpec);
        const request = { name, spec };
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

type CreateFlags = BackupFlags & { readonly spec?: string; readonly wait?: boolean; readonly output?: 'json' | 'yaml' };

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
