import type { PlannedAction } from '../api/run.ts';
import type { GroupResource } from '../api/unstructured.ts';
import { includesExcludes } from './includes-excludes.ts';

/** Whether an action's selector can match items of one of these group-resources. */
export function concerns(
  { groupResources, excludedGroupResources }: PlannedAction,
  candidates: readonly GroupResource[],
): boolean {
  return candidates.some(includesExcludes(groupResources, excludedGroupResources).includes);
}
