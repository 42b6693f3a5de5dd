import assert from 'node:assert/strict';
import fc from 'fast-check';
import { restoreOrder } from '../../src/selection/item-order.ts';

/** The first and the last of Velero 1.18's default priorities. */
const first = [
  'customresourcedefinitions.apiextensions.k8s.io',
  'namespaces',
  'storageclasses.storage.k8s.io',
  'volumesnapshotclasses.snapshot.storage.k8s.io',
  'volumesnapshotcontents.snapshot.storage.k8s.io',
  'volumesnapshots.snapshot.storage.k8s.io',
  'datauploads.velero.io',
  'persistentvolumes',
  'persistentvolumeclaims',
  'clusterroles.rbac.authorization.k8s.io',
  'roles.rbac.authorization.k8s.io',
  'serviceaccounts',
  'clusterrolebindings.rbac.authorization.k8s.io',
  'rolebindings.rbac.authorization.k8s.io',
  'secrets',
  'configmaps',
  'limitranges',
  'priorityclasses.scheduling.k8s.io',
  'pods',
  'replicasets.apps',
  'clusterclasses.cluster.x-k8s.io',
  'endpoints',
  'services',
];
const between = ['cronjobs.batch', 'deployments.apps', 'ingresses.networking.k8s.io', 'zebras.example.org'];
const last = [
  'clusterbootstraps.run.tanzu.vmware.com',
  'clusters.cluster.x-k8s.io',
  'clusterresourcesets.addons.cluster.x-k8s.io',
  'apps.kappctrl.k14s.io',
  'packageinstalls.packaging.carvel.dev',
];
const all = [...first, ...between, ...last];
const resolve = (name: string): string | undefined => all.find((one) => one === name || one.startsWith(`${name}.`));

describe('restoreOrder', () => {
  it("(b.2) is Velero's, with all others alphabetically in between, however they come", () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(all), (some) => {
        const expected = all.filter((one) => some.includes(one));
        assert.deepEqual(restoreOrder(some, resolve), expected);
      }),
    );
  });

  it("(b.2) follows priorities of one's own, after definitions and namespaces, which nothing can do without", () => {
    const priorities = { high: ['services', 'po', 'configmaps'], low: ['secrets'] };
    assert.deepEqual(
      restoreOrder(
        ['secrets', 'configmaps', 'services', 'roles.rbac.authorization.k8s.io', first[0]!, 'namespaces'],
        resolve,
        priorities,
      ),
      [first[0], 'namespaces', 'services', 'configmaps', 'roles.rbac.authorization.k8s.io', 'secrets'],
    );
  });

  it('knows the names of a cluster that serves nothing of the kind', () => {
    const names = ['deployments.apps', 'pods', 'customresourcedefinitions.apiextensions.k8s.io', 'secrets'];
    assert.deepEqual(
      restoreOrder(names, () => undefined),
      [names[2], names[3], names[1], names[0]],
    );
  });

  it('leaves the list it is given alone', () => {
    const names = ['services', 'namespaces'];
    restoreOrder(names, resolve);
    assert.deepEqual(names, ['services', 'namespaces']);
  });
});
