import type { PlannedAction } from '../api/run.ts';
import type { Discovery } from '../kubernetes/discovery.ts';
import type { BackupItemAction, RestoreItemAction } from '../plugins/item-action.ts';
import type { Registered } from '../plugins/item-action-lists.ts';
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
