import type { CheckOutcome, ConformanceResult, ConformanceRun } from '../client/index.ts';
import type { Cli } from './cli.ts';
import { exitCodes } from './exit-codes.ts';
import { structured } from './output.ts';
import { coloredPhase, plain, type Terminal } from './terminal.ts';

/** The part of the checks that is followed. */
export type FollowedChecks = Pick<ConformanceRun, 'taskQueue' | 'watch' | 'result' | 'cancel'>;

/**
 * Tells how each check of a location went, as it ends, and resolves with the exit code. On Ctrl-C the checks are cancelled, and their
 * end is waited for: by then what they wrote is gone.
 */
export async function followChecks(handle: FollowedChecks, format: 'text' | 'json', cli: Cli): Promise<number> {
  const { out, err } = cli.terminal;
  const tell = format === 'text' ? new Told(cli.terminal) : undefined;
  const silence = setTimeout(
    () => err(`no worker answers on task queue ${handle.taskQueue}: the checks begin when one runs\n`),
    cli.acceptWithinMs,
  );
  const release = cli.onInterrupt(() => {
    err('Stopping the checks, and removing what they wrote. Ctrl-C again ends the waiting, not the removal.\n');
    handle.cancel().catch((error: unknown) => err(`the checks go on: ${plain((error as Error).message)}\n`));
  });
  try {
    for await (const { checks } of handle.watch({ everyMs: 200 })) {
      clearTimeout(silence);
      tell?.upTo(checks);
    }
    const result = await handle.result();
    tell?.upTo(result.checks);
    out(format === 'text' ? summary(result) : structured(result, 'json'));
    return result.failed === 0 ? exitCodes.ok : exitCodes.failed;
  } finally {
    clearTimeout(silence);
    release();
  }
}

/** Tells each outcome once. */
class Told {
  readonly #terminal: Terminal;
  #count = 0;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  upTo(checks: readonly CheckOutcome[]): void {
    for (const { title, outcome, message } of checks.slice(this.#count)) {
      const lines = (message ?? '').split('\n').filter(Boolean);
      const told = [title, ...lines].map(plain).join('\n         ');
      this.#terminal.out(`${coloredPhase(outcome, this.#terminal)}${' '.repeat(9 - outcome.length)}${told}\n`);
    }
    this.#count = Math.max(this.#count, checks.length);
  }
}

function summary({ url, passed, failed, skipped }: ConformanceResult): string {
  return `${plain(url)}: ${passed} passed, ${failed} failed, ${skipped} skipped\n`;
}
