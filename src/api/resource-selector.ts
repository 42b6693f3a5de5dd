/**
 * Which items an action wants. Resource names are plurals, singulars, short names or globs, with or without group, resolved
 * through discovery; namespaces are globs. An empty or absent list of includes means all.
 * Source: Velero v1.6.3 `pkg/plugin/velero/shared.go`.
 */
export interface ResourceSelector {
  readonly includedResources?: readonly string[];
  readonly excludedResources?: readonly string[];
  readonly includedNamespaces?: readonly string[];
  readonly excludedNamespaces?: readonly string[];
  /** Kubernetes grammar, such as `app=web,tier in (a, b)`. */
  readonly labelSelector?: string;
}
