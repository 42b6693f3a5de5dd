import assert from 'node:assert/strict';
import type { BackupSpec } from '../../src/api/backup.ts';
import type { ObjectMeta, Unstructured } from '../../src/api/unstructured.ts';
import { apiError } from '../../src/kubernetes/api-errors.ts';
import { ActivityBackup } from '../support/activity-backup.ts';
import { ActivityRunner } from '../support/activity-runner.ts';
import { object } from '../support/objects.ts';

const labelled = (labels: Record<string, string>): { metadata: Partial<ObjectMeta> } => ({ metadata: { labels } });
const definition = 'customresourcedefinitions.apiextensions.k8s.io';

/** Two applications, `shop` and `bank`, of which parts are labelled, and what belongs to the cluster. */
const applications: readonly Unstructured[] = [
  object('v1 Namespace', 'shop'),
  object('v1 Namespace', 'bank', labelled({ tier: 'gold' })),
  object('v1 Pod', 'shop/web', labelled({ app: 'web' })),
  object('v1 Pod', 'bank/till', labelled({ app: 'till' })),
  object('v1 ConfigMap', 'shop/settings'),
  object('v1 PersistentVolumeClaim', 'shop/data'),
  object('v1 PersistentVolume', 'pv-1'),
  object('v1 Node', 'node-1'),
  object('apps/v1 Deployment', 'shop/web', labelled({ app: 'web' })),
  object('example.com/v1 Widget', 'shop/knob', labelled({ app: 'web' })),
  object('apiextensions.k8s.io/v1 CustomResourceDefinition', 'widgets.example.com'),
];

const ofBank = ['pods/bank/till', 'namespaces//bank'];
const ofShop = [
  'pods/shop/web',
  'persistentvolumeclaims/shop/data',
  'namespaces//shop',
  'configmaps/shop/settings',
  'deployments.apps/shop/web',
  'widgets.example.com/shop/knob',
];
const ofCluster = ['persistentvolumes//pv-1', 'nodes//node-1'];
const itsDefinition = `${definition}//widgets.example.com`;
const everything = [...ofShop, ...ofBank, ...ofCluster, itsDefinition];

