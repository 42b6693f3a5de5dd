import { activityInfo } from '@temporalio/activity';
import type { ReportRef, RunRef, Step } from '../api/run.ts';
import { restoreUidLabel } from '../api/labels.ts';
import type { Unstructured } from '../api/unstructured.ts';
import type { Dependencies } from './dependencies.ts';
import { notYet } from './failures.ts';
import { activitySignal } from './lease.ts';
import type { OpenRun, Planned } from './plan.ts';
import { podKey, podRef, type PodRef } from './pod-hooks.ts';
import { Report } from './report.ts';

/** A restored pod whose containers are waited for. `namespace` is the one restored into. */
export interface WaitingPod extends PodRef {
  readonly containers: readonly { readonly name: string; readonly ready: boolean }[];
  /** When to stop waiting, in milliseconds since 1970. */
  readonly until: number;
}

/** What has come of some of them, by their place in the list that was asked about; of each pod at most one of the two. */
export interface AwaitedContainers {
  readonly up: readonly { readonly pod: number; readonly container: string }[];
  /** Pods that no container will come up in any more, or not in time. */
  readonly over: readonly { readonly pod: number; readonly reason: string }[];
}

/** The steps of a restore around its hooks. */
export interface AwaitContainersActivities {
  /**
   * Ends when a container is up (running, or ready where that is asked for), or a pod is over; until then each attempt fails as
   * retryable and says what it waits for. Only reads.
   */
  awaitContainers(input: { readonly run: RunRef; readonly pods: readonly WaitingPod[] }): Promise<AwaitedContainers>;
  /** Reports hooks that are not run as errors. Safe to repeat: each attempt writes a report of its own. */
  reportUnrunHooks(input: UnrunHooks): Promise<ReportRef>;
}

/** Hooks that are not run, and why. */
export interface UnrunHooks extends Planned {
  readonly step: Step;
  readonly pods: readonly (PodRef & { readonly hooks: number })[];
  readonly reason: string;
}

/** How long until the next look, at the least and at the most: the longer it takes, the less a second matters. */
const pollAfterMs = { least: 500, most: 10_000 };

/** The activities over a worker's dependencies. */
export function createAwaitContainers({ kubernetes, now }: Dependencies, openRun: OpenRun): AwaitContainersActivities {
  return {
    async awaitContainers({ run, pods }) {
      const found = await restoredPods(run, new Set(pods.map(({ namespace }) => namespace)));
      const up: { pod: number; container: string }[] = [];
      const over: { pod: number; reason: string }[] = [];
      for (const [index, waiting] of pods.entries()) {
        const reason = reasonToStop(found.get(podKey(waiting)));
        const running = reason === undefined ? containersUp(waiting, found.get(podKey(waiting))!) : [];
        if (reason !== undefined) over.push({ pod: index, reason });
        else if (running.length > 0) up.push(...running.map((container) => ({ pod: index, container })));
        else if (now().getTime() >= waiting.until) over.push({ pod: index, reason: 'no container was up in time' });
      }
      if (up.length > 0 || over.length > 0) return { up, over };
      const [first] = pods;
      const waited = now().getTime() - activityInfo().scheduledTimestampMs;
      throw notYet(
        `${pods.length} pods have hooks and no container that is up, such as ${first && podKey(first)}`,
        Math.min(Math.max(waited / 20, pollAfterMs.least), pollAfterMs.most),
      );
    },

    async reportUnrunHooks({ step, pods, reason, ...planned }) {
      const { staging } = await openRun(planned);
      const report = new Report(now);
      for (const { namespace, name, hooks } of pods) {
        for (let index = 0; index < hooks; index++)
          report.error('Hook was not run', { groupResource: 'pods', namespace, name }, reason);
      }
      return report.write(staging, step);
    },
  };

  /** The pods that the restore has created in some namespaces. */
  async function restoredPods(run: RunRef, namespaces: ReadonlySet<string>): Promise<Map<string, Unstructured>> {
    const signal = activitySignal();
    const resource = (await kubernetes.discover({ signal })).find('pods')!;
    const found = new Map<string, Unstructured>();
    for (const namespace of namespaces) {
      const options = { namespace, labelSelector: `${restoreUidLabel}=${run.uid}`, signal };
      for await (const { items } of kubernetes.listPages(resource, options))
        for (const item of items) found.set(podKey(podRef(item)), item);
    }
    return found;
  }
}

function reasonToStop(pod: Unstructured | undefined): string | undefined {
  if (pod === undefined) return 'the pod is gone';
  const { phase } = (pod['status'] ?? {}) as { phase?: string };
  return phase === 'Succeeded' || phase === 'Failed' ? `the pod has ${phase.toLowerCase()}` : undefined;
}

function containersUp({ containers }: WaitingPod, pod: Unstructured): string[] {
  const { containerStatuses = [], initContainerStatuses = [] } = (pod['status'] ?? {}) as Readonly<
    Record<string, readonly { name: string; ready?: boolean; state?: { running?: object } }[] | undefined>
  >;
  const statuses = [...containerStatuses, ...initContainerStatuses];
  return containers
    .filter(({ name, ready }) => {
      const status = statuses.find((one) => one.name === name);
      return ready ? status?.ready : status?.state?.running;
    })
    .map(({ name }) => name);
}
