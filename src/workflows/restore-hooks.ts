import { CancellationScope, condition } from '@temporalio/workflow';
import type { RestoredHook, RestoredPod } from '../activities/apply-items.ts';
import type { AwaitedContainers, WaitingPod } from '../activities/await-containers.ts';
import { parseGoDuration } from '../api/duration.ts';
import type { BatchRef } from '../api/run.ts';
import { steps, waits } from './activity-options.ts';
import { assertNotCancelled, historyIsLong, isCancelled } from './endings.ts';
import { Lanes } from './lanes.ts';
import type { RestoreRun } from './restore.ts';
import { runHook } from './run-hook.ts';

/** Restored pods with hooks that have not been run yet. */
export interface PendingHooks {
  readonly batch: BatchRef;
  /** When the pods were created, in milliseconds since 1970. */
  readonly since: number;
  pods: PendingPod[];
}

/** A pod, and those of its hooks that are pending. */
export interface PendingPod extends Omit<RestoredPod, 'hooks'> {
  hooks: readonly PendingHook[];
}

/** `index` is the hook's place among all those of the pod. */
type PendingHook = RestoredHook & { readonly index: number };

/** Pods that are waited for together: what is asked about with each wait must not grow with the backup. */
const podsPerWait = 50;

const minuteMs = 60_000;

const stopped = 'a hook that failed has stopped all others';

/** How long to wait where neither a hook nor the spec says it. Velero's default of `itemOperationTimeout`. */
const waitAtMostMs = 240 * minuteMs;

/** Runs the hooks of restored pods beside the rest of the restore, as their containers come up. */
export class RestoreHooks {
  readonly #run: RestoreRun;
  readonly #lanes = new Lanes(Infinity);
  readonly #waits = new Set<CancellationScope>();
  #following = 0;
  #running = 0;
  #isPausing = false;

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
      this.#isPausing = true;
      this.#giveUpWaits();
    });
    state.hooks = state.hooks.filter(({ pods }) => pods.length > 0);
  }

  /** Takes pods that have just been created from `batch`. */
  async add(batch: BatchRef, pods: readonly RestoredPod[]): Promise<void> {
    for (let from = 0; from < pods.length; from += podsPerWait) {
      const some = pods.slice(from, from + podsPerWait);
      const pending: PendingHooks = {
        batch,
        since: Date.now(),
        pods: some.map((pod) => ({ ...pod, hooks: pod.hooks.map((hook, index) => ({ ...hook, index })) })),
      };
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
    const begun = new Set<string>();
    await lanes.run(async () => {
      for (;;) {
        const pods = waitingPods(pending, begun);
        if (pods.length === 0 || this.#isPausing) return;
        if (state.hooksAreStopped) return this.#leaveOut(pending, pods, stopped);
        const awaited = await this.#waitFor(pending, pods);
        if (awaited === undefined || this.#isPausing) continue;
        for (const { pod, container } of awaited.up) {
          const of = pods[pod]!;
          begun.add(containerKey(of, container));
          await lanes.start(() => this.#runHooks(pending, of, container));
        }
        for (const { pod, reason } of awaited.over) await this.#leaveOut(pending, [pods[pod]!], reason);
      }
    });
  }

  /** One wait; resolves with nothing if it was given up. */
  async #waitFor(pending: PendingHooks, pods: readonly PendingPod[]): Promise<AwaitedContainers | undefined> {
    const { prepared, request, state } = this.#run;
    const limitMs = parseGoDuration(request.spec?.itemOperationTimeout ?? '') || waitAtMostMs;
    const waiting = pods.map((pod) => waitingPod(pod, pending.since, limitMs));
    const last = Math.max(...waiting.map(({ until }) => until));
    const options = {
      summary: `containers of ${pods.length} pods`,
      scheduleToCloseTimeout: Math.max(0, last - Date.now()) + 10 * minuteMs,
    };
    const scope = new CancellationScope();
    this.#waits.add(scope);
    try {
      return await scope.run(() =>
        waits.awaitContainers.executeWithOptions(options, [{ run: prepared.run, pods: waiting }]),
      );
    } catch (error) {
      if (isCancelled() || !(this.#isPausing || state.hooksAreStopped)) throw error;
      return undefined;
    } finally {
      this.#waits.delete(scope);
    }
  }

  /** The hooks of one container, in their order. */
  async #runHooks(pending: PendingHooks, pod: PendingPod, container: string): Promise<void> {
    const { prepared, state } = this.#run;
    const isFree = (): boolean => this.#running < prepared.settings.concurrency.batches;
    // Several may be woken by the same place that became free.
    while (!isFree()) await condition(isFree);
    this.#running++;
    try {
      for (const hook of pod.hooks.filter((one) => one.container === container)) {
        assertNotCancelled();
        const one = { ...pod, hooks: [hook] };
        const isLate = hook.waitTimeoutMs !== undefined && Date.now() - pending.since > hook.waitTimeoutMs;
        if (state.hooksAreStopped) await this.#leaveOut(pending, [one], stopped);
        else if (isLate) await this.#leaveOut(pending, [one], 'its turn did not come in time');
        else await this.#runHook(pending, pod, hook);
      }
    } finally {
      this.#running--;
    }
  }

  async #runHook(pending: PendingHooks, pod: PendingPod, hook: PendingHook): Promise<void> {
    const { namespace, name, from } = pod;
    const { stops } = await runHook(this.#run, {
      batch: pending.batch,
      pod: { namespace: from, name },
      at: { namespace, name },
      phase: 'restore',
      index: hook.index,
      hook: { container: hook.container, timeoutMs: hook.timeoutMs },
    });
    settle(pending, { ...pod, hooks: [hook] });
    if (stops) this.#stop();
  }

  /** Counts hooks as failed that are not run. */
  async #leaveOut(pending: PendingHooks, pods: readonly PendingPod[], reason: string): Promise<void> {
    const counts = pods.map(({ namespace, name, hooks }) => ({ namespace, name, hooks: hooks.length }));
    const hooks = counts.reduce((sum, pod) => sum + pod.hooks, 0);
    const report = await steps.reportUnrunHooks.executeWithOptions({ summary: `${hooks} hooks: ${reason}` }, [
      { ...this.#run.planned, step: this.#run.nextStep('unrun'), pods: counts, reason },
    ]);
    this.#run.report(report);
    this.#run.progress.hooks({ attempted: hooks, failed: hooks });
    for (const pod of pods) settle(pending, pod);
    if (pods.some((pod) => pod.hooks.some(({ stops }) => stops))) this.#stop();
  }

  #stop(): void {
    this.#run.state.hooksAreStopped = true;
    this.#giveUpWaits();
  }

  #giveUpWaits(): void {
    for (const scope of this.#waits) scope.cancel();
  }
}