describe('rules of a backup: what is listed', () => {
  let runner: ActivityRunner;

  beforeEach(() => {
    runner = new ActivityRunner();
    runner.cluster.hold(...applications);
  });

  async function assertTakes(spec: BackupSpec, expected: readonly string[]): Promise<ActivityBackup> {
    const backup = await ActivityBackup.make(runner, spec);
    assert.deepEqual((await backup.keys()).toSorted(), expected.toSorted());
    return backup;
  }

  const cases: readonly { title: string; spec: BackupSpec; takes: readonly string[] }[] = [
    { title: 'a.3.2 cluster-scoped resources come with all namespaces', spec: {}, takes: everything },
    {
      title: 'a.3.2 they do not come with some namespaces',
      spec: { includedNamespaces: ['shop'] },
      takes: [...ofShop, itsDefinition],
    },
    {
      title: 'a.3.2 they come with some namespaces if they are included, and namespaces stay chosen by name',
      spec: { includedNamespaces: ['shop'], includeClusterResources: true },
      takes: [...ofShop, ...ofCluster, itsDefinition],
    },
    {
      title: 'a.3.2 they never come if they are excluded, but for the namespaces themselves',
      spec: { includeClusterResources: false },
      takes: [...ofShop, ...ofBank],
    },
    {
      title: 'a.3.3 resources are included by plural, singular, short and whole names',
      spec: { includedResources: ['pod', 'configmaps', 'deployments.apps'] },
      takes: ['pods/shop/web', 'pods/bank/till', 'configmaps/shop/settings', 'deployments.apps/shop/web'],
    },
    {
      title: 'a.3.3 resources are included and excluded by globs',
      spec: { includedResources: ['persistentvolume*', '*.example.com'], excludedResources: ['*claims'] },
      takes: ['persistentvolumes//pv-1', 'widgets.example.com/shop/knob'],
    },
    {
      title: 'a.3.1 a name that the cluster does not know means nothing, and never everything',
      spec: { includedResources: ['ghosts'] },
      takes: [],
    },
    {
      title: 'a.3.5 namespaces are included by name and by glob',
      spec: { includedNamespaces: ['sh?p', 'ba*'], includedResources: ['pods'] },
      takes: ['pods/shop/web', 'pods/bank/till'],
    },
    {
      title: 'a.3.5 namespaces are excluded by glob, and excludes win',
      spec: { includedNamespaces: ['shop', 'bank'], excludedNamespaces: ['b[a-c]nk'], includedResources: ['pods'] },
      takes: ['pods/shop/web'],
    },
    {
      title: 'a.9.1 lists by scope: namespaced resources alone do not bring cluster-scoped ones',
      spec: { includedNamespaceScopedResources: ['pods', 'widgets'] },
      takes: [
        'pods/shop/web',
        'pods/bank/till',
        'widgets.example.com/shop/knob',
        'namespaces//shop',
        'namespaces//bank',
        itsDefinition,
      ],
    },
    {
      title: 'a.9.1 lists by scope: a cluster-scoped list takes those alone, and namespaces',
      spec: { includedNamespaces: ['shop'], includedClusterScopedResources: ['nodes'] },
      takes: [...ofShop, 'nodes//node-1', itsDefinition],
    },
    {
      title: 'a.9.1 lists by scope: an excluded type brings none of the others',
      spec: { excludedClusterScopedResources: ['nodes'], includedNamespaceScopedResources: ['configmaps'] },
      takes: ['configmaps/shop/settings', 'namespaces//shop', 'namespaces//bank'],
    },
    {
      title: 'a.9.1 lists by scope: * excludes a scope, and namespaces with it',
      spec: { excludedClusterScopedResources: ['*'] },
      takes: [...ofShop, ...ofBank].filter((key) => !key.startsWith('namespaces/')),
    },
    {
      title: 'a.9.1 lists by scope: the names of another scope mean nothing, and never everything',
      spec: { includedNamespaceScopedResources: ['nodes'], includedNamespaces: ['shop'] },
      takes: ['namespaces//shop'],
    },
    {
      title: 'a.3.7 a label selector takes what bears the labels, and the namespaces and definitions that this needs',
      spec: { labelSelector: { matchLabels: { app: 'web' } } },
      takes: [
        'pods/shop/web',
        'deployments.apps/shop/web',
        'widgets.example.com/shop/knob',
        'namespaces//shop',
        itsDefinition,
      ],
    },
    {
      title: 'a.9.7 namespaces that bear the labels come, though nothing in them does',
      spec: { labelSelector: { matchLabels: { tier: 'gold' } } },
      takes: ['namespaces//bank'],
    },
    {
      title: 'a.9.7 namespaces that are included by name come, whatever their labels',
      spec: { includedNamespaces: ['shop'], labelSelector: { matchLabels: { app: 'none' } } },
      takes: ['namespaces//shop'],
    },
    {
      title: 'a.9.7 excluded namespaces do not come, whatever their labels',
      spec: { excludedNamespaces: ['bank'], labelSelector: { matchLabels: { tier: 'gold' } } },
      takes: ['namespaces//shop'],
    },
    {
      title: 'a.9.8 of several label selectors one has to match, and what several match comes once',
      spec: {
        orLabelSelectors: [
          { matchLabels: { app: 'till' } },
          { matchExpressions: [{ key: 'app', operator: 'In', values: ['till', 'web'] }] },
        ],
        includedResources: ['pods'],
      },
      takes: ['pods/shop/web', 'pods/bank/till'],
    },
    {
      title: 'a.3.7 an empty label selector takes all',
      spec: { labelSelector: {}, includedResources: ['pods'] },
      takes: ['pods/shop/web', 'pods/bank/till'],
    },
    {
      title: 'a.4.15 the definition of a custom resource comes with it, though cluster-scoped resources do not',
      spec: { includedNamespaces: ['shop'], includedNamespaceScopedResources: ['widgets'] },
      takes: ['widgets.example.com/shop/knob', 'namespaces//shop', itsDefinition],
    },
    {
      title: 'a.4.15 it does not come where definitions or all cluster-scoped resources are excluded',
      spec: { includedNamespaces: ['shop'], excludedResources: ['crd', definition, 'pods'] },
      takes: ofShop.filter((key) => !key.startsWith('pods/')),
    },
    {
      title: 'a.4.15 it comes with a list of resources that lacks it only if cluster-scoped resources are included',
      spec: { includedResources: ['widgets'], includeClusterResources: true },
      takes: ['widgets.example.com/shop/knob', itsDefinition],
    },
    {
      title: 'a.4.15 it does not come with a list of resources that lacks it otherwise',
      spec: { includedResources: ['widgets'] },
      takes: ['widgets.example.com/shop/knob'],
    },
  ];
  for (const { title, spec, takes } of cases) it(title, async () => void (await assertTakes(spec, takes)));

  it('a.2.1 resources that can not be listed, created, read and deleted are passed over', async () => {
    const { discover } = runner.cluster;
    runner.cluster.discover = async () => {
      const discovery = await discover.call(runner.cluster);
      const preferred = discovery.preferred.map((one) =>
        one.plural === 'pods' ? { ...one, verbs: ['get', 'list', 'create'] } : one,
      );
      return { ...discovery, preferred };
    };
    await assertTakes(
      {},
      everything.filter((key) => !key.startsWith('pods/')),
    );
  });

  it('a.2.2 of a resource that is served in several versions the preferred one is listed', async () => {
    runner.cluster.serve({ 'example.com/v1': { widgets: 'Widget' }, 'example.com/v1beta1': { widgets: 'Widget' } });
    const backup = await ActivityBackup.make(runner, { includedResources: ['widgets'] });
    const versions = (await backup.items()).map(({ item }) => item.apiVersion);
    assert.deepEqual(versions, ['example.com/v1']);
  });

  it('a.2.3 an API group that does not answer is warned of, and the others are backed up', async () => {
    const { discover } = runner.cluster;
    const failures = [{ group: 'metrics.k8s.io/v1', reason: 'its server does not answer' }];
    runner.cluster.discover = async () => ({ ...(await discover.call(runner.cluster)), failures });
    const backup = await assertTakes({}, everything);
    assert.deepEqual(backup.complaints, [
      'warning: The API group metrics.k8s.io/v1 does not answer: its items are left out',
    ]);
  });

  it('a.2.4 pods come first, then claims, then volumes, then the rest in the order of the server', async () => {
    const { resources } = await runner.prepareBackup();
    assert.deepEqual(resources.slice(0, 4), ['pods', 'persistentvolumeclaims', 'persistentvolumes', 'namespaces']);
    const last = ['deployments.apps', 'storageclasses.storage.k8s.io', definition, 'widgets.example.com'];
    assert.deepEqual(resources.slice(-4), last);
  });

  it('a.2.5 a list that is refused is an error, and the other lists go on', async () => {
    const forbidden = apiError('list pods', { status: 403, body: '{"message":"no rights to pods"}' });
    runner.cluster.fail('list', 'pods', forbidden);
    const backup = await assertTakes(
      {},
      everything.filter((key) => !key.startsWith('pods/')),
    );
    assert.deepEqual(backup.complaints, ['error: pods//: Error listing items']);
  });

  it('a.3.4 of two types that hold the same objects the first one is listed', async () => {
    runner.cluster.serve({
      'extensions/v1beta1': { deployments: 'Deployment' },
      'networking.k8s.io/v1': { networkpolicies: 'NetworkPolicy' },
      'crd.projectcalico.org/v1': { networkpolicies: 'NetworkPolicy' },
    });
    runner.cluster.hold(
      object('extensions/v1beta1 Deployment', 'shop/web'),
      object('networking.k8s.io/v1 NetworkPolicy', 'shop/deny'),
      object('crd.projectcalico.org/v1 NetworkPolicy', 'shop/allow'),
    );
    await assertTakes({ includedResources: ['deployments*', 'networkpolicies*'] }, [
      'deployments.apps/shop/web',
      'networkpolicies.networking.k8s.io/shop/deny',
      'networkpolicies.crd.projectcalico.org/shop/allow',
    ]);
    await assertTakes({ includedResources: ['deployments.extensions'] }, ['deployments.extensions/shop/web']);
  });

  it('a.3.5 few namespaces are listed one by one, and many with the whole cluster', async () => {
    const lists = async (spec: BackupSpec): Promise<string[]> => {
      runner.cluster.requests.length = 0;
      await runner.prepareBackup(spec).then(({ run, plan }) =>
        runner.run('collectItems', {
          ...{ run, plan, step: 'collect', batch: { items: 500, bytes: 4_000_000 }, order: [0] },
          ...{ from: { list: 0 }, earlier: [], items: 2_000, staged: 0 },
        }),
      );
      return runner.cluster.requests.filter((request) => request.startsWith('list pods'));
    };
    assert.deepEqual(await lists({ includedNamespaces: ['shop', 'bank'] }), ['list pods/bank/', 'list pods/shop/']);
    assert.deepEqual(await lists({ includedNamespaces: ['*op'] }), ['list pods/shop/']);
    assert.deepEqual(await lists({}), ['list pods//']);
    assert.deepEqual(await lists({ includedNamespaces: ['none-*'] }), []);
  });

  it('a.3.6 namespaces are chosen by name, and a label that excludes one does not stop the others', async () => {
    await assertTakes({ includedResources: ['namespaces'], excludedNamespaces: ['bank'] }, ['namespaces//shop']);
  });

  it('a.3.9 lists are read in pages, and one that expires goes on', async () => {
    runner.cluster.itemsPerPage = 1;
    await assertTakes({}, everything);
  });

  it('a.9.3 volume snapshots are left to actions, and a full backup is full all the same', async () => {
    runner.cluster.serve({
      'snapshot.storage.k8s.io/v1': {
        volumesnapshots: 'VolumeSnapshot',
        'volumesnapshotcontents*': 'VolumeSnapshotContent',
      },
    });
    runner.cluster.hold(
      object('snapshot.storage.k8s.io/v1 VolumeSnapshot', 'shop/s'),
      object('snapshot.storage.k8s.io/v1 VolumeSnapshotContent', 'c'),
    );
    const { metadata } = await assertTakes({}, everything);
    assert.deepEqual(metadata.spec.excludedNamespaceScopedResources, ['volumesnapshots.snapshot.storage.k8s.io']);
    assert.deepEqual(metadata.spec.excludedClusterScopedResources, ['volumesnapshotcontents.snapshot.storage.k8s.io']);
  });

  it('a.9.3 volume snapshots come if they are named, and the excludes that Velero records make no backup smaller', async () => {
    runner.cluster.serve({ 'snapshot.storage.k8s.io/v1': { volumesnapshots: 'VolumeSnapshot' } });
    runner.cluster.hold(object('snapshot.storage.k8s.io/v1 VolumeSnapshot', 'shop/s'));
    await assertTakes({ includedResources: ['volumesnapshots'] }, ['volumesnapshots.snapshot.storage.k8s.io/shop/s']);
    await assertTakes(
      { excludedClusterScopedResources: ['volumesnapshotcontents.snapshot.storage.k8s.io'] },
      everything,
    );
  });

  it('a.9.4 a glob that matches no namespace is warned of, and takes nothing', async () => {
    const backup = await assertTakes({ includedNamespaces: ['none-*'] }, []);
    assert.deepEqual(backup.complaints, ['warning: No namespace matches none-*']);
  });

  it('a.9.5 a namespace whose label excludes it stays out, and a full backup is full all the same', async () => {
    const excluded = labelled({ 'velero.io/exclude-from-backup': 'true' });
    runner.cluster.hold(object('v1 Namespace', 'scratch', excluded), object('v1 Pod', 'scratch/p'));
    const { metadata } = await assertTakes({}, everything);
    assert.deepEqual(metadata.spec.excludedNamespaces, ['scratch']);
    const named = await assertTakes({ includedNamespaces: ['scratch', 'bank'] }, ofBank);
    assert.match(named.complaints.join(), /Namespace scratch is included, but its label .* leaves it out/);
  });

  it('a.9.5 namespaces that can not be listed are a warning, for their labels are not seen', async () => {
    runner.cluster.fail('list', 'namespaces', apiError('list namespaces', { status: 403, body: '' }));
    const backup = await assertTakes({ includedNamespaces: ['bank'], excludedResources: ['namespaces'] }, [
      'pods/bank/till',
    ]);
    assert.match(backup.complaints.join(), /^warning: Namespaces can't be listed/);
  });

  it('a.9.6 a namespace that is included by name and missing is a warning', async () => {
    const backup = await assertTakes({ includedNamespaces: ['bank', 'gone'] }, ofBank);
    assert.deepEqual(backup.complaints, ['warning: Namespace gone is included, but there is none of that name']);
  });

  it('a.9.7 a namespace that is on its way out is left out', async () => {
    runner.cluster.hold(object('v1 Namespace', 'leaving', { status: { phase: 'Terminating' } }));
    await assertTakes({ includedResources: ['namespaces'] }, ['namespaces//shop', 'namespaces//bank']);
  });

  describe('in the order that is asked for', () => {
    beforeEach(() => {
      runner.cluster.hold(
        ...['a', 'b', 'c'].map((name) => object('v1 ConfigMap', `shop/${name}`)),
        ...['pv-0', 'pv-2'].map((name) => object('v1 PersistentVolume', name)),
      );
    });

    async function orderOf(type: string, spec: BackupSpec): Promise<{ names: string[]; backup: ActivityBackup }> {
      const backup = await ActivityBackup.make(runner, spec);
      const keys = (await backup.keys()).filter((key) => key.startsWith(`${type}/`));
      return { names: keys.map((key) => key.split('/').at(-1)!), backup };
    }

    it('a.3.8 ordered items come first of their type, once, and the others keep their order', async () => {
      runner.cluster.itemsPerPage = 2;
      const { names } = await orderOf('configmaps', {
        orderedResources: { cm: 'shop/c', configmaps: ' shop/c , shop/b' },
      });
      assert.deepEqual(names, ['c', 'b', 'a', 'settings']);
    });

    it('a.3.8 the same holds of a list per namespace, and of what actions ask for', async () => {
      const orderedResources = { configmaps: 'shop/b', persistentvolumes: 'pv-2,pv-0' };
      assert.deepEqual((await orderOf('configmaps', { includedNamespaces: ['shop'], orderedResources })).names, [
        'b',
        'a',
        'c',
        'settings',
      ]);
      assert.deepEqual((await orderOf('persistentvolumes', { orderedResources })).names, ['pv-2', 'pv-0', 'pv-1']);
    });

    it('a.3.8 an ordered item that is missing, a type that is unknown and a name of the wrong form are warnings', async () => {
      const orderedResources = { configmaps: 'shop/none,settings,shop/b', ghosts: 'a' };
      const { names, backup } = await orderOf('configmaps', { orderedResources });
      assert.deepEqual(names, ['b', 'a', 'c', 'settings']);
      assert.deepEqual(backup.complaints, [
        'warning: orderedResources: configmaps: expected namespace/name, got "settings"',
        'warning: orderedResources: the cluster serves no ghosts',
        'warning: configmaps/shop/none: Ordered item was not found in the cluster',
      ]);
    });

    it('a.3.8 the filters hold for ordered items, too', async () => {
      const { names } = await orderOf('configmaps', {
        excludedNamespaces: ['shop'],
        orderedResources: { configmaps: 'shop/b' },
      });
      assert.deepEqual(names, []);
    });
  });
});
