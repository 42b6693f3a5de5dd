import type { Command } from 'commander';
import { concurrencyTexts } from '../../api/concurrency.ts';
import type { BowlineClient, Concurrency, RunHandle, Steered } from '../../client/index.ts';
import { UsageError } from '../cli.ts';
import { exitCodes } from '../exit-codes.ts';
import { capitalized } from '../format.ts';
import type { Run } from './run.ts';

/** The part of a run that is steered. */
type SteeredRun = Pick<RunHandle, 'pause' | 'resume' | 'setConcurrency'>;

/** Whose runs are steered. */
interface Steerable {
  readonly noun: 'backup' | 'restore';
  runs(client: BowlineClient): { run(name: string): Promise<SteeredRun> };
}

/** Adds `pause`, `resume` and `set-concurrency`. */
export function addSteeringCommands(parent: Command, steerable: Steerable, run: Run): void {
  const { noun } = steerable;

  /** What each command does: one thing with the run, and tells what came of it. */
  function steer(tried: string, name: string, command: Command, work: (run: SteeredRun) => Promise<string>) {
    return run(`${tried} ${noun} ${name}`, command, async ({ client, cli: { terminal } }) => {
      const handle = await steerable.runs(await client()).run(name);
      terminal.out(`${capitalized(noun)} "${name}" ${await work(handle)}\n`);
      return exitCodes.ok;
    });
  }

  parent
    .command('pause <name>')
    .description(`let a running ${noun} begin nothing new; what is under way ends`)
    .action((name: string, _: object, command: Command) =>
      steer('pause', name, command, async (handle) => {
        const { pausedSince = '' } = await handle.pause();
        return `is paused since ${pausedSince}. \`bowline ${noun} resume ${name}\` lets it go on.`;
      }),
    );
  parent
    .command('resume <name>')
    .description(`let a paused ${noun} go on`)
    .action((name: string, _: object, command: Command) =>
      steer('resume', name, command, async (handle) => {
        await handle.resume();
        return 'goes on.';
      }),
    );
  parent
    .command('set-concurrency <name>')
    .description(`change how much a running ${noun} works on at the same time, from now on`)
    .option('--batches <count>', 'batches of items')
    .option('--volumes <count>', 'volumes in each snapshot location')
    .action((name: string, flags: { batches?: string; volumes?: string }, command: Command) =>
      steer('set the concurrency of', name, command, async (handle) =>
        amounts(await handle.setConcurrency(wishOf(flags))),
      ),
    );
}

/** What is no number is sent as it is: the run tells all that is wrong at once. */
function wishOf(flags: { readonly batches?: string; readonly volumes?: string }): Partial<Concurrency> {
  const given = Object.entries(flags).filter(([name]) => name === 'batches' || name === 'volumes');
  if (given.length === 0) throw new UsageError('nothing to set: add --batches COUNT or --volumes COUNT');
  return Object.fromEntries(given.map(([name, count]) => [name, /^\d+$/.test(count) ? Number(count) : count]));
}

function amounts({ concurrency = {} }: Steered): string {
  return `works on ${concurrencyTexts(concurrency).join(' and ')} at the same time from now on.`;
}
