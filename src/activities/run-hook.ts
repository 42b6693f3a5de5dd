import { activityInfo } from '@temporalio/activity';
import { BowlineError, errorCode, errorText } from '../api/errors.ts';
import type { BatchRef, ReportRef, Step } from '../api/run.ts';
import type { ExecOutcome } from '../kubernetes/client.ts';
import type { Hook } from '../selection/hook.ts';
import type { Dependencies } from './dependencies.ts';
import { activitySignal, assertLease } from './lease.ts';
import type { BackupPlan, OpenRun, Planned, RestorePlan } from './plan.ts';
import { podKey, type HookPhase, type PodRef, type ReadHooks } from './pod-hooks.ts';
import { Report } from './report.ts';
import type { Staging } from './staging.ts';

/** Which hook of which pod to run: the command is read where it lies, with the pod. */
export interface RunHookInput extends Planned {
  readonly step: Step;
  readonly batch: BatchRef;
  /** As it is in the batch. */
  readonly pod: PodRef;
  readonly phase: HookPhase;
  /** Its place among the pod's hooks of that phase. */
  readonly index: number;
}

/** What came of a hook. */
export interface RanHook {
  readonly report: ReportRef;
  readonly failed: boolean;
  /** It failed, and says that nothing of its kind is to go on then. */
  readonly stops: boolean;
}

/** The step that runs a command in a pod. */
export interface RunHookActivities {
  /**
   * Runs one hook. A command that may have run is not run again without a word: before one of a backup's `pre` hooks or a
   * restore's is sent, a mark is put that only one attempt can put, and an attempt that finds it counts the hook as failed. A
   * `post` hook thaws what is frozen, so it is run again when nobody knows whether it did, and a warning says so.
   */
  runHook(input: RunHookInput): Promise<RanHook>;
}

/** How often a `post` hook is sent whose connection breaks each time. */
const sentAtMost = 3;

const phaseNames = { pre: 'pre hook', post: 'post hook', restore: 'restore hook' } as const;

/** The activities over a worker's dependencies. */
export function createRunHook(
  { kubernetes, now }: Dependencies,
  { openRun, readHooks }: { readonly openRun: OpenRun; readonly readHooks: ReadHooks },
): RunHookActivities {
  return {
    async runHook(input) {
      const opened = await openRun<BackupPlan | RestorePlan>(input);
      const hooked = (await readHooks(input, opened)).get(podKey(input.pod));
      const hook = hooked?.hooks[input.phase]?.[input.index];
      if (hooked === undefined || hook === undefined)
        throw new BowlineError(
          'NotFound',
          `run hook ${input.index} of ${podKey(input.pod)}: ${input.batch.key} has none`,
        );

      const what = `${phaseNames[input.phase]} ${hook.source} in container ${hook.container}`;
      const item = { groupResource: 'pods', ...hooked.pod };
      const report = new Report(now);
      for (const warning of hook.warnings ?? []) report.warning(warning, item);
      if (!isOnce(input.phase) && activityInfo().attempt > 1)
        report.warning(`Running ${what} again: an earlier attempt broke off, and may have run it`, item);
      const { problem, output } = await run(input, { staging: opened.staging, pod: hooked.pod, hook });
      for (const [stream, text] of Object.entries(output ?? {}))
        if (text !== '') report.info(`${what} wrote to ${stream}: ${text}`, item);
      if (problem === undefined) report.info(`Ran ${what}`, item);
      else report.error(`Error running ${what}`, item, problem);
      const failed = problem !== undefined;
      return {
        report: await report.write(opened.staging, input.step),
        failed,
        stops: failed && hook.onError === 'Fail',
      };
    },
  };

  async function run(
    { step, phase }: RunHookInput,
    { staging, pod, hook }: { readonly staging: Staging; readonly pod: PodRef; readonly hook: Hook },
  ): Promise<{ problem?: string; output?: Pick<ExecOutcome, 'stdout' | 'stderr'> }> {
    const { container, command, timeoutMs, problem } = hook;
    if (problem) return { problem };
    const once = isOnce(phase);
    if (once && !(await staging.mark(step)))
      return { problem: 'an earlier attempt was cut off; it may have run, and is not repeated' };
    assertLease();
    const signal = activitySignal();
    try {
      const { stdout, stderr, ...outcome } = await kubernetes.exec(pod, { container, command, timeoutMs, signal });
      const failure = failureOf(outcome, timeoutMs);
      return {
        output: { stdout, stderr },
        ...(failure !== undefined && { problem: withoutArguments(failure, command) }),
      };
    } catch (error) {
      const code = errorCode(error);
      const unheard = code === 'Unavailable' || code === 'Throttled';
      if (unheard && once) await staging.unmark(step);
      const again = !once && code === 'Interrupted' && activityInfo().attempt < sentAtMost;
      if (unheard || again || signal.aborted) throw error;
      return { problem: withoutArguments(errorText(error), command) };
    }
  }
}

/** Shorter arguments are flags and the like. */
const shortestArgument = 8;

/** Servers quote the command that failed, whose arguments may hold a password. The program stays: it may be what is missing. */
function withoutArguments(text: string, [, ...args]: readonly string[]): string {
  return args
    .filter(({ length }) => length >= shortestArgument)
    .toSorted((a, b) => b.length - a.length)
    .reduce((clean, one) => clean.replaceAll(one, '[…]'), text);
}

/** Whether the command may not be run twice. */
function isOnce(phase: HookPhase): boolean {
  return phase !== 'post';
}

function failureOf({ ended, exitCode, message }: Omit<ExecOutcome, 'stdout' | 'stderr'>, timeoutMs: number) {
  switch (ended) {
    case 'succeeded':
      return undefined;
    case 'timedOut':
      return `timed out after ${timeoutMs / 1_000} s; the command may go on`;
    case 'failed':
      return exitCode === undefined ? message : `exit code ${exitCode}: ${message}`;
  }
}
