import type { ResourcePriorities } from '../api/resource-priorities.ts';
import type { GroupResource } from '../api/unstructured.ts';
import type { ResolveResource } from './resource-selector.ts';

/** Whatever the priorities say: nothing of a kind, and nothing in a namespace, can be there before it. */
const always = ['customresourcedefinitions.apiextensions.k8s.io', 'namespaces'];

/** Restored first, in this order. Source: Velero v1.18.1 `pkg/cmd/server/config/config.go`, default resource priorities. */
const high = [
  'storageclasses',
  'volumesnapshotclasses.snapshot.storage.k8s.io',
  'volumesnapshotcontents.snapshot.storage.k8s.io',
  'volumesnapshots.snapshot.storage.k8s.io',
  'datauploads.velero.io',
  'persistentvolumes',
  'persistentvolumeclaims',
  'clusterroles',
  'roles',
  'serviceaccounts',
  'clusterrolebindings',
  'rolebindings',
  'secrets',
  'configmaps',
  'limitranges',
  'priorityclasses',
  'pods',
  'replicasets.apps',
  'clusterclasses.cluster.x-k8s.io',
  'endpoints',
  'services',
];

/** Restored last, in this order. */
const low = [
  'clusterbootstraps.run.tanzu.vmware.com',
  'clusters.cluster.x-k8s.io',
  'clusterresourcesets.addons.cluster.x-k8s.io',
  'apps.kappctrl.k14s.io',
  'packageinstalls.packaging.carvel.dev',
];

/**
 * Puts group-resources in the order in which they are restored: CustomResourceDefinitions and namespaces, then by `priorities`
 * (default Velero's); those that no priority names go alphabetically, in between.
 */
export function restoreOrder(
  groupResources: readonly GroupResource[],
  resolve: ResolveResource,
  priorities: ResourcePriorities = { high, low },
): GroupResource[] {
  const first = [...always, ...priorities.high];
  const ranks = new Map<string, number>();
  const give = (name: string, rank: number): void => {
    const groupResource = resolve(name) ?? name;
    if (!ranks.has(groupResource)) ranks.set(groupResource, rank);
  };
  first.forEach((name, index) => give(name, index - first.length));
  priorities.low.forEach((name, index) => give(name, index + 1));
  const rank = (groupResource: GroupResource): number => ranks.get(groupResource) ?? 0;
  return [...groupResources].sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : a > b ? 1 : 0));
}
