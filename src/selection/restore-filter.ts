import type { RestoreSpec } from '../api/restore.ts';
import type { GroupResource } from '../api/unstructured.ts';
import { includesExcludes } from './includes-excludes.ts';
import { matchesLabels } from './label-selector.ts';
import { resolveNames, type ResolveResource } from './resource-selector.ts';

/** An item by what filters ask of it; `namespace` as it was at the backup, `''` for a cluster-scoped one. */
export interface ItemInBackup {
  readonly groupResource: GroupResource;
  readonly namespaced: boolean;
  readonly namespace: string;
}

/** What of a backup a restore takes. */
export interface RestoreFilter {
  /** Whether an item may be selected, whatever its labels are. */
  covers(item: ItemInBackup): boolean;
  selects(item: ItemInBackup & { readonly labels: Readonly<Record<string, string>> }): boolean;
  /** Whether an item that an action asked for may be restored: label selectors have no say. */
  allowsAdditional(item: ItemInBackup): boolean;
}

/** Never restored: they belong to the cluster that they came from, or to Velero. Source: Velero v1.18.1 `pkg/controller/restore_controller.go`. */
export const nonRestorable: readonly GroupResource[] = [
  'nodes',
  'events',
  'events.events.k8s.io',
  'backups.velero.io',
  'restores.velero.io',
  'resticrepositories.velero.io',
  'csinodes.storage.k8s.io',
  'volumeattachments.storage.k8s.io',
  'backuprepositories.velero.io',
];

/** Restored whatever resources, namespaces and labels a spec names: others are made from them. Source: Velero v1.18.1 `pkg/restore/restore.go`. */
const indispensable: readonly GroupResource[] = [
  'datauploads.velero.io',
  'volumesnapshotcontents.snapshot.storage.k8s.io',
];

/** Reads a spec's filters. Source: Velero `pkg/restore/restore.go`. */
export function restoreFilter(spec: RestoreSpec, resolve: ResolveResource): RestoreFilter {
  const excluded = [...resolveNames(spec.excludedResources, resolve), ...nonRestorable];
  const names = includesExcludes(resolveNames(spec.includedResources, resolve), excluded);
  const namespaces = includesExcludes(spec.includedNamespaces, spec.excludedNamespaces);
  const selectors = spec.labelSelector ? [spec.labelSelector] : (spec.orLabelSelectors ?? []);
  const clusterScoped = spec.includeClusterResources ?? namespaces.everything;

  function allowsAdditional({ groupResource, namespaced, namespace }: ItemInBackup): boolean {
    const isIndispensable = indispensable.includes(groupResource);
    if (!names.includes(groupResource) && !isIndispensable) return false;
    return namespaced ? namespaces.includes(namespace) || isIndispensable : spec.includeClusterResources !== false;
  }

  const covers = (item: ItemInBackup): boolean => allowsAdditional(item) && (item.namespaced || clusterScoped);
  return {
    allowsAdditional,
    covers,
    selects: (item) =>
      covers(item) &&
      (selectors.length === 0 ||
        indispensable.includes(item.groupResource) ||
        selectors.some((selector) => matchesLabels(selector, item.labels))),
  };
}
