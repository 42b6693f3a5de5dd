import type { ApiResource } from '../api/api-resource.ts';
import type { BackupSpec } from '../api/backup.ts';
import { excludeFromBackupLabel } from '../api/labels.ts';
import type { GroupResource, Unstructured } from '../api/unstructured.ts';
import { includesExcludes, isGlob } from './includes-excludes.ts';
import { formatLabelSelector, matchesLabels } from './label-selector.ts';
import { resourceFilter } from './resource-filter.ts';
import type { ResolveResource } from './resource-selector.ts';

/** What a backup lists and keeps. */
export interface BackupFilter {
  /** The resource types to list, in Velero's order. */
  readonly resources: readonly ApiResource[];
  /** The namespaces that are wanted by name; absent if globs or "all" decide. */
  readonly namespaces?: readonly string[];
  /** What the API server may filter by. Absent with several selectors. */
  readonly labelSelector?: string;
  /** Whether the definitions of custom resources are asked for, type by type: the spec excludes none, and does not take all of them. */
  readonly followsDefinitions: boolean;
  /** Whether the spec selects a listed item, whatever its own state says (`leftOutBecause`). */
  covers(resource: ApiResource, item: Unstructured): boolean;
  /** Whether a listed item goes into the backup. */
  selects(resource: ApiResource, item: Unstructured): boolean;
  /** Whether an item that an action asked for goes into the backup: label selectors have no say. */
  allowsAdditional(resource: ApiResource, item: Unstructured): boolean;
}

/** What a filter goes by beside the spec. */
export interface FilterContext {
  /** Those that the cluster prefers, in its order. */
  readonly resources: readonly ApiResource[];
  readonly resolve: ResolveResource;
  /** Namespaces among the spec's excluded ones that their label put there. Default none. */
  readonly labelledNamespaces?: readonly string[];
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

const definitions = { groupResource: 'customresourcedefinitions.apiextensions.k8s.io', namespaced: false };

/**
 * Reads a spec's filters. Namespaces that items need, and which a label selector leaves out, are additional items.
 * Source: Velero `pkg/backup/item_collector.go`, `item_backupper.go`.
 */
export function backupFilter(
  spec: BackupSpec,
  { resources, resolve, labelledNamespaces = [] }: FilterContext,
): BackupFilter {
  const { includedNamespaces, excludedNamespaces } = spec;
  const namespaces = includesExcludes(includedNamespaces, excludedNamespaces);
  // A namespace's label is no wish for fewer namespaces: what goes with all of them still does.
  const given = (excludedNamespaces ?? []).filter((name) => !labelledNamespaces.includes(name));
  const allNamespaces = includesExcludes(includedNamespaces, given).everything;
  const types = resourceFilter(spec, { resolve, allNamespaces });
  const listed = new Set(resources.filter(types.lists).map(({ groupResource }) => groupResource));
  const selectors = spec.labelSelector ? [spec.labelSelector] : (spec.orLabelSelectors ?? []);
  const pushed = selectors.length === 1 ? formatLabelSelector(selectors[0]!) : '';

  function isInPlace({ groupResource, namespaced }: ApiResource, { metadata }: Unstructured): boolean {
    if (namespaced) return namespaces.includes(metadata.namespace ?? '');
    return groupResource !== 'namespaces' || namespaces.includes(metadata.name);
  }

  function isSelected({ groupResource }: ApiResource, { metadata }: Unstructured): boolean {
    if (selectors.length === 0 || selectors.some((selector) => matchesLabels(selector, metadata.labels))) return true;
    return groupResource === 'namespaces' && !allNamespaces;
  }

  const covers: BackupFilter['covers'] = (resource, item) =>
    listed.has(resource.groupResource) && isInPlace(resource, item) && isSelected(resource, item);
  return {
    resources: inOrder(
      withoutTwins(resources.filter((resource) => canBeBackedUp(resource) && listed.has(resource.groupResource))),
    ),
    ...literalNamespaces(spec),
    ...(pushed !== '' && { labelSelector: pushed }),
    followsDefinitions: types.allows(definitions) && (!types.lists(definitions) || selectors.length > 0),
    covers,
    selects: (resource, item) => covers(resource, item) && leftOutBecause(resource.groupResource, item) === undefined,
    allowsAdditional: (resource, item) =>
      types.allows(resource) && isInPlace(resource, item) && leftOutBecause(resource.groupResource, item) === undefined,
  };
}

/** Why an item is in no backup, whatever the spec says; `undefined` if it may be. */
export function leftOutBecause(groupResource: GroupResource, item: Unstructured): string | undefined {
  const { labels, deletionTimestamp } = item.metadata;
  if (labels?.[excludeFromBackupLabel] === 'true') return `it bears the label ${excludeFromBackupLabel}=true`;
  if (deletionTimestamp != null) return 'it is being deleted';
  const { phase } = (item['status'] ?? {}) as { phase?: unknown };
  if (groupResource === 'namespaces' && typeof phase === 'string' && phase !== 'Active') return `it is ${phase}`;
  return undefined;
}

function canBeBackedUp({ verbs }: ApiResource): boolean {
  return neededVerbs.every((verb) => verbs.includes(verb));
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
