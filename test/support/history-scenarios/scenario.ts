import type { Activities } from '../../../src/activities/index.ts';
import { pauseUpdate, resumeUpdate, setConcurrencyUpdate } from '../../../src/workflows/messages.ts';
import type { ExecuteBatch } from '../action-worker.ts';
import { held, quiet } from '../paused-runs.ts';
import type { StubActivities } from '../stub-activities.ts';
import type { StartedRun, StartRun } from '../workflow-runner.ts';

/** One way through a workflow, of which a history is kept. */
export interface HistoryScenario {
  readonly workflow: Parameters<StartRun>[0];
  /** What tells it from the workflow's others; after the workflow's type, it names the files. */
  readonly scenario: string;
  /** What activities do that is out of the ordinary. `actionQueue` is the task queue of `elsewhere`. */
  readonly stubs?: (actionQueue: string) => Partial<Activities>;
  /** Further members of the workflow's argument. */
  readonly others?: object;
  /** What is done while it runs. Default: nothing. */
  readonly meanwhile?: (started: StartedRun, stubs: StubActivities) => Promise<unknown>;
  /** What the worker of item actions does with each batch. Default: there is no such worker. */
  readonly elsewhere?: ExecuteBatch;
  /** The histories of its children are kept too, each under the name of its volume. */
  readonly keepsChildren?: true;
  /** The history counts as long after 60 events already, and goes on in fresh ones. */
  readonly isLong?: true;
}

/** Pauses a run while the first call of an activity is under way, and resumes it, to work on three batches, when nothing is. */
export function pausedDuring(
  workflow: 'backup' | 'restore',
  name: keyof Activities,
  overrides: Partial<Activities> = {},
): HistoryScenario {
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  return {
    workflow,
    scenario: 'paused',
    stubs: () => held(overrides, { name, released }),
    async meanwhile(started, stubs) {
      await stubs.called(name);
      await started.executeUpdate(pauseUpdate);
      release();
      await quiet(started);
      await started.executeUpdate(setConcurrencyUpdate, { args: [{ batches: 3 }] });
      await started.executeUpdate(resumeUpdate);
    },
  };
}

/** Cancels a run while the first call of an activity is under way. */
export function cancelDuring(name: keyof Activities): NonNullable<HistoryScenario['meanwhile']> {
  return async (started, stubs) => {
    await stubs.called(name);
    await started.cancel();
  };
}
