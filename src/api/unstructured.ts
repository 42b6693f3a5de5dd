/** A Kubernetes object as raw JSON: every field, known or not, as the API server sent it. */
export interface Unstructured {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  [field: string]: unknown;
}

/** The members of `metadata` that Bowline reads or writes; the others survive untouched. */
export interface ObjectMeta {
  name: string;
  namespace?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  uid?: string;
  resourceVersion?: string;
  deletionTimestamp?: string;
  ownerReferences?: readonly {
    readonly kind: string;
    readonly name: string;
    readonly uid: string;
    readonly controller?: boolean;
  }[];
  [field: string]: unknown;
}

/**
 * A resource type by its plural and group, as Velero writes it: `deployments.apps`, and `pods` for the core group.
 * The version is left out on purpose: backups find items by it over versions.
 */
export type GroupResource = string;

/** Which object is meant; `namespace` is `''` for a cluster-scoped one. */
export interface ResourceIdentifier {
  readonly groupResource: GroupResource;
  readonly namespace: string;
  readonly name: string;
}

/** `deployments` and `apps` to `deployments.apps`; the core group `''` adds nothing. */
export function groupResourceOf(plural: string, group: string): GroupResource {
  return group === '' ? plural : `${plural}.${group}`;
}

/** The group of `apps/v1` is `apps`, of `v1` it is `''`. */
export function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? '' : apiVersion.slice(0, slash);
}

/** The version of `apps/v1`, and of `v1`, is `v1`. */
export function versionOf(apiVersion: string): string {
  return apiVersion.slice(apiVersion.indexOf('/') + 1);
}

/** One text per object within a run: `deployments.apps/shop/web`, and `namespaces//shop` for a cluster-scoped one. */
export function itemKey({ groupResource, namespace, name }: ResourceIdentifier): string {
  return `${groupResource}/${namespace}/${name}`;
}

/** The inverse of `itemKey`. */
export function parseItemKey(key: string): ResourceIdentifier {
  const [groupResource = '', namespace = '', ...name] = key.split('/');
  return { groupResource, namespace, name: name.join('/') };
}
