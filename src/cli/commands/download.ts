import { createWriteStream } from 'node:fs';
import { access, rename, rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import type { Command } from 'commander';
import { UsageError } from '../cli.ts';
import { exitCodes } from '../exit-codes.ts';
import { plain } from '../terminal.ts';
import type { Run } from './run.ts';

interface Flags {
  readonly output?: string;
  readonly force?: boolean;
}

/** Adds `bowline backup download`. */
export function addDownloadCommand(backup: Command, run: Run): void {
  backup
    .command('download <name>')
    .description('save the tarball of a finished backup: every item, as JSON, Secrets too')
    .option('-o, --output <file>', 'where; default NAME-data.tar.gz')
    .option('--force', 'overwrite the file')
    .action((name: string, { output, force = false }: Flags, command: Command) =>
      run(`download backup ${name}`, command, async ({ client, cli: { terminal } }) => {
        const file = output ?? `${name}-data.tar.gz`;
        if (!force && (await exists(file)))
          throw new UsageError(`${plain(file)} is there: add --force to overwrite it`);
        const contents = await (await client()).backups.contents(name);
        // Under its own name it is whole.
        const unfinished = `${file}.part`;
        try {
          await pipeline(contents, createWriteStream(unfinished, { mode: 0o600 }));
          await rename(unfinished, file);
        } catch (error) {
          await rm(unfinished, { force: true });
          throw error;
        }
        terminal.out(`Backup ${plain(name)} has been successfully downloaded to ${plain(file)}\n`);
        return exitCodes.ok;
      }),
    );
}

function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
