import { activityInfo } from '@temporalio/activity';
import { restoreUidLabel } from '../api/labels.ts';
import type { ReportRef, RunRef, StagedRef, Step } from '../api/run.ts';
import type { Unstructured } from '../api/unstructured.ts';
import type { Dependencies } from './dependencies.ts';
import { notYet } from './failures.ts';
import { activitySignal } from './lease.ts';
import type { OpenRun, Planned } from './plan.ts';
import { podKey, podRef, type PodRef } from './pod-hooks.ts';
import { Report } from './report.ts';
import type { HookedContainer, RestoredHook, RestoredPod } from './restored-pods.ts';

/** Containers to wait for. */
export interface AwaitContainersInput extends Planned {
  /** The pods that they belong to. */
  readonly pods: StagedRef;
  /** When the pods were created, in milliseconds since 1970. */
  readonly since: number;
  /** How long to wait for a pod one of whose hooks has no limit of its own. */
  readonly limitMs: number;
  /** Containers that are waited for no more, by `key`. */
  readonly begun: readonly string[];
}

/** A container, and the hooks that are to run in it. */
export interface AwaitedContainer extends PodRef {
  /** Tells it from the others of the same pods. */
  readonly key: string;
  readonly from: string;
  readonly container: string;
  readonly hooks: readonly RestoredHook[];
}

/** What has come of some containers: they are up, or will not be, or not in time. */
export interface AwaitedContainers {
  readonly up: readonly AwaitedContainer[];
  readonly over: readonly (AwaitedContainer & { readonly reason: string })[];
}

/** Hooks that are not run: of each pod so many, and why. */
export interface UnrunHooks extends Planned {
  readonly step: Step;
  readonly pods: readonly (PodRef & { readonly hooks: number; readonly reason: string })[];
}

/** The steps of a restore around its hooks. */
export interface AwaitContainersActivities {
  /**
   * Ends when a container is up (running, or ready where one of its hooks asks for that), or is over; until then each attempt
   * fails as retryable and says what it waits for. Only reads.
   */
  awaitContainers(input: AwaitContainersInput): Promise<AwaitedContainers>;
  /** The containers that are still waited for, without a look at them. Only reads. */
  remainingContainers(input: AwaitContainersInput): Promise<readonly AwaitedContainer[]>;
  /** Reports hooks that are not run as errors. Safe to repeat: each attempt writes a report of its own. */
  reportUnrunHooks(input: UnrunHooks): Promise<ReportRef>;
}

/** How long until the next look, at the least and at the most: the longer it takes, the less a second matters. */
const pollAfterMs = { least: 500, most: 10_000 };

/** The activities over a worker's dependencies. */
export function createAwaitContainers({ kubernetes, now }: Dependencies, openRun: OpenRun): AwaitContainersActivities {
  return {
    async awaitContainers(input) {
      const remaining = await readRemaining(input);
      const found = await restoredPods(input.run, new Set(remaining.map(({ pod }) => pod.namespace)));
      const up: AwaitedContainer[] = [];
      const over: AwaitedContainers['over'][number][] = [];
      for (const { awaited, pod, container } of remaining) {
        const current = found.get(podKey(pod));
        const reason = reasonToStop(current);
        if (reason !== undefined) over.push({ ...awaited, reason });
        else if (isUp(container, current!)) up.push(awaited);
        else if (now().getTime() >= lastMoment(pod, input)) over.push({ ...awaited, reason: 'it was not up in time' });
      }
      if (up.length > 0 || over.length > 0 || remaining.length === 0) return { up, over };
      const [first] = remaining;
      const waited = now().getTime() - activityInfo().scheduledTimestampMs;
      throw notYet(
        `${remaining.length} containers with hooks are not up yet, such as ${first?.awaited.container} of ${podKey(first!.pod)}`,
        Math.min(Math.max(waited / 20, pollAfterMs.least), pollAfterMs.most),
      );
    },

    async remainingContainers(input) {
      return (await readRemaining(input)).map(({ awaited }) => awaited);
    },

    async reportUnrunHooks({ step, pods, ...planned }) {
      const { staging } = await openRun(planned);
      const report = new Report(now);
      for (const { namespace, name, hooks, reason } of pods) {
        for (let index = 0; index < hooks; index++)
          report.error('Hook was not run', { groupResource: 'pods', namespace, name }, reason);
      }
      return report.write(staging, step);
    },
  };

  async function readRemaining(input: AwaitContainersInput): Promise<Remaining[]> {
    const { staging } = await openRun(input);
    const begun = new Set(input.begun);
    const pods = (await staging.readLines(input.pods)) as RestoredPod[];
    return pods
      .flatMap((pod, place) =>
        pod.containers.map((container): Remaining => {
          const { namespace, name, from } = pod;
          const { name: containerName, hooks } = container;
          const key = `${place}/${containerName}`;
          return { awaited: { key, namespace, name, from, container: containerName, hooks }, pod, container };
        }),
      )
      .filter(({ awaited }) => !begun.has(awaited.key));
  }

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

interface Remaining {
  readonly awaited: AwaitedContainer;
  readonly pod: RestoredPod;
  readonly container: HookedContainer;
}

function reasonToStop(pod: Unstructured | undefined): string | undefined {
  if (pod === undefined) return 'the pod is gone';
  const { phase } = (pod['status'] ?? {}) as { phase?: string };
  return phase === 'Succeeded' || phase === 'Failed' ? `the pod has ${phase.toLowerCase()}` : undefined;
}

function isUp({ name, hooks }: HookedContainer, pod: Unstructured): boolean {
  const { containerStatuses = [], initContainerStatuses = [] } = (pod['status'] ?? {}) as Readonly<
    Record<string, readonly { name: string; ready?: boolean; state?: { running?: object } }[] | undefined>
  >;
  const status = [...containerStatuses, ...initContainerStatuses].find((one) => one.name === name);
  const isEnough = hooks.some(({ waitForReady }) => waitForReady) ? status?.ready : status?.state?.running;
  return Boolean(isEnough);
}

/** A pod is waited for as long as the most patient of its hooks says. */
function lastMoment({ containers }: RestoredPod, { since, limitMs }: AwaitContainersInput): number {
  const waits = containers.flatMap(({ hooks }) => hooks.map(({ waitTimeoutMs = limitMs }) => waitTimeoutMs));
  return since + Math.max(...waits);
}
