import type { RestoreSpec } from '../api/restore.ts';
import type { GroupResource, Unstructured } from '../api/unstructured.ts';
import { includesExcludes } from './includes-excludes.ts';
import { resolveNames, type ResolveResource } from './resource-selector.ts';

const annotation = 'velero.io/restore-status';

/** Whether an item gets its status back. */
export type RestoresStatus = (groupResource: GroupResource, item: Unstructured) => boolean;

/**
 * Reads which items get their status back: those of the resources that `restoreStatus` includes, none without it; the annotation of an
 * item decides for that item, if it is `true` or `false`. Source: Velero v1.18.1 `pkg/restore/restore.go`, determineRestoreStatus.
 */
export function statusFilter(
  { restoreStatus }: Pick<RestoreSpec, 'restoreStatus'>,
  resolve: ResolveResource,
): RestoresStatus {
  const resources =
    restoreStatus &&
    includesExcludes(
      resolveNames(restoreStatus.includedResources, resolve),
      resolveNames(restoreStatus.excludedResources, resolve),
    );
  return (groupResource, { metadata }) => {
    const asked = metadata.annotations?.[annotation]?.trim().toLowerCase();
    if (asked === 'true' || asked === 'false') return asked === 'true';
    return resources?.includes(groupResource) ?? false;
  };
}