function containerKey({ namespace, name }: PendingPod, container: string): string {
  return `${namespace}/${name}/${container}`;
}

/** The pods, with those of their hooks whose container has not been up yet. */
function waitingPods({ pods }: PendingHooks, begun: ReadonlySet<string>): PendingPod[] {
  return pods
    .map((pod) => ({ ...pod, hooks: pod.hooks.filter(({ container }) => !begun.has(containerKey(pod, container))) }))
    .filter(({ hooks }) => hooks.length > 0);
}

/** What a wait has to know of a pod: it lasts as long as the most patient of the pod's hooks. */
function waitingPod({ namespace, name, hooks }: PendingPod, since: number, limitMs: number): WaitingPod {
  const containers = [...new Set(hooks.map(({ container }) => container))].map((container) => ({
    name: container,
    ready: hooks.some((hook) => hook.container === container && hook.waitForReady),
  }));
  const until = since + Math.max(...hooks.map(({ waitTimeoutMs = limitMs }) => waitTimeoutMs));
  return { namespace, name, containers, until };
}

/** Takes hooks of a pod off the list. */
function settle(pending: PendingHooks, { namespace, name, hooks }: PendingPod): void {
  const indexes = new Set(hooks.map(({ index }) => index));
  pending.pods = pending.pods
    .map((pod) =>
      pod.namespace === namespace && pod.name === name
        ? { ...pod, hooks: pod.hooks.filter(({ index }) => !indexes.has(index)) }
        : pod,
    )
    .filter((pod) => pod.hooks.length > 0);
}
