import type { Command } from 'commander';
import { errorCode, type BowlineClient, type RunHandle, type ShownPhase } from '../../client/index.ts';
import { exitCodes } from '../exit-codes.ts';
import { capitalized } from '../format.ts';
import type { Run } from './run.ts';

/** The part of a client that finds a run. */
interface Runs {
  run(name: string): Promise<Pick<RunHandle, 'cancel' | 'result'>>;
}

/** Adds `cancel`. */
export function addCancelCommand(
  parent: Command,
  { noun, runs }: { readonly noun: 'backup' | 'restore'; runs(client: BowlineClient): Runs },
  run: Run,
): void {
  parent
    .command('cancel <name>')
    .description(`stop a running ${noun}; ${left[noun]}`)
    .option('-w, --wait', 'wait until it has cleaned up')
    .action((name: string, { wait }: { wait?: boolean }, command: Command) =>
      run(`cancel ${noun} ${name}`, command, async ({ client, cli: { terminal } }) => {
        const handle = await runs(await client()).run(name);
        await handle.cancel();
        terminal.out(`Request to cancel ${noun} "${name}" submitted successfully.\n`);
        if (!wait) return exitCodes.ok;
        // It may have ended by itself a moment before.
        const phase = await handle.result().then((result) => result.phase, cancelled);
        terminal.out(`${capitalized(noun)} ended with status: ${phase}.\n`);
        return exitCodes.ok;
      }),
    );
}

/** What a run was asked to be is no error. */
function cancelled(error: unknown): ShownPhase {
  if (errorCode(error) === 'Interrupted') return 'Cancelled';
  throw error;
}

const left = {
  backup: 'what it has made is removed, snapshots included',
  restore: 'what it has created in the cluster stays',
};
