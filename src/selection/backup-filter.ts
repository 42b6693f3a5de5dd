import type { ApiResource } from '../api/api-resource.ts';
import type { BackupSpec } from '../api/backup.ts';
import { excludeFromBackupLabel } from '../api/labels.ts';
import type { Unstructured } from '../api/unstructured.ts';
import { includesExcludes, isGlob, type IncludesExcludes } from './includes-excludes.ts';
import { formatLabelSelector, matchesLabels } from './label-selector.ts';
import { resolveNames, type ResolveResource } from './resource-selector.ts';

/** What a backup lists and keeps. */
export interface BackupFilter {
  /** The resource types to list, in Velero's order. */
  readonly resources: readonly ApiResource[];
  /** The namespaces that are wanted by name; absent if globs or "all" decide. */
  readonly namespaces?: readonly string[];
  /** What the API server may filter by. Absent with several selectors. */
  readonly labelSelector?: string;
  /** Whether a listed item goes into the backup. */
  selects(resource: ApiResource, item: Unstructured): boolean;
  /** Whether an item that an action asked for goes into the backup: label selectors have no say. */
  allowsAdditional(resource: ApiResource, item: Unstructured): boolean;
}

/** In the core group these come first, so that volumes are frozen close to the pods that write to them. */
const firstInCore = ['pods', 'persistentvolumeclaims', 'persistentvolumes'];

/** Resource types that are served by two groups, and hold the same objects. */
const cohabiting: Readonly<Record<string, readonly string[]>> = {
  deployments: ['extensions', 'apps'],
  daemonsets: ['extensions', 'apps'],
  replicasets: ['extensions', 'apps'],
  networkpolicies: ['extensions', 'networking.k8s.io'],
  events: ['', 'events.k8s.io'],
};

const neededVerbs = ['list', 'create', 'get', 'delete'];

/**
 * Reads a spec's filters. `resources` are those that the cluster prefers, in its order. Namespaces that items need, and which a
 * label selector leaves out, are additional items. Source: Velero `pkg/backup/item_collector.go`, `item_backupper.go`.
 */
export function backupFilter(
  spec: BackupSpec,
  resources: readonly ApiResource[],
  resolve: ResolveResource,
): BackupFilter {
  const names = includesExcludes(
    resolveNames(spec.includedResources, resolve),
    resolveNames(spec.excludedResources, resolve),
  );
  const namespaces = includesExcludes(spec.includedNamespaces, spec.excludedNamespaces);
  const selectors = spec.labelSelector ? [spec.labelSelector] : (spec.orLabelSelectors ?? []);
  const pushed = selectors.length === 1 ? formatLabelSelector(selectors[0]!) : '';

  function allowsAdditional(resource: ApiResource, { metadata }: Unstructured): boolean {
    if (metadata.labels?.[excludeFromBackupLabel] === 'true' || metadata.deletionTimestamp !== undefined) return false;
    if (!names.includes(resource.groupResource)) return false;
    if (resource.namespaced) return namespaces.includes(metadata.namespace ?? '');
    if (resource.groupResource === 'namespaces') return namespaces.includes(metadata.name);
    return spec.includeClusterResources !== false;
  }

  return {
    resources: inOrder(withoutTwins(resources.filter((resource) => isListed(resource, { spec, names, namespaces })))),
    ...literalNamespaces(spec),
    ...(pushed !== '' && { labelSelector: pushed }),
    allowsAdditional,
    selects: (resource, item) =>
      allowsAdditional(resource, item) &&
      (selectors.length === 0 || selectors.some((selector) => matchesLabels(selector, item.metadata.labels))),
  };
}

function isListed(
  resource: ApiResource,
  { spec, names, namespaces }: { spec: BackupSpec; names: IncludesExcludes; namespaces: IncludesExcludes },
): boolean {
  if (!neededVerbs.every((verb) => resource.verbs.includes(verb)) || !names.includes(resource.groupResource))
    return false;
  if (resource.namespaced || resource.groupResource === 'namespaces') return true;
  return spec.includeClusterResources ?? namespaces.everything;
}

function withoutTwins(resources: readonly ApiResource[]): ApiResource[] {
  const seen = new Set<string>();
  return resources.filter(({ plural, group }) => {
    if (!cohabiting[plural]?.includes(group)) return true;
    if (seen.has(plural)) return false;
    seen.add(plural);
    return true;
  });
}

function inOrder(resources: readonly ApiResource[]): ApiResource[] {
  const rank = ({ group, plural }: ApiResource): number => {
    if (group !== '') return firstInCore.length + 1;
    const index = firstInCore.indexOf(plural);
    return index < 0 ? firstInCore.length : index;
  };
  const core = resources.filter(({ group }) => group === '').sort((a, b) => rank(a) - rank(b));
  return [...core, ...resources.filter(({ group }) => group !== '')];
}

function literalNamespaces({ includedNamespaces: included, excludedNamespaces: excluded }: BackupSpec): {
  namespaces?: readonly string[];
} {
  if (!included?.length || included.some(isGlob)) return {};
  const filter = includesExcludes(included, excluded);
  return { namespaces: [...new Set(included)].filter((name) => filter.includes(name)) };
}
