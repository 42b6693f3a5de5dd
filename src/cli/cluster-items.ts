import type { ApiResource } from '../api/api-resource.ts';
import type { BackupSpec } from '../api/backup.ts';
import { excludeFromBackupLabel } from '../api/labels.ts';
import type { ItemSource, SourceItem } from '../client/index.ts';
import type { KubernetesClient } from '../kubernetes/client.ts';
import { backupFilter } from '../selection/backup-filter.ts';

const neededVerbs = ['list', 'get'];

/**
 * The items of a cluster that a backup with that spec would list, and, to be compared if the backup has them, those that it may have
 * got because actions asked for them.
 */
export async function clusterItems(kubernetes: KubernetesClient, spec: BackupSpec): Promise<ItemSource> {
  const discovery = await kubernetes.discover();
  const filter = backupFilter(spec, {
    resources: discovery.preferred,
    resolve: (name) => discovery.resolve(name)?.groupResource,
    labelledNamespaces: await labelledNamespaces(kubernetes, discovery.find('namespaces')),
  });
  const listed = new Set(filter.resources.map(({ groupResource }) => groupResource));
  const others = discovery.preferred.filter(
    ({ groupResource, namespaced, verbs }) =>
      !namespaced && !listed.has(groupResource) && neededVerbs.every((verb) => verbs.includes(verb)),
  );

  async function* itemsOf(resource: ApiResource, wanted: (item: SourceItem) => boolean): AsyncIterable<SourceItem> {
    const { groupResource } = resource;
    for await (const page of kubernetes.listPages(resource)) {
      for (const item of page.items) {
        const { namespace = '', name } = item.metadata;
        if (!filter.allowsAdditional(resource, item)) continue;
        const isListed = listed.has(groupResource) && filter.selects(resource, item);
        const found = { groupResource, namespace, name, item, ...(!isListed && { onlyIfKnown: true }) };
        if (wanted(found)) yield found;
      }
    }
  }

  return {
    async *items(wanted = () => true) {
      for (const resource of [...filter.resources, ...others]) yield* itemsOf(resource, wanted);
    },
  };
}

/** Namespaces that their label excludes: a backup records them among those that its spec excludes. */
async function labelledNamespaces(
  kubernetes: KubernetesClient,
  namespaces: ApiResource | undefined,
): Promise<string[]> {
  const names: string[] = [];
  if (namespaces === undefined) return names;
  for await (const page of kubernetes.listPages(namespaces, { labelSelector: `${excludeFromBackupLabel}=true` }))
    names.push(...page.items.map(({ metadata }) => metadata.name));
  return names;
}
