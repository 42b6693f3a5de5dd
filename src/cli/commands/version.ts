import { readFile } from 'node:fs/promises';
import { Option, type Command } from 'commander';
import { formatVersion } from '../../client/index.ts';
import { exitCodes } from '../exit-codes.ts';
import { structured } from '../output.ts';
import type { Run } from './run.ts';

/** Adds `bowline version`. */
export function addVersionCommand(program: Command, run: Run): void {
  program
    .command('version')
    .description('print the versions of Bowline, of the backup format that it writes, and of Node')
    .addOption(new Option('-o, --output <format>').choices(['text', 'json', 'yaml']).default('text'))
    .action(({ output }: { output: 'text' | 'json' | 'yaml' }, command: Command) =>
      run('tell the version', command, async ({ cli: { terminal } }) => {
        const versions = { bowline: await packageVersion(), backupFormat: formatVersion, node: process.versions.node };
        const lines = [
          `Bowline ${versions.bowline}`,
          `Backup format ${versions.backupFormat}`,
          `Node ${versions.node}`,
        ];
        terminal.out(output === 'text' ? `${lines.join('\n')}\n` : structured(versions, output));
        return exitCodes.ok;
      }),
    );
}

/** The package's own file lies above the sources and above what is compiled of them. */
async function packageVersion(): Promise<string> {
  const file = new URL('../../../package.json', import.meta.url);
  return (JSON.parse(await readFile(file, 'utf8')) as { version: string }).version;
}
