import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { Option, type Command } from 'commander';
import type { Config } from '../../client/index.ts';
import type { KubernetesReader } from '../../plugins/index.ts';
import { UsageError } from '../cli.ts';
import { withCluster } from '../cluster.ts';
import { exitCodes } from '../exit-codes.ts';
import { parseCases, runCase, type CaseResult, type ItemActionCase } from '../item-action-case.ts';
import { findItemAction, itemActionKinds, listItemActions, type ItemActionKind } from '../item-actions.ts';
import { structured, type GetFormat } from '../output.ts';
import { plain, type Terminal } from '../terminal.ts';
import type { Run } from './run.ts';

const caseHelp = `
A case is an object with these members:
  item            the item; what follows may be left out
  itemFromBackup  the item as it was in the backup; default: item
  backup          the Backup or Restore that is handed to the action
  restore
  cluster         a list of objects that exist
  apiGroups       a list of the groups that are served, such as {"name": "apps"}; default: all
  apiErrors       a list of calls that are refused: verb, resource, code, reason, message

The answer is {"item", "additionalItems", "skipRestore", "error"}, or a list of them. What the
action reports as an error is part of the answer, and no error of the command. Nothing is ever
written: what a DeleteItemAction would change is told in "effects".`;

/** Adds `bowline action …`. */
export function addActionCommands(program: Command, run: Run): void {
  const action = program.command('action').description('look at item actions, and try them on single items');
  action
    .command('list')
    .description('list the item actions, in the order in which they run')
    .addOption(new Option('-o, --output <format>').choices(['table', 'json', 'yaml', 'name']).default('table'))
    .action(({ output }: { output: GetFormat }, command: Command) =>
      run('list item actions', command, async ({ cli, config }) => {
        cli.terminal.out(await listItemActions(await config(), output));
        return exitCodes.ok;
      }),
    );
  action
    .command('run')
    .description('run an action on an item as a worker would, whether its selector matches or not')
    .addOption(new Option('--kind <kind>').choices(itemActionKinds).makeOptionMandatory())
    .requiredOption('--action <name>', 'such as velero.io/service')
    .requiredOption('--case <file>', 'JSON of a case, or of a list of cases; - reads standard input')
    .option('--live', "read the current cluster, not the case's")
    .addHelpText('after', caseHelp)
    .action((flags: RunFlags, command: Command) =>
      run(`run ${flags.action}`, command, async ({ cli: { terminal }, config }) => {
        const found = await findItemAction(config, flags.kind, flags.action);
        const cases = parseCases(await read(flags.case));
        const runAll = async (kubernetes?: KubernetesReader): Promise<CaseResult[]> => {
          const results: CaseResult[] = [];
          for (const one of [cases].flat())
            results.push(await runCase(found, one, { log: logOf(one, terminal), ...(kubernetes && { kubernetes }) }));
          return results;
        };
        const results = await (flags.live ? againstCluster(await config(), runAll) : runAll());
        terminal.out(structured(Array.isArray(cases) ? results : results[0], 'json'));
        return exitCodes.ok;
      }),
    );
}

interface RunFlags {
  readonly kind: ItemActionKind;
  readonly action: string;
  readonly case: string;
  readonly live?: boolean;
}

async function read(file: string): Promise<string> {
  try {
    return await (file === '-' ? text(process.stdin) : readFile(file, 'utf8'));
  } catch (error) {
    throw new UsageError(`read ${file}: ${(error as NodeJS.ErrnoException).code ?? 'unreadable'}`);
  }
}

/** What an action logs, told on the side. */
function logOf({ id }: ItemActionCase, { err }: Terminal) {
  const tell = (level: string) => (message: string) =>
    err(`${level}: ${plain(`${id === undefined ? '' : `${id}: `}${message}`)}\n`);
  return { info: tell('info'), warning: tell('warning') };
}

/** Runs the cases against the live cluster, which is only read. */
function againstCluster<T>(config: Config, work: (reader: KubernetesReader) => Promise<T>): Promise<T> {
  return withCluster(config, async (cluster) => {
    const { readerOf } = await import('../../kubernetes/reader.ts');
    return work(readerOf(cluster, new AbortController().signal));
  });
}
