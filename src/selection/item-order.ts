import type { GroupResource } from '../api/unstructured.ts';
import type { ResolveResource } from './resource-selector.ts';

/** Restored first, in this order. Source: Velero v1.18.1 `pkg/cmd/server/config/config.go`, default resource priorities. */
const first = [
  'customresourcedefinitions.apiextensions.k8s.io',
  'namespaces',
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
const last = [
  'clusterbootstraps.run.tanzu.vmware.com',
  'clusters.cluster.x-k8s.io',
  'clusterresourcesets.addons.cluster.x-k8s.io',
  'apps.kappctrl.k14s.io',
  'packageinstalls.packaging.carvel.dev',
];

/** Puts group-resources in the order in which they are restored; those that no priority names go alphabetically, in between. */
export function restoreOrder(groupResources: readonly GroupResource[], resolve: ResolveResource): GroupResource[] {
  const ranks = new Map<string, number>();
  first.forEach((name, index) => ranks.set(resolve(name) ?? name, index - first.length));
  last.forEach((name, index) => ranks.set(resolve(name) ?? name, index + 1));
  const rank = (groupResource: GroupResource): number => ranks.get(groupResource) ?? 0;
  return [...groupResources].sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : a > b ? 1 : 0));
}
