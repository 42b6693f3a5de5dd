import type { ApiResource } from '../api/api-resource.ts';
import type { ListOptions } from '../kubernetes/client.ts';
import type { BackupFilter } from '../selection/backup-filter.ts';

/** Up to this many namespaces are listed one by one; with more, one list of the whole cluster is filtered as it streams. */
const namespacesListedAlone = 4;

/** One list that a backup reads. */
export interface List {
  readonly resource: ApiResource;
  /** Absent: all namespaces, or a cluster-scoped resource. */
  readonly namespace?: string;
}

/** The lists of a backup, in order: of each resource one for the cluster, or one per namespace where few are wanted by name. */
export function listsOf(resources: readonly ApiResource[], filter: BackupFilter): List[] {
  const { namespaces } = filter;
  const alone = namespaces !== undefined && namespaces.length <= namespacesListedAlone ? namespaces : undefined;
  return resources.flatMap((resource): List[] =>
    resource.namespaced && alone ? alone.map((namespace) => ({ resource, namespace })) : [{ resource }],
  );
}

/** What the API server is asked to leave out: namespaces themselves are chosen by name, whatever their labels. */
export function listOptions({ resource, namespace }: List, { labelSelector }: BackupFilter): ListOptions {
  return {
    ...(namespace !== undefined && { namespace }),
    ...(labelSelector !== undefined && resource.groupResource !== 'namespaces' && { labelSelector }),
  };
}
