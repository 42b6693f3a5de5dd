import type { ApiResource } from '../api/api-resource.ts';
import type { BackupSpec } from '../api/backup.ts';
import type { GroupResource } from '../api/unstructured.ts';
import { includesExcludes, type IncludesExcludes } from './includes-excludes.ts';
import { resolveNames, type ResolveResource } from './resource-selector.ts';

/** Which resource types a backup takes. */
export interface ResourceFilter {
  /** Whether the items of the type are listed. */
  lists(resource: Scoped): boolean;
  /** Whether an item of the type that an action asked for comes along. */
  allows(resource: Scoped): boolean;
}

/** The members of a spec that list resource types by scope. */
export type ScopedLists = Pick<
  BackupSpec,
  | 'includedNamespaceScopedResources'
  | 'excludedNamespaceScopedResources'
  | 'includedClusterScopedResources'
  | 'excludedClusterScopedResources'
>;

type Scoped = Pick<ApiResource, 'groupResource' | 'namespaced'>;

/** Left to the actions that make snapshots, which ask for those that a backup needs. Source: Velero v1.18.1 `pkg/controller/backup_controller.go`. */
const leftToActions = {
  namespaced: 'volumesnapshots.snapshot.storage.k8s.io',
  clusterScoped: 'volumesnapshotcontents.snapshot.storage.k8s.io',
} as const;

/** Whether a spec filters by the lists of each scope. Specs without any resource filter do, too. Source: Velero, as `resourceFilter`. */
export function usesScopedLists(spec: BackupSpec): boolean {
  const { includeClusterResources, includedResources = [], excludedResources = [] } = spec;
  return includeClusterResources == null && includedResources.length + excludedResources.length === 0;
}

/**
 * Reads a spec's filters of resource types. `allNamespaces` says whether the namespace lists let every namespace pass.
 * Source: Velero v1.18.1 `pkg/util/collections/includes_excludes.go`.
 */
export function resourceFilter(
  spec: BackupSpec,
  { resolve, allNamespaces }: { readonly resolve: ResolveResource; readonly allNamespaces: boolean },
): ResourceFilter {
  return usesScopedLists(spec)
    ? scopedFilter(spec, resolve, allNamespaces)
    : globalFilter(spec, resolve, allNamespaces);
}

function globalFilter(spec: BackupSpec, resolve: ResolveResource, allNamespaces: boolean): ResourceFilter {
  const { includeClusterResources: wanted } = spec;
  const names = filterOf(spec.includedResources, spec.excludedResources, resolve);
  return {
    lists: (resource) =>
      names.includes(resource.groupResource) &&
      (resource.namespaced || isNamespaces(resource) || (wanted ?? allNamespaces)),
    allows({ groupResource, namespaced }) {
      if (namespaced || groupResource === 'namespaces') return names.includes(groupResource);
      if (wanted === true) return !names.excludes(groupResource);
      return wanted !== false && names.includes(groupResource);
    },
  };
}

function scopedFilter(spec: BackupSpec, resolve: ResolveResource, allNamespaces: boolean): ResourceFilter {
  const namespaced = filterOf(spec.includedNamespaceScopedResources, spec.excludedNamespaceScopedResources, resolve);
  const included = spec.includedClusterScopedResources ?? [];
  const clusterScoped = filterOf(included, spec.excludedClusterScopedResources, resolve);
  const named = included.length + given(spec.excludedClusterScopedResources, resolve).length > 0;
  const everything =
    allNamespaces &&
    includesExcludes(spec.includedNamespaceScopedResources, given(spec.excludedNamespaceScopedResources, resolve))
      .everything;
  return {
    lists(resource) {
      const { groupResource } = resource;
      if (resource.namespaced) return namespaced.includes(groupResource);
      if (clusterScoped.excludes(groupResource)) return false;
      if (isNamespaces(resource) || (!named && everything)) return true;
      return included.length > 0 && clusterScoped.includes(groupResource);
    },
    allows: (resource) =>
      resource.namespaced
        ? namespaced.includes(resource.groupResource)
        : !clusterScoped.excludes(resource.groupResource),
  };
}

/** A filter that leaves out what is left to actions, unless its includes name it. */
function filterOf(
  includes: readonly string[] | undefined,
  excludes: readonly string[] | undefined,
  resolve: ResolveResource,
): IncludesExcludes {
  const included = resolveNames(includes, resolve);
  const automatic = Object.values(leftToActions).filter((name) => !included.includes(name));
  return includesExcludes(included, [...resolveNames(excludes, resolve), ...automatic]);
}

/** The excludes that somebody gave, for a recorded spec holds those of `withAutomaticExcludes` too. */
function given(excludes: readonly string[] | undefined, resolve: ResolveResource): string[] {
  const automatic: readonly string[] = Object.values(leftToActions);
  return resolveNames(excludes, resolve).filter((name) => !automatic.includes(name));
}

/** A spec as Velero records it: its excludes name what is left to actions, unless its includes do. */
export function withAutomaticExcludes(spec: BackupSpec, resolve: ResolveResource): BackupSpec {
  if (!usesScopedLists(spec)) {
    return {
      ...spec,
      excludedResources: adding(spec.excludedResources, spec.includedResources, Object.values(leftToActions)),
    };
  }
  return {
    ...spec,
    excludedNamespaceScopedResources: adding(
      spec.excludedNamespaceScopedResources,
      spec.includedNamespaceScopedResources,
      [leftToActions.namespaced],
    ),
    excludedClusterScopedResources: adding(spec.excludedClusterScopedResources, spec.includedClusterScopedResources, [
      leftToActions.clusterScoped,
    ]),
  };

  function adding(
    excluded: readonly string[] = [],
    included: readonly string[] = [],
    names: readonly GroupResource[],
  ): string[] {
    const known = [...resolveNames(excluded, resolve), ...resolveNames(included, resolve)];
    return [...excluded, ...names.filter((name) => !known.includes(name) && !excluded.includes('*'))];
  }
}

/**
 * A spec with a resource policy's lists added. A type that the spec includes or excludes itself stays as the spec has it.
 * Source: Velero v1.18.1 `pkg/util/collections/includes_excludes.go`.
 */
export function withPolicyLists(spec: BackupSpec, lists: ScopedLists, resolve: ResolveResource): BackupSpec {
  const combined: Record<string, readonly string[]> = {};
  for (const scope of ['NamespaceScopedResources', 'ClusterScopedResources'] as const) {
    const included = resolveNames(spec[`included${scope}`], resolve);
    const excluded = resolveNames(spec[`excluded${scope}`], resolve);
    for (const [list, added] of [
      [excluded, lists[`excluded${scope}`]],
      [included, lists[`included${scope}`]],
    ] as const) {
      const isNamed = includesExcludes([], [...included, ...excluded]).excludes;
      list.push(...resolveNames(added, resolve).filter((name) => !isNamed(name)));
    }
    Object.assign(combined, { [`included${scope}`]: included, [`excluded${scope}`]: excluded });
  }
  return { ...spec, ...combined };
}

function isNamespaces({ groupResource }: Scoped): boolean {
  return groupResource === 'namespaces';
}
