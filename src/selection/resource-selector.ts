import type { ResourceSelector } from '../api/resource-selector.ts';
import type { GroupResource } from '../api/unstructured.ts';
import { includesExcludes, patternProblems } from './includes-excludes.ts';
import { labelMatcher } from './label-selector.ts';

/** What a person means by a resource's name; `undefined` if the cluster serves nothing of that name. */
export type ResolveResource = (name: string) => GroupResource | undefined;

/** A selector whose names have been looked up. */
export interface ResolvedSelector {
  matchesResource(groupResource: GroupResource): boolean;
  /** `namespace` is `''` for a cluster-scoped item. */
  matchesItem(item: {
    readonly groupResource: GroupResource;
    readonly namespace: string;
    readonly labels: Readonly<Record<string, string>> | undefined;
  }): boolean;
}

/**
 * Looks up a selector's resource names. A name that the cluster does not serve is kept as it is, so that it never comes to mean
 * everything. Cluster-scoped items pass only a namespace filter that includes everything.
 * Source: Velero `pkg/plugin/framework/action_resolver.go`.
 *
 * @throws BowlineError `InvalidSpec` if the label selector can't be read
 */
export function resolveSelector(selector: ResourceSelector, resolve: ResolveResource): ResolvedSelector {
  const resources = includesExcludes(
    resolveNames(selector.includedResources, resolve),
    resolveExcludes(selector.excludedResources, resolve),
  );
  const namespaces = includesExcludes(selector.includedNamespaces, selector.excludedNamespaces);
  const matchesLabels = labelMatcher(selector.labelSelector ?? '');
  return {
    matchesResource: resources.includes,
    matchesItem(item) {
      const { groupResource, namespace } = item;
      return (
        resources.includes(groupResource) &&
        (namespace === '' ? namespaces.everything : namespaces.includes(namespace)) &&
        matchesLabels(item.labels)
      );
    },
  };
}

/** Names as canonical group-resources; globs and unknown names stay. */
export function resolveNames(names: readonly string[] | undefined, resolve: ResolveResource): string[] {
  return (names ?? []).map((name) => (name === '*' ? name : (resolve(name) ?? name)));
}

/** Names that a selector excludes, as canonical group-resources. Velero ignores `*` there. */
export function resolveExcludes(names: readonly string[] | undefined, resolve: ResolveResource): string[] {
  return resolveNames(names, resolve).filter((name) => name !== '*');
}

const selectorLists = ['includedResources', 'excludedResources', 'includedNamespaces', 'excludedNamespaces'] as const;

/** What is wrong with a selector that somebody has written, each problem with its member's name. */
export function selectorProblems(selector: ResourceSelector): string[] {
  const problems: string[] = [];
  for (const list of selectorLists) {
    const names: unknown = selector[list] ?? [];
    if (!Array.isArray(names) || !names.every((name) => typeof name === 'string'))
      problems.push(`${list}: expected a list of texts`);
    else problems.push(...names.flatMap((name) => patternProblems(name).map((problem) => `${list}: ${problem}`)));
  }
  const { labelSelector = '' }: { readonly labelSelector?: unknown } = selector;
  if (typeof labelSelector !== 'string') return [...problems, 'labelSelector: expected text'];
  try {
    labelMatcher(labelSelector);
  } catch (error) {
    problems.push(`labelSelector: ${(error as Error).message}`);
  }
  const known: readonly string[] = [...selectorLists, 'labelSelector'];
  const unknown = Object.keys(selector).filter((key) => !known.includes(key));
  return [...problems, ...unknown.map((key) => `${key}: unknown; known are ${known.join(', ')}`)];
}
