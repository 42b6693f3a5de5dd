import type { ApiResource } from '../api/api-resource.ts';
import type { Discovery } from '../kubernetes/discovery.ts';
import { backupFilter, type BackupFilter } from '../selection/backup-filter.ts';
import { withPolicyLists } from '../selection/resource-filter.ts';
import type { ResolveResource } from '../selection/resource-selector.ts';
import type { BackupPlan } from './plan.ts';

type Filtered = Pick<BackupPlan, 'backup' | 'labelledNamespaces' | 'policies'>;

/** The filter of a backup, by its plan. `resources` are those to choose from. Default all that the cluster prefers. */
export function plannedFilter(
  { backup, labelledNamespaces, policies }: Filtered,
  discovery: Discovery,
  resources: readonly ApiResource[] = discovery.preferred,
): BackupFilter {
  const resolve = resolverOf(discovery);
  const { includeExclude } = policies ?? {};
  const spec = includeExclude ? withPolicyLists(backup.spec, includeExclude, resolve) : backup.spec;
  return backupFilter(spec, { resources, resolve, labelledNamespaces });
}

/** What a cluster means by a resource's name. */
export function resolverOf(discovery: Discovery): ResolveResource {
  return (name) => discovery.resolve(name)?.groupResource;
}
