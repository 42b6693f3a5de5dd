import { Argument, type Command } from 'commander';
import { commandTree, nameKinds, type NameKind } from '../command-tree.ts';
import { completionScript, shells, type Shell } from '../completion.ts';
import { exitCodes } from '../exit-codes.ts';
import { plain } from '../terminal.ts';
import type { Run, Session } from './run.ts';

const help = `
bash, now and from the next login on:
  source <(bowline completion bash)
  bowline completion bash > ~/.local/share/bash-completion/completions/bowline
zsh, in a folder of $fpath:
  bowline completion zsh > ~/.zfunc/_bowline
fish:
  bowline completion fish > ~/.config/fish/completions/bowline.fish`;

/** Adds `bowline completion`, and the hidden command by which its scripts ask for names. */
export function addCompletionCommand(program: Command, run: Run): void {
  program
    .command('completion')
    .description('print a script that has a shell complete commands, flags and names')
    .addArgument(new Argument('<shell>', 'for which shell').choices(shells))
    .addHelpText('after', help)
    .action((shell: Shell, _flags: object, command: Command) =>
      run('print a completion', command, async ({ cli: { terminal } }) => {
        terminal.out(completionScript(shell, commandTree(program)));
        return exitCodes.ok;
      }),
    );
  program
    .command('names', { hidden: true })
    .description('print names, a line each, for completions: none where they can not be had in time')
    .addArgument(new Argument('<kind>').choices(nameKinds))
    .action((kind: NameKind, _flags: object, command: Command) =>
      run('print names', command, async (session) => {
        const { terminal, exit, namesWithinMs } = session.cli;
        const late = setTimeout(() => exit(exitCodes.ok), namesWithinMs);
        // Whoever types wants no complaint in the middle of a line.
        const names = await namesOf(kind, session).catch(() => []);
        clearTimeout(late);
        for (const name of names) terminal.out(`${plain(name)}\n`);
        return exitCodes.ok;
      }),
    );
}

async function namesOf(kind: NameKind, { client, config }: Session): Promise<string[]> {
  const named = (entries: readonly { readonly name: string }[]): string[] => entries.map(({ name }) => name);
  switch (kind) {
    case 'backups':
      return named(await (await client()).backups.list());
    case 'restores':
      return named(await (await client()).restores.list());
    case 'schedules':
      return named(await (await client()).schedules.list());
    case 'backup-locations':
      return named((await config()).backupStorageLocations);
    case 'snapshot-locations':
      return named((await config()).volumeSnapshotLocations);
  }
}
