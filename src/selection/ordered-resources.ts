import type { ApiResource } from '../api/api-resource.ts';
import type { BackupSpec } from '../api/backup.ts';
import type { GroupResource, ResourceIdentifier } from '../api/unstructured.ts';
import type { ResolveResource } from './resource-selector.ts';

/** The items that a backup takes first of their type. */
export interface OrderedResources {
  /** By group-resource, in their order, each once. */
  readonly items: Readonly<Record<GroupResource, readonly ResourceIdentifier[]>>;
  /** What can't be followed, for people. */
  readonly problems: readonly string[];
}

/**
 * Reads `orderedResources`: types of any name that the cluster knows, with `namespace/name` items of a namespaced type and `name`
 * items of another, joined by commas. Source: Velero `pkg/backup/item_collector.go`.
 */
export function orderedResources(
  { orderedResources: ordered }: BackupSpec,
  resources: readonly ApiResource[],
  resolve: ResolveResource,
): OrderedResources {
  const items: Record<GroupResource, readonly ResourceIdentifier[]> = {};
  const problems: string[] = [];
  for (const [type, list] of Object.entries(ordered ?? {})) {
    const name = resolve(type);
    const resource = resources.find(({ groupResource }) => groupResource === name);
    if (resource === undefined) {
      problems.push(`orderedResources: the cluster serves no ${type}`);
      continue;
    }
    const keys = [...new Set(list.split(',').map((key) => key.trim()))].filter((key) => key !== '');
    const isRight = (key: string): boolean => (resource.namespaced ? /^[^/]+\/[^/]+$/ : /^[^/]+$/).test(key);
    const form = resource.namespaced ? 'namespace/name' : 'name';
    for (const key of keys.filter((one) => !isRight(one)))
      problems.push(`orderedResources: ${type}: expected ${form}, got ${JSON.stringify(key)}`);
    items[resource.groupResource] = keys.filter(isRight).map((key) => identifierOf(resource.groupResource, key));
  }
  return { items, problems };
}

function identifierOf(groupResource: GroupResource, key: string): ResourceIdentifier {
  const slash = key.indexOf('/');
  return { groupResource, namespace: key.slice(0, Math.max(slash, 0)), name: key.slice(slash + 1) };
}
