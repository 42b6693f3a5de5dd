import type { PlannedAction } from '../api/run.ts';
import type { GroupResource } from '../api/unstructured.ts';
import type { Discovery } from '../kubernetes/discovery.ts';
import type { BackupItemAction, RestoreItemAction } from '../plugins/item-action.ts';
import { resolveSelector } from '../selection/resource-selector.ts';

/** Resolves which group-resources each action can match: those of the cluster, and `others` that only a backup holds. */
export function planActions(
  actions: readonly (BackupItemAction | RestoreItemAction)[],
  discovery: Discovery,
  others: readonly GroupResource[] = [],
): PlannedAction[] {
  const known = [...new Set([...discovery.all.map((resource) => resource.groupResource), ...others])];
  return actions.map(({ name, appliesTo }) => {
    if (!appliesTo.includedResources?.length && !appliesTo.excludedResources?.length) return { name };
    const selector = resolveSelector(appliesTo, (resource) => discovery.resolve(resource)?.groupResource);
    return { name, groupResources: known.filter((groupResource) => selector.matchesResource(groupResource)) };
  });
}

/** The group-resources whose items go through batches: those of an action, and PersistentVolumes. */
export function stagedResources(actions: readonly PlannedAction[], discovery: Discovery): GroupResource[] {
  const staged = new Set(['persistentvolumes']);
  for (const { groupResources } of actions) {
    for (const groupResource of groupResources ?? discovery.preferred.map((resource) => resource.groupResource))
      staged.add(groupResource);
  }
  return [...staged];
}
