import { Option, type Command } from 'commander';
import type { RestoreEntry, RestoreSpec } from '../../client/index.ts';
import { UsageError, type Cli } from '../cli.ts';
import { describeRestore, selectorText } from '../describe.ts';
import { addCreateFlags, addSelectionFlags, boolean, pairs } from '../flags.ts';
import { follow } from '../follow.ts';
import { restoreName } from '../format.ts';
import { orNone, structured } from '../output.ts';
import { readSpec, restoreSpec, type RestoreFlags } from '../spec.ts';
import { coloredPhase, plain } from '../terminal.ts';
import { addReads } from './reads.ts';
import type { Run } from './run.ts';

const head = ['NAME', 'BACKUP', 'STATUS', 'STARTED', 'COMPLETED', 'ERRORS', 'WARNINGS', 'CREATED', 'SELECTOR'];

/** Adds `bowline restore …`. */
export function addRestoreCommands(program: Command, run: Run): void {
  const restore = program.command('restore').description('restore from backups, and look at restores');
  addCreate(restore, run);
  addReads(
    restore,
    { noun: 'restore', kind: 'Restore', head, row, text: describeRestore, catalogue: (client) => client.restores },
    run,
  );
}

function addCreate(restore: Command, run: Run): void {
  const create = restore.command('create [name]').description('start a restore; its default name is <backup>-<time>');
  addCreateFlags(addSelectionFlags(create))
    .option('--from-backup <name>', 'the backup to restore from')
    .option('--namespace-mappings <pairs>', 'namespaces to restore into, such as shop:shop-copy', pairs(':'))
    .option('--restore-volumes [boolean]', "volumes' content; default true", boolean)
    .option('--preserve-nodeports [boolean]', 'all node ports of services; default: those set by hand', boolean)
    .addOption(
      new Option('--existing-resource-policy <policy>', 'for objects that exist and differ').choices([
        'none',
        'update',
      ]),
    )
    .action((given: string | undefined, flags: CreateFlags, command: Command) =>
      run(`restore ${given ?? flags.fromBackup ?? ''}`.trim(), command, async ({ client, cli }) => {
        const spec = restoreSpec(flags, (await readSpec(flags.spec)) as RestoreSpec);
        if (!spec.backupName) throw new UsageError('no backup is named: add --from-backup NAME');
        const name = given ?? restoreName(spec.backupName, cli.now());
        const request = { name, spec };
        if (flags.output) {
          cli.terminal.out(structured(request, flags.output));
          return 0;
        }
        const handle = await (await client()).restores.create(request);
        const started = `Restore request "${name}" submitted successfully.`;
        const hint = `Run \`bowline restore describe ${name}\` or \`bowline restore logs ${name}\` for more details.`;
        return follow(handle, { what: 'restore', started, hint, wait: flags.wait ?? false }, cli);
      }),
    );
}

type CreateFlags = RestoreFlags & {
  readonly spec?: string;
  readonly wait?: boolean;
  readonly output?: 'json' | 'yaml';
};

function row({ name, phase, record }: RestoreEntry, { terminal }: Cli): string[] {
  const { metadata, spec, status } = record;
  return [
    plain(name),
    orNone(spec.backupName ?? ''),
    coloredPhase(phase, terminal),
    orNone(status?.startTimestamp ?? ''),
    orNone(status?.completionTimestamp ?? ''),
    String(status?.errors ?? 0),
    String(status?.warnings ?? 0),
    orNone(metadata.creationTimestamp ?? status?.startTimestamp ?? ''),
    selectorText(spec.labelSelector),
  ];
}
