import type { Command } from 'commander';
import type { Run } from './run.ts';

/** Adds `bowline setup`. */
export function addSetupCommand(program: Command, run: Run): void {
  program
    .command('setup')
    .description('prepare Temporal: search attributes, and the schedules of expiry and of looks at locations')
    .action((_flags: object, command: Command) =>
      run('set up', command, async ({ client, cli: { terminal } }) => {
        const { searchAttributes, schedules } = await (await client()).setUp();
        for (const { id, isNew } of schedules)
          terminal.out(isNew ? `Schedule "${id}" created successfully.\n` : `Schedule "${id}" is there already.\n`);
        terminal.out(searchAttributes ? 'Search attributes are registered.\n' : '');
        if (!searchAttributes)
          terminal.err(
            'search attributes could not be registered: runs go without; let an administrator run this once\n',
          );
        return 0;
      }),
    );
}
