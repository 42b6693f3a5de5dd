import type { ApiResource } from '../api/api-resource.ts';
import type { ResourceIdentifier } from '../api/unstructured.ts';
import type { ListOptions } from '../kubernetes/client.ts';
import type { BackupFilter } from '../selection/backup-filter.ts';
import type { BackupPlan } from './plan.ts';

/** Up to this many namespaces are listed one by one; with more, one list of the whole cluster is filtered as it streams. */
const namespacesListedAlone = 4;

/** One list that a backup reads. */
export interface List {
  readonly resource: ApiResource;
  /** Absent: all namespaces, or a cluster-scoped resource. */
  readonly namespace?: string;
  /** The items to get one by one, instead of a list. */
  readonly items?: readonly ResourceIdentifier[];
}

/**
 * The lists of a backup, in order: of each resource one for the cluster, or one per namespace where few are wanted; before them the
 * items that are to come first.
 */
export function listsOf(
  { resources, namespaces: wanted, ordered }: Pick<BackupPlan, 'resources' | 'namespaces' | 'ordered'>,
  { namespaces: named }: BackupFilter,
): List[] {
  const namespaces = wanted ?? named;
  const alone = namespaces !== undefined && namespaces.length <= namespacesListedAlone ? namespaces : undefined;
  return resources.flatMap((resource): List[] => {
    const items = ordered[resource.groupResource] ?? [];
    return [
      ...(items.length > 0 ? [{ resource, items }] : []),
      ...(resource.namespaced && alone ? alone.map((namespace) => ({ resource, namespace })) : [{ resource }]),
    ];
  });
}

/** What the API server is asked to leave out: namespaces themselves are chosen by name, whatever their labels. */
export function listOptions({ resource, namespace }: List, { labelSelector }: BackupFilter): ListOptions {
  return {
    ...(namespace !== undefined && { namespace }),
    ...(labelSelector !== undefined && resource.groupResource !== 'namespaces' && { labelSelector }),
  };
}
