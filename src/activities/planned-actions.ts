import type { PlannedAction } from '../api/run.ts';
import type { GroupResource } from '../api/unstructured.ts';
import type { Discovery } from '../kubernetes/discovery.ts';
import type { BackupItemAction, RestoreItemAction } from '../plugins/item-action.ts';
import type { Registered } from '../plugins/item-action-lists.ts';
import { concerns } from '../selection/planned-action.ts';
import { resolveExcludes, resolveNames } from '../selection/resource-selector.ts';

/** Resolves which group-resources each action can match. */
export function planActions(
  actions: readonly Registered<BackupItemAction | RestoreItemAction>[],
  discovery: Discovery,
): PlannedAction[] {
  const resolve = (name: string) => discovery.resolve(name)?.groupResource;
  return actions.map((action) => {
    const { name, appliesTo } = action;
    const groupResources = [...new Set(resolveNames(appliesTo.includedResources, resolve))];
    const excludedGroupResources = resolveExcludes(appliesTo.excludedResources, resolve);
    return {
      name,
      ...(groupResources.length > 0 && { groupResources }),
      ...(excludedGroupResources.length > 0 && { excludedGroupResources }),
      ...('worker' in action && { worker: action.worker }),
    };
  });
}

/** The group-resources whose items go through batches: those of an action, and PersistentVolumes. */
export function stagedResources(actions: readonly PlannedAction[], discovery: Discovery): GroupResource[] {
  const concerned = discovery.preferred
    .map(({ groupResource }) => groupResource)
    .filter((groupResource) => actions.some((action) => concerns(action, { groupResources: [groupResource] })));
  return [...new Set(['persistentvolumes', ...concerned])];
}
