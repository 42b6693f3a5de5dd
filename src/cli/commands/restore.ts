import { Option, type Command } from 'commander';
import type { BowlineClient, RestoreEntry, RestoreSpec } from '../../client/index.ts';
import { UsageError, type Cli } from '../cli.ts';
import { describeRestore, selectorText } from '../describe.ts';
import { showDryRun } from '../dry-run.ts';
import { addCreateFlags, addSelectionFlags, boolean, list, pairs } from '../flags.ts';
import { follow } from '../follow.ts';
import { restoreName } from '../format.ts';
import { orNone, structured } from '../output.ts';
import { readSpec, restoreSpec, type RestoreFlags } from '../spec.ts';
import { coloredPhase, plain } from '../terminal.ts';
import { addCancelCommand } from './cancel.ts';
import { addReads } from './reads.ts';
import type { Run } from './run.ts';
import { addSteeringCommands } from './steer.ts';

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
  addSteeringCommands(restore, { noun: 'restore', runs: (client) => client.restores }, run);
  addCancelCommand(restore, { noun: 'restore', runs: (client) => client.restores }, run);
}

function addCreate(restore: Command, run: Run): void {
  const create = restore.command('create [name]').description('start a restore; its default name is <backup>-<time>');
  addCreateFlags(addSelectionFlags(create))
    .option('--from-backup <name>', 'the backup to restore from')
    .option('--from-schedule <name>', 'restore from the newest completed backup of this schedule')
    .option(
      '--allow-partially-failed [boolean]',
      'with --from-schedule: a PartiallyFailed backup will do, too',
      boolean,
    )
    .option('--namespace-mappings <pairs>', 'namespaces to restore into, such as shop:shop-copy', pairs(':'))
    .option('--restore-volumes [boolean]', "volumes' content; default true", boolean)
    .option('--preserve-nodeports [boolean]', 'all node ports of services; default: those set by hand', boolean)
    .addOption(
      new Option('--existing-resource-policy <policy>', 'for objects that exist and differ').choices([
        'none',
        'update',
      ]),
    )
    .option('--status-include-resources <resources>', 'resources that get their status back; default none', list)
    .option('--status-exclude-resources <resources>', 'resources that do not', list)
    .option(
      '--resource-modifier-configmap <name>',
      "the ConfigMap, in Velero's namespace, with rules that change items",
    )
    .option('--dry-run', 'show what the restore would do, and change nothing')
    .action((given: string | undefined, flags: CreateFlags, command: Command) =>
      run(`restore ${given ?? flags.fromBackup ?? ''}`.trim(), command, async ({ client, cli }) => {
        const spec = await withBackup(flags, restoreSpec(flags, (await readSpec(flags.spec)) as RestoreSpec), client);
        const source = spec.backupName || spec.scheduleName;
        if (!source) throw new UsageError('no backup is named: add --from-backup NAME or --from-schedule NAME');
        const name = given ?? restoreName(source, cli.now());
        const request = { name, spec };
        if (flags.dryRun) return showDryRun((await client()).restores.dryRun(request), cli, flags.output);
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

/** A PartiallyFailed backup of a schedule is restored by its name: a restore of the schedule itself takes none. */
async function withBackup(
  { allowPartiallyFailed = false }: CreateFlags,
  spec: RestoreSpec,
  client: () => Promise<BowlineClient>,
): Promise<RestoreSpec> {
  const { scheduleName, ...others } = spec;
  if (!allowPartiallyFailed || !scheduleName) return spec;
  const [newest] = (await (await client()).backups.list())
    .filter(({ phase, record: { metadata } }) => {
      const isFit = phase === 'Completed' || phase === 'PartiallyFailed';
      return isFit && metadata.labels?.['velero.io/schedule-name'] === scheduleName;
    })
    .map(({ name, record }) => ({ name, start: record.status?.startTimestamp ?? '' }))
    .sort((a, b) => (a.start < b.start ? 1 : -1));
  if (newest === undefined)
    throw new UsageError(`no backup of schedule ${scheduleName} is Completed or PartiallyFailed`);
  return { ...others, backupName: newest.name };
}

type CreateFlags = RestoreFlags & {
  readonly spec?: string;
  readonly wait?: boolean;
  readonly allowPartiallyFailed?: boolean;
  readonly dryRun?: boolean;
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
