import { Option, type Command } from 'commander';
import type { ObjectDifference } from '../../client/index.ts';
import { UsageError } from '../cli.ts';
import { withCluster } from '../cluster.ts';
import { clusterItems } from '../cluster-items.ts';
import { table } from '../output.ts';
import { plain, type Terminal } from '../terminal.ts';
import type { Run } from './run.ts';

const head = ['CHANGE', 'RESOURCE', 'NAMESPACE', 'NAME', 'FIELD', 'BEFORE', 'AFTER'];

/** Longer values are cut in a table. */
const longestValue = 40;

/** Adds `bowline backup diff`. */
export function addDiffCommand(backup: Command, run: Run): void {
  backup
    .command('diff <before> [after]')
    .description('tell what differs between two backups, or between a backup and the cluster, by object and field')
    .option('--cluster', 'compare with the cluster, as the backup would find it now')
    .option('--status', 'look at the status of objects, too')
    .addOption(new Option('-o, --output <format>').choices(['table', 'json']).default('table'))
    .action((before: string, after: string | undefined, flags: DiffFlags, command: Command) =>
      run(`diff ${before}`, command, async ({ client, config, cli: { terminal } }) => {
        if ((after === undefined) === !flags.cluster) throw new UsageError('expected a second backup, or --cluster');
        const { backups } = await client();
        const show = flags.output === 'json' ? showJson : showTable;
        const options = { status: flags.status ?? false };
        if (after !== undefined) await show(backups.diff(before, after, options), terminal);
        else {
          const { spec } = (await backups.get(before)).record;
          await withCluster(await config(), async (cluster) =>
            show(backups.diff(before, await clusterItems(cluster, spec), options), terminal),
          );
        }
        return 0;
      }),
    );
}

interface DiffFlags {
  readonly cluster?: boolean;
  readonly status?: boolean;
  readonly output: 'table' | 'json';
}

/** As one list, an element a line, written as they are found. */
async function showJson(found: AsyncIterable<ObjectDifference>, { out }: Terminal): Promise<void> {
  let separator = '[\n';
  for await (const difference of found) {
    out(`${separator}${JSON.stringify(difference)}`);
    separator = ',\n';
  }
  out(separator === '[\n' ? '[]\n' : '\n]\n');
}

/** Sorted by object, a line for each field, and a count at the end. */
async function showTable(found: AsyncIterable<ObjectDifference>, { out }: Terminal): Promise<void> {
  const all: ObjectDifference[] = [];
  for await (const difference of found) all.push(difference);
  if (all.length === 0) return out('No differences.\n');
  all.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  const rows = all.flatMap(({ change, groupResource, namespace, name, fields = [] }) => {
    const about = [change, groupResource, namespace || '-', name].map(plain);
    if (fields.length === 0) return [[...about, '', '', '']];
    return fields.map(({ path, before, after }) => [...about, plain(path), short(before), short(after)]);
  });
  out(table(head, rows));
  const count = (change: string): number => all.filter((one) => one.change === change).length;
  out(`\n${count('added')} added, ${count('removed')} removed, ${count('changed')} changed\n`);
}

function keyOf({ groupResource, namespace, name }: ObjectDifference): string {
  return `${groupResource}/${namespace}/${name}`;
}

function short(value: unknown): string {
  if (value === undefined) return '<none>';
  const text = plain(typeof value === 'string' ? value : JSON.stringify(value)).replaceAll('\n', '\\n');
  return text.length <= longestValue ? text : `${text.slice(0, longestValue - 1)}…`;
}
