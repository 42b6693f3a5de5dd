import type { PlannedAction } from '../api/run.ts';
import type { GroupResource } from '../api/unstructured.ts';
import { includesExcludes } from './includes-excludes.ts';

/** Whether an action's selector can match anything in a batch of these group-resources. */
export function concerns(
  { groupResources, excludedGroupResources }: PlannedAction,
  batch: { readonly groupResources: readonly GroupResource[] },
): boolean {
  return batch.groupResources.some(includesExcludes(groupResources, excludedGroupResources).includes);
}
