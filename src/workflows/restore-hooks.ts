import { CancellationScope, condition } from '@temporalio/workflow';
import type { AwaitContainersInput, AwaitedContainer, AwaitedContainers } from '../activities/await-containers.ts';
import type { RestoredPodsRef } from '../activities/restored-pods.ts';
import type { BatchRef } from '../api/run.ts';
import { steps, waits } from './activity-options.ts';
import { assertNotCancelled, historyIsLong, isCancelled } from './endings.ts';
import { Lanes } from './lanes.ts';
import type { RestoreRun } from './restore.ts';
import { runHook } from './run-hook.ts';

/** Restored pods whose hooks have not all been run. */
export interface PendingHooks {
  /** The pods as they were restored. */
  readonly batch: BatchRef;
  readonly pods: RestoredPodsRef;
  /** When they were created, in milliseconds since 1970. */
  readonly since: number;
  /** Containers whose hooks have been begun; between two Temporal runs all of these are done. */
  readonly begun: string[];
}

const minuteMs = 60_000;

const stopped = 'a hook that failed has stopped all others';

/** Runs the hooks of restored pods beside the rest of the restore, as their containers come up. */
export class RestoreHooks {
  readonly #run: RestoreRun;
  readonly #lanes = new Lanes(Infinity);
  readonly #waits = new Set<CancellationScope>();
  #following = 0;
  #running = 0;
  #isLeaving = false;

  constructor(run: RestoreRun) {
    this.#run = run;
  }

  /**
   * Does `work`, which adds pods, and runs hooks until all are done or the history is long: then the waits are given up, for the
   * next Temporal run to begin anew. Rejects with the first failure of any; nothing is in flight after it.
   */
  async run(work: () => Promise<void>): Promise<void> {
    const { state, progress } = this.#run;
    await this.#lanes.run(async () => {
      for (const pending of state.hooks) await this.#start(pending);
      await work();
      if (this.#following > 0) progress.step('waiting for hooks');
      await condition(() => this.#following === 0 || historyIsLong());
      this.#isLeaving = true;
      this.#giveUpWaits();
    });
    state.hooks = state.hooks.filter((pending) => !isDone(pending));
  }

  /** Takes pods that have just been created from `batch`. */
  async add(batch: BatchRef, hooked: readonly RestoredPodsRef[]): Promise<void> {
    for (const pods of hooked) {
      const pending: PendingHooks = { batch, pods, since: Date.now(), begun: [] };
      this.#run.state.hooks.push(pending);
      await this.#start(pending);
    }
  }

  async #start(pending: PendingHooks): Promise<void> {
    this.#following++;
    await this.#lanes.start(() => this.#follow(pending).finally(() => this.#following--));
  }

  /** Waits, again and again, for containers of some pods, and runs the hooks of each that is up beside the wait for the others. */
  async #follow(pending: PendingHooks): Promise<void> {
    const { state } = this.#run;
    const lanes = new Lanes(Infinity);
    await lanes.run(async () => {
      while (!isDone(pending) && !this.#isLeaving) {
        const awaited = state.hooksAreStopped ? await this.#stopped(pending) : await this.#waitFor(pending);
        if (this.#isLeaving) return;
        for (const container of awaited?.up ?? []) {
          pending.begun.push(container.key);
          await lanes.start(() => this.#runHooks(pending, container));
        }
        const over = awaited?.over ?? [];
        pending.begun.push(...over.map(({ key }) => key));
        if (over.length > 0) await this.#leaveOut(over);
      }
    });
  }

  /** One wait; resolves with nothing if it was given up. */
  async #waitFor(pending: PendingHooks): Promise<AwaitedContainers | undefined> {
    const input = this.#inputOf(pending);
    const left = pending.pods.containers - pending.begun.length;
    const lastMoment = pending.since + (pending.pods.waitMs ?? input.limitMs);
    const options = {
      summary: `${left} containers`,
      scheduleToCloseTimeout: Math.max(0, lastMoment - Date.now()) + 10 * minuteMs,
    };
    const scope = new CancellationScope();
    this.#waits.add(scope);
    try {
      return await scope.run(() => waits.awaitContainers.executeWithOptions(options, [input]));
    } catch (error) {
      if (isCancelled() || !(this.#isLeaving || this.#run.state.hooksAreStopped)) throw error;
      return undefined;
    } finally {
      this.#waits.delete(scope);
    }
  }

  /** What is not waited for any more. */
  async #stopped(pending: PendingHooks): Promise<AwaitedContainers> {
    const options = { summary: `${pending.pods.containers - pending.begun.length} containers` };
    const remaining = await steps.remainingContainers.executeWithOptions(options, [this.#inputOf(pending)]);
    return { up: [], over: remaining.map((container) => ({ ...container, reason: stopped })) };
  }

  #inputOf({ pods, since, begun }: PendingHooks): AwaitContainersInput {
    const { planned, prepared } = this.#run;
    const { key, sha256, bytes } = pods;
    const limitMs = prepared.settings.itemOperationTimeoutMs;
    return { ...planned, pods: { key, sha256, bytes }, since, limitMs, begun: [...begun] };
  }

  /** The hooks of one container, in their order. */
  async #runHooks(pending: PendingHooks, container: AwaitedContainer): Promise<void> {
    const { steering, state } = this.#run;
    // A pause does not hold them: the time until which they have to run goes on.
    const isFree = (): boolean => this.#running < steering.batches;
    // Several may be woken by the same place that became free.
    while (!isFree()) await condition(isFree);
    this.#running++;
    try {
      for (const hook of container.hooks) {
        assertNotCancelled();
        const leaveOut = (reason: string) => this.#leaveOut([{ ...container, hooks: [hook], reason }]);
        const isLate = hook.waitTimeoutMs !== undefined && Date.now() - pending.since > hook.waitTimeoutMs;
        if (state.hooksAreStopped) await leaveOut(stopped);
        else if (isLate) await leaveOut('its turn did not come in time');
        else await this.#runHook(pending, container, hook);
      }
    } finally {
      this.#running--;
    }
  }

  async #runHook({ batch }: PendingHooks, container: AwaitedContainer, hook: AwaitedContainer['hooks'][number]) {
    const { namespace, name, from } = container;
    const { stops } = await runHook(this.#run, {
      batch,
      pod: { namespace: from, name },
      at: { namespace, name },
      phase: 'restore',
      index: hook.index,
      timeoutMs: hook.timeoutMs,
    });
    if (stops) this.#stop();
  }

  /** Counts hooks as failed that are not run. */
  async #leaveOut(containers: AwaitedContainers['over']): Promise<void> {
    const hooks = containers.flatMap((container) => container.hooks);
    const pods = containers.map(({ namespace, name, hooks: ofPod, reason }) => ({
      ...{ namespace, name, reason },
      hooks: ofPod.length,
    }));
    const report = await steps.reportUnrunHooks.executeWithOptions({ summary: `${hooks.length} hooks` }, [
      { ...this.#run.planned, step: this.#run.nextStep('unrun'), pods },
    ]);
    this.#run.report(report);
    this.#run.progress.hooks({ attempted: hooks.length, failed: hooks.length });
    if (hooks.some(({ stops }) => stops)) this.#stop();
  }

  #stop(): void {
    this.#run.state.hooksAreStopped = true;
    this.#giveUpWaits();
  }

  #giveUpWaits(): void {
    for (const scope of this.#waits) scope.cancel();
  }
}

function isDone({ pods, begun }: PendingHooks): boolean {
  return begun.length >= pods.containers;
}
