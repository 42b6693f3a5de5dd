import type { ShownPhase } from '../client/index.ts';

/** What the process ends with. */
export const exitCodes = { ok: 0, failed: 1, usage: 2, partiallyFailed: 3 } as const;

/** For `--help`. */
export const exitCodesHelp = `
Exit codes:
  0  done; with --wait: the run completed
  1  it failed, or a check did, or something could not be reached or found
  2  bad usage, an invalid spec or an invalid configuration
  3  with --wait: the run completed, but some items failed (PartiallyFailed)`;

/** The exit code of a command that waited for a run's end. */
export function exitCodeOf(phase: ShownPhase): number {
  if (phase === 'Completed') return exitCodes.ok;
  return phase === 'PartiallyFailed' ? exitCodes.partiallyFailed : exitCodes.failed;
}
