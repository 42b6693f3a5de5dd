import type { Command } from 'commander';
import { expandBooleans } from '../../src/cli/flags.ts';
import { createProgram } from '../../src/cli/program.ts';
import { shellWords } from '../support/shell-words.ts';

const silent = { out: () => undefined, err: () => undefined, color: false };

/** The command that a line is understood as, such as `backup create`; it is not run. Rejects if the program does not take the line. */
export async function understood(line: string): Promise<string> {
  const [, ...args] = shellWords(line.split(/ [>|] /)[0]!);
  const runs: string[] = [];
  const program = createProgram(silent, async (_tried, command) => void runs.push(pathOf(command)));
  await program.parseAsync(expandBooleans(args), { from: 'user' });
  return runs.join();
}

function pathOf(command: Command): string {
  const names: string[] = [];
  for (let one: Command | null = command; one?.parent; one = one.parent) names.unshift(one.name());
  return names.join(' ');
}
