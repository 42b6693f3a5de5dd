import type { RunHandle, RunResult, RunStatus } from '../client/index.ts';
import type { Cli } from './cli.ts';
import { exitCodeOf, exitCodes } from './exit-codes.ts';
import { capitalized, size, spanOfSeconds } from './format.ts';
import { progressView } from './progress.ts';
import { plain } from './terminal.ts';

/** The part of a run that is followed. */
export type FollowedRun = Pick<RunHandle, 'taskQueue' | 'watch' | 'result' | 'troubles'>;

/** How a run that was started is told of. */
interface Followed {
  /** `backup`, `restore`, `deletion of backup`. */
  readonly what: string;
  /** Said once the request is known to be good, or nothing is known against it. */
  readonly started: string;
  /** Where to look then. */
  readonly hint: string;
  readonly wait: boolean;
}

/** Phases of a run that has not passed validation, or is about to fail. */
const unsettled: readonly RunStatus['phase'][] = ['New', 'FailedValidation', 'Failed', 'Cancelled'];

/** Waits until the run is past validation, or to its end, and says what came of it. Resolves with the exit code. */
export async function follow(handle: FollowedRun, { what, started, hint, wait }: Followed, cli: Cli): Promise<number> {
  const { out, err } = cli.terminal;
  const answer = await awaitAcceptance(handle, cli.acceptWithinMs);
  out(`${started}\n`);
  if (answer === 'silence')
    err(`no worker answers on task queue ${handle.taskQueue}: the ${what} is started, and begins when one runs\n`);
  if (answer === 'not yet') {
    err(`the ${what} is started, and is still being validated\n`);
    for (const trouble of await handle.troubles()) err(`it is tried again after: ${plain(trouble)}\n`);
  }
  if (!wait) {
    out(`${hint}\n`);
    return exitCodes.ok;
  }
  err(`Waiting for the ${what} to complete. Ctrl-C ends the waiting, not the ${what}.\n`);
  const result = await awaitEnd(handle, cli);
  out(`${summary(what, result)}\n${hint}\n`);
  for (const remark of result.remarks ?? []) err(`${plain(remark)}\n`);
  return exitCodeOf(result.phase);
}

/** Whether the run has passed validation. Rejects with why it has not; waits `withinMs` at the most. */
async function awaitAcceptance(handle: FollowedRun, withinMs: number): Promise<'accepted' | 'not yet' | 'silence'> {
  const signal = AbortSignal.timeout(withinMs);
  let answered = false;
  for await (const { phase } of handle.watch({ signal, everyMs: 100 })) {
    if (!unsettled.includes(phase)) return 'accepted';
    answered = true;
  }
  if (signal.aborted) return answered ? 'not yet' : 'silence';
  await handle.result();
  return 'accepted';
}

async function awaitEnd(handle: FollowedRun, cli: Cli): Promise<RunResult> {
  const view = progressView(cli.terminal, cli.now);
  try {
    for await (const status of handle.watch({ everyMs: 500 })) view.show(status);
  } finally {
    view.end();
  }
  return handle.result();
}

/** `Backup completed with status: Completed (12 items, …)`: the words are Velero's. */
function summary(what: string, { phase, items, warnings, errors, volumes, bytes, seconds }: RunResult): string {
  const counts = [
    `${items} items`,
    `${warnings} warnings`,
    `${errors} errors`,
    ...(volumes.attempted > 0 ? [`${volumes.completed} of ${volumes.attempted} volumes`] : []),
    ...(bytes === undefined ? [] : [size(bytes)]),
    spanOfSeconds(seconds),
  ];
  return `${capitalized(what)} completed with status: ${phase} (${counts.join(', ')}).`;
}
