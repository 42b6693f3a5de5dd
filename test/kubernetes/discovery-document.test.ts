import assert from 'node:assert/strict';
import type { ApiResource } from '../../src/api/api-resource.ts';
import { readDiscovery, type Fetch } from '../../src/kubernetes/discovery-document.ts';

interface Served {
  readonly plural: string;
  readonly kind: string;
  readonly shortNames?: readonly string[];
  readonly namespaced?: boolean;
}

/** Groups by name, each with its versions in the order preferred. */
const cluster: Readonly<Record<string, Readonly<Record<string, readonly Served[]>>>> = {
  '': {
    v1: [
      { plural: 'pods', kind: 'Pod', shortNames: ['po'] },
      { plural: 'namespaces', kind: 'Namespace', shortNames: ['ns'], namespaced: false },
    ],
  },
  extensions: { v1beta1: [{ plural: 'ingresses', kind: 'Ingress', shortNames: ['ing'] }] },
  apps: {
    v1: [{ plural: 'deployments', kind: 'Deployment', shortNames: ['deploy'] }],
    v1beta1: [
      { plural: 'deployments', kind: 'Deployment' },
      { plural: 'rollouts', kind: 'Rollout', shortNames: ['pods'] },
    ],
  },
  'networking.k8s.io': { v1: [{ plural: 'ingresses', kind: 'Ingress', shortNames: ['ing'] }] },
};

const inGroups = Object.keys(cluster).filter((group) => group !== '');
const verbs = ['create', 'get', 'list'];

function aggregated(groups: readonly string[], staleGroup?: string): string {
  const items = groups.map((name) => ({
    metadata: { name },
    versions: Object.entries(cluster[name] ?? {}).map(([version, resources]) => ({
      version,
      freshness: name === staleGroup ? 'Stale' : 'Current',
      resources: resources.map(({ plural, kind, shortNames, namespaced = true }) => ({
        resource: plural,
        responseKind: { group: name, version, kind },
        scope: namespaced ? 'Namespaced' : 'Cluster',
        singularResource: kind.toLowerCase(),
        subresources: [{ subresource: 'status', verbs }],
        ...(shortNames && { shortNames }),
        verbs,
      })),
    })),
  }));
  return JSON.stringify({ kind: 'APIGroupDiscoveryList', apiVersion: 'apidiscovery.k8s.io/v2', items });
}

const aggregating: Fetch = async (path) => aggregated(path === '/api' ? [''] : inGroups);

/** A server from before aggregated discovery: it ignores what it does not know, and names the preferred version apart. */
const older: Fetch = async (path) => {
  if (path === '/api') return JSON.stringify({ kind: 'APIVersions', versions: ['v1'] });
  if (path === '/apis') {
    const groups = inGroups.map((name) => {
      const versions = Object.keys(cluster[name] ?? {}).map((version) => ({
        groupVersion: `${name}/${version}`,
        version,
      }));
      return { name, versions: versions.toReversed(), preferredVersion: versions[0] };
    });
    return JSON.stringify({ kind: 'APIGroupList', groups });
  }
  const [version = '', group = ''] = path
    .replace(/^\/apis?\//, '')
    .split('/')
    .reverse();
  const resources = (cluster[group]?.[version] ?? []).flatMap(({ plural, kind, shortNames, namespaced = true }) => [
    { name: plural, singularName: '', kind, namespaced, ...(shortNames && { shortNames }), verbs },
    { name: `${plural}/status`, singularName: '', kind, namespaced, verbs },
  ]);
  return JSON.stringify({ kind: 'APIResourceList', groupVersion: path, resources });
};

function names(resources: readonly ApiResource[]): string[] {
  return resources.map(({ plural, apiVersion }) => `${plural} ${apiVersion}`);
}

for (const [form, fetch] of Object.entries({ aggregating, older })) {
  describe(`readDiscovery of an ${form} server`, () => {
    it('lists each group-resource once, in the preferred version that has it, with extensions last', async () => {
      const { preferred, failures } = await readDiscovery(fetch);
      assert.deepEqual(names(preferred), [
        'pods v1',
        'namespaces v1',
        'deployments apps/v1',
        'rollouts apps/v1beta1',
        'ingresses networking.k8s.io/v1',
        'ingresses extensions/v1beta1',
      ]);
      assert.deepEqual(failures, []);
    });

    it('lists every version, without sub-resources', async () => {
      const { all } = await readDiscovery(fetch);
      assert.ok(names(all).includes('deployments apps/v1beta1'));
      assert.ok(all.every(({ plural }) => !plural.includes('/')));
    });

    it('tells all of a resource', async () => {
      assert.deepEqual((await readDiscovery(fetch)).find('namespaces'), {
        groupResource: 'namespaces',
        group: '',
        version: 'v1',
        apiVersion: 'v1',
        plural: 'namespaces',
        singular: 'namespace',
        kind: 'Namespace',
        namespaced: false,
        shortNames: ['ns'],
        verbs,
      });
    });

    it('finds the resource of an object in any version', async () => {
      const { findKind } = await readDiscovery(fetch);
      assert.equal(findKind('apps/v1beta1', 'Deployment')?.apiVersion, 'apps/v1beta1');
      assert.equal(findKind('v1', 'Pod')?.groupResource, 'pods');
      assert.equal(findKind('v2', 'Pod'), undefined);
    });
  });
}

describe('readDiscovery', () => {
  const meanings: [string, string | undefined][] = [
    ['po', 'pods'],
    ['Pod', 'pods'],
    ['PODS', 'pods'],
    ['deploy', 'deployments.apps'],
    ['deployments', 'deployments.apps'],
    ['Deployment.apps', 'deployments.apps'],
    ['ing', 'ingresses.networking.k8s.io'],
    ['ingresses', 'ingresses.networking.k8s.io'],
    ['ing.networking', 'ingresses.networking.k8s.io'],
    ['ingresses.extensions', 'ingresses.extensions'],
    ['pods.apps', 'rollouts.apps'],
    ['nothing', undefined],
    ['pods.nothing', undefined],
    ['', undefined],
  ];
  for (const [name, meant] of meanings) {
    it(`resolves '${name}' to ${meant ?? 'nothing'}`, async () => {
      assert.equal((await readDiscovery(aggregating)).resolve(name)?.groupResource, meant);
    });
  }

  it('leaves out a stale group and says so', async () => {
    const { find, failures } = await readDiscovery(async (path) =>
      aggregated(path === '/api' ? [''] : inGroups, 'apps'),
    );
    assert.equal(find('deployments.apps'), undefined);
    assert.ok(find('ingresses.networking.k8s.io'));
    assert.ok(failures.length > 0 && failures.every(({ group }) => group.startsWith('apps')));
  });

  it('goes on without a group that the older calls can not reach', async () => {
    const { find, failures } = await readDiscovery(async (path, accept) => {
      if (path.startsWith('/apis/apps/')) throw Object.assign(new Error('503'), { code: 'Unavailable', status: 503 });
      return older(path, accept);
    });
    assert.ok(find('pods'));
    assert.ok(failures.length > 0 && failures.every(({ group }) => group.startsWith('apps')));
  });

  it('rejects if the server does not answer', async () => {
    const fault = Object.assign(new Error('no answer'), { code: 'Unavailable' });
    await assert.rejects(
      readDiscovery(() => Promise.reject(fault)),
      fault,
    );
  });
});
