import { errorCode, type BowlineError, type ErrorCode } from '../client/index.ts';
import { exitCodes } from './exit-codes.ts';

/** How to mend what a code tells of. */
const hints: Partial<Record<ErrorCode, string>> = {
  AccessDenied: 'check the credentials that the configuration and the environment name',
  InvalidConfig: 'mend the configuration, or the variables that override it',
  NotFound: '`get` lists what is there',
  Throttled: 'try again later',
  Unavailable: 'check that it is running, and its address in the configuration; then try again',
};

/** What a command that failed tells, one line each, and the exit code. */
interface Complaint {
  readonly lines: readonly string[];
  readonly exitCode: number;
}

/** What to tell of any thrown value. Never a stack trace, unless `debug`. */
export function complaintOf(error: unknown, { tried, debug }: { tried: string; debug: boolean }): Complaint {
  const code = errorCode(error);
  const isUsage = code === 'InvalidSpec' || code === 'InvalidConfig' || (error as Error).name === 'UsageError';
  const hint = code === undefined ? undefined : hintFor(error as BowlineError);
  const lines = problemsOf(error).map((problem) => {
    const text = problem.startsWith(`${tried}: `) ? problem : `${tried}: ${problem}`;
    return `error: ${oneLine(text)}${hint === undefined ? '' : ` (${hint})`}`;
  });
  const stack = debug && error instanceof Error ? [error.stack ?? '', ...causes(error)] : [];
  return { lines: [...lines, ...stack], exitCode: isUsage ? exitCodes.usage : exitCodes.failed };
}

function problemsOf(error: unknown): readonly string[] {
  const { problems } = error as { problems?: readonly string[] };
  if (problems !== undefined && problems.length > 0) return problems;
  return [error instanceof Error ? error.message : String(error)];
}

/** A run's own failure says what is to be done, if anything; what a cancelled one was, its canceller knows. */
function hintFor(error: BowlineError): string | undefined {
  return error.name === 'RunError' ? undefined : hints[error.code];
}

function causes({ cause }: Error): string[] {
  return cause instanceof Error ? [`caused by ${cause.stack ?? cause.message}`, ...causes(cause)] : [];
}

function oneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, ' ');
}
