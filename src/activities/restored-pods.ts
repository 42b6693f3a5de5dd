import type { Restore } from '../api/restore.ts';
import type { StagedRef, Step } from '../api/run.ts';
import type { Unstructured } from '../api/unstructured.ts';
import { restoreHooks, type RestoredPodHook, type RestoredPodHooks } from '../selection/restore-hooks.ts';
import { podRef, type PodRef } from './pod-hooks.ts';
import type { Report } from './report.ts';
import type { Staging } from './staging.ts';

/** Pods that a restore has created, with hooks, in staging. */
export interface RestoredPodsRef extends StagedRef {
  /** Containers that have hooks, over all of these pods. */
  readonly containers: number;
  /** The longest time that any of the hooks may wait, in milliseconds; absent if one has no limit. */
  readonly waitMs?: number;
}

/** A restored pod, in the namespace restored into. */
export interface RestoredPod extends PodRef {
  /** The namespace that it has in its batch. */
  readonly from: string;
  /** Its hooks by container, each in their order. */
  readonly containers: readonly HookedContainer[];
}

/** A container of a restored pod, and its hooks. */
export interface HookedContainer {
  readonly name: string;
  readonly hooks: readonly RestoredHook[];
}

/** A hook, without its command. */
export interface RestoredHook extends Pick<RestoredPodHook, 'timeoutMs' | 'waitTimeoutMs' | 'waitForReady'> {
  /** Its place among all hooks of the pod. */
  readonly index: number;
  /** No other hook is to run any more if it fails. */
  readonly stops: boolean;
}

/** Pods that are waited for together: a list of the API server's is read for them with each look. */
const podsPerFile = 50;

/** Collects the pods that one attempt has created, and writes those with hooks to staging. */
export class RestoredPods {
  readonly #pods: RestoredPod[] = [];
  readonly #hooksOf: (pod: Unstructured) => RestoredPodHooks;
  readonly #report: Report;

  constructor({ spec }: Restore, report: Report) {
    this.#hooksOf = restoreHooks(spec.hooks);
    this.#report = report;
  }

  get isEmpty(): boolean {
    return this.#pods.length === 0;
  }

  add(itemFromBackup: Unstructured, pod: Unstructured): void {
    const { hooks, warnings } = this.#hooksOf(pod);
    const ref = podRef(pod);
    for (const warning of warnings) this.#report.warning(warning, { groupResource: 'pods', ...ref });
    if (hooks.length > 0)
      this.#pods.push({ ...ref, from: podRef(itemFromBackup).namespace, containers: byContainer(hooks) });
  }

  async write(staging: Staging, step: Step): Promise<RestoredPodsRef[]> {
    const refs: RestoredPodsRef[] = [];
    for (let from = 0; from < this.#pods.length; from += podsPerFile) {
      const pods = this.#pods.slice(from, from + podsPerFile);
      const lines = pods.map((pod) => JSON.stringify(pod));
      const ref = await staging.writeLines(`${step}-hooked${refs.length}`, lines);
      const containers = pods.flatMap((pod) => pod.containers);
      const waits = containers.flatMap(({ hooks }) => hooks.map(({ waitTimeoutMs = Infinity }) => waitTimeoutMs));
      const waitMs = Math.max(...waits);
      refs.push({ ...ref, containers: containers.length, ...(waitMs < Infinity && { waitMs }) });
    }
    return refs;
  }
}

function byContainer(hooks: readonly RestoredPodHook[]): HookedContainer[] {
  const containers = new Map<string, RestoredHook[]>();
  for (const [index, { container, timeoutMs, waitTimeoutMs, waitForReady, onError }] of hooks.entries()) {
    const known = containers.get(container) ?? [];
    containers.set(container, known);
    const limit = waitTimeoutMs === undefined ? {} : { waitTimeoutMs };
    known.push({ index, timeoutMs, ...limit, waitForReady, stops: onError === 'Fail' });
  }
  return [...containers].map(([name, ofContainer]) => ({ name, hooks: ofContainer }));
}
