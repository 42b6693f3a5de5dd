import type { ApiResource } from '../../src/api/api-resource.ts';
import type { Unstructured } from '../../src/api/unstructured.ts';
import type { ResolveResource } from '../../src/selection/resource-selector.ts';

const verbs = ['create', 'delete', 'get', 'list'];

/** A resource type, by its group-resource. */
export function resource(groupResource: string, changes: Partial<ApiResource> = {}): ApiResource {
  const [plural = '', ...group] = groupResource.split('.');
  const name = group.join('.');
  return {
    groupResource,
    group: name,
    version: 'v1',
    apiVersion: name === '' ? 'v1' : `${name}/v1`,
    plural,
    singular: plural.slice(0, -1),
    kind: plural,
    namespaced: true,
    shortNames: [],
    verbs,
    ...changes,
  };
}

/** What a small cluster serves, in its order. */
export const served: readonly ApiResource[] = [
  resource('configmaps'),
  resource('namespaces', { namespaced: false }),
  resource('nodes', { namespaced: false }),
  resource('persistentvolumes', { namespaced: false }),
  resource('persistentvolumeclaims'),
  resource('pods'),
  resource('deployments.apps'),
  resource('customresourcedefinitions.apiextensions.k8s.io', { namespaced: false }),
];

/** Knows plurals, singulars and the short names below. */
export const resolve: ResolveResource = (name) => {
  const long = { po: 'pods', deploy: 'deployments', no: 'nodes' }[name] ?? name;
  return served.find(({ groupResource, plural, singular }) => [groupResource, plural, singular].includes(long))
    ?.groupResource;
};

/** An object of that namespace and name. */
export function object(metadata: Unstructured['metadata']): Unstructured {
  return { apiVersion: 'v1', kind: 'Thing', metadata };
}
