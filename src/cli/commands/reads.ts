import type { Readable } from 'node:stream';
import { Option, type Command } from 'commander';
import type { Backup, BowlineClient, Description, Entry, Restore } from '../../client/index.ts';
import type { Cli } from '../cli.ts';
import type { DescribeView } from '../describe.ts';
import { listing, shownRecord, structured, type GetFormat } from '../output.ts';
import type { Run } from './run.ts';

/** The part of a client that reads one kind of record. */
interface Catalogue<T extends Backup | Restore, D extends Description<T>> {
  list(): Promise<Entry<T>[]>;
  get(name: string): Promise<Entry<T>>;
  describe(name: string): Promise<D>;
  logs(name: string): Promise<Readable>;
}

/** What differs between reading backups and reading restores. */
interface Reads<T extends Backup | Restore, D extends Description<T>> {
  readonly noun: 'backup' | 'restore';
  readonly kind: T['kind'];
  readonly head: readonly string[];
  catalogue(client: BowlineClient): Catalogue<T, D>;
  /** A line of the table. */
  row(entry: Entry<T>, cli: Cli): readonly string[];
  /** The text of `describe`. */
  text(description: D, view: DescribeView): string;
}

/** Adds `get`, `describe` and `logs`. */
export function addReads<T extends Backup | Restore, D extends Description<T>>(
  parent: Command,
  { noun, kind, head, catalogue, row, text }: Reads<T, D>,
  run: Run,
): void {
  parent
    .command('get [names...]')
    .description(`list ${noun}s`)
    .addOption(new Option('-o, --output <format>').choices(['table', 'json', 'yaml', 'name']).default('table'))
    .action((names: string[], { output: format }: { output: GetFormat }, command: Command) =>
      run(`get ${noun}s`, command, async ({ client, cli }) => {
        const records = catalogue(await client());
        const entries: Entry<T>[] = names.length === 0 ? await records.list() : [];
        for (const name of names) entries.push(await records.get(name));
        const isSingle = names.length === 1;
        cli.terminal.out(listing(entries, { kind, format, isSingle, head, row: (entry) => row(entry, cli) }));
        return 0;
      }),
    );
  parent
    .command('describe <name>')
    .description(`tell about one ${noun}`)
    .option('--details', 'name every resource, and tell all of every volume')
    .addOption(new Option('-o, --output <format>').choices(['text', 'json']).default('text'))
    .action((name: string, { output, details = false }: DescribeFlags, command: Command) =>
      run(`describe ${noun} ${name}`, command, async ({ client, cli: { terminal } }) => {
        const description = await catalogue(await client()).describe(name);
        const { record: _, ...others } = description;
        terminal.out(
          output === 'text'
            ? text(description, { color: terminal.color, details })
            : structured({ ...others, [noun]: shownRecord(description) }, 'json'),
        );
        return 0;
      }),
    );
  parent
    .command('logs <name>')
    .description(`print the log of a finished ${noun}`)
    .action((name: string, _flags: object, command: Command) =>
      run(`logs of ${noun} ${name}`, command, async ({ client, cli: { terminal } }) => {
        const log = await catalogue(await client()).logs(name);
        for await (const chunk of log.setEncoding('utf8')) terminal.out(chunk as string);
        return 0;
      }),
    );
}

interface DescribeFlags {
  readonly output: 'text' | 'json';
  readonly details?: boolean;
}
