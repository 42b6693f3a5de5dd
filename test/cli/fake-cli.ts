import type { BowlineClient } from '../../src/client/index.ts';
import type { Cli } from '../../src/cli/cli.ts';
import type { FollowedRun } from '../../src/cli/follow.ts';
import { runCommandLine } from '../../src/cli/program.ts';
import type { RunResult, RunStatus } from '../../src/client/index.ts';
import { parseConfig } from '../../src/config.ts';

/** What a command line wrote, and its exit code. */
export interface Ran {
  readonly exitCode: number;
  readonly out: string;
  readonly err: string;
  /** Whether the client it had made was closed. */
  readonly closed: boolean;
}

/** The members of a client that a test answers for. */
export interface FakeClient {
  readonly backups?: object;
  readonly restores?: object;
  readonly backupLocations?: object;
  readonly schedules?: object;
  readonly setUp?: () => Promise<object>;
}

/** Runs a command line in this process against a client of the test's own. The time is 2026-01-12T03:04:05Z. */
export async function runCli(
  args: readonly string[],
  client: FakeClient = {},
  others: Partial<Cli> & { readonly debug?: boolean } = {},
): Promise<Ran> {
  const ran = { out: '', err: '', closed: false };
  const close = async (): Promise<void> => void (ran.closed = true);
  const exitCode = await runCommandLine(args, {
    terminal: {
      out: (text) => void (ran.out += text),
      err: (text) => void (ran.err += text),
      color: false,
    },
    loadConfig: async () => parseConfig('', { file: 'the test', env: {} }),
    connect: async () => ({ ...client, close }) as unknown as BowlineClient,
    now: () => new Date('2026-01-12T03:04:05Z'),
    onInterrupt: () => () => undefined,
    exit: () => undefined,
    acceptWithinMs: 20,
    namesWithinMs: 1_000,
    debug: false,
    ...others,
  });
  return { exitCode, ...ran };
}

/** The status of a backup that has come so far. */
export function statusOf(phase: RunStatus['phase'], others: Partial<RunStatus> = {}): RunStatus {
  return {
    kind: 'Backup',
    name: 'shop',
    uid: 'uid-1',
    phase,
    step: 'collecting items',
    progress: { totalItems: 4, totalIsEstimate: false, doneItems: 1, resources: {} },
    volumes: { attempted: 0, completed: 0, failed: 0 },
    warnings: 0,
    errors: 0,
    startTimestamp: '2026-01-12T03:04:00Z',
    ...others,
  };
}

/** The result of a backup of four items. */
export function resultOf(phase: RunResult['phase'], others: Partial<RunResult> = {}): RunResult {
  const volumes = { attempted: 0, completed: 0, failed: 0 };
  return { name: 'shop', uid: 'uid-1', phase, items: 4, warnings: 0, errors: 0, volumes, seconds: 14, ...others };
}

/** A run that tells the statuses and then ends with the result; without one it never ends. */
export function fakeRun(statuses: readonly RunStatus[], result?: RunResult | Error): FollowedRun {
  return {
    taskQueue: 'bowline',
    troubles: async () => ['discover /api: no answer'],
    async *watch({ signal } = {}) {
      yield* statuses;
      if (result !== undefined) return;
      await new Promise((resolve) => signal?.addEventListener('abort', resolve, { once: true }));
    },
    async result() {
      if (result === undefined || result instanceof Error) throw result ?? new Error('the run goes on');
      return result;
    },
  };
}
