import type { AwaitContainersInput, AwaitedContainer } from '../../src/activities/await-containers.ts';
import type { Activities } from '../../src/activities/index.ts';
import type { RestoredHook, RestoredPodsRef } from '../../src/activities/restored-pods.ts';
import { group, unpacking } from './restored-groups.ts';
import { stagedRef, StubActivities } from './stub-activities.ts';

const usual = new StubActivities().activities;

/** A hook of a container. */
type HookOfContainer = Partial<RestoredHook> & { readonly container?: string };

/** The containers of a restored pod that have hooks; these stand in the order of the pod's own. */
export function containersOf(pod: string, ...hooks: HookOfContainer[]): AwaitedContainer[] {
  const names = [...new Set(hooks.map(({ container = 'main' }) => container))];
  return names.map((container) => ({
    key: `${pod}/${container}`,
    namespace: 'copy',
    name: pod,
    from: 'shop',
    container,
    hooks: hooks.flatMap(({ container: of = 'main', ...hook }, index) =>
      of === container ? { index, timeoutMs: 1_000, waitForReady: false, stops: false, ...hook } : [],
    ),
  }));
}

/** Pods in staging that have so many containers with hooks. */
export function restoredPodsRef(containers: number, key = 'hooked'): RestoredPodsRef {
  return { ...stagedRef(key), containers };
}

/** Stubs of a restore that creates pods with these containers, and then a service; all containers are up when they are asked for. */
export function creating(...containers: AwaitedContainer[]): Partial<Activities> {
  return {
    ...unpacking(group('pods', 10), group('services', 1)),
    async applyItems(input) {
      const applied = await usual.applyItems(input);
      if (input.batch.groupResources[0] !== 'pods') return applied;
      return { ...applied, hooked: [restoredPodsRef(containers.length)] };
    },
    awaitContainers: async (input) => ({ up: remaining(containers, input), over: [] }),
    remainingContainers: async (input) => remaining(containers, input),
  };
}

/** Those that are still waited for. */
export function remaining(
  containers: readonly AwaitedContainer[],
  { begun }: Pick<AwaitContainersInput, 'begun'>,
): AwaitedContainer[] {
  return containers.filter(({ key }) => !begun.includes(key));
}
