import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { BackupSpec } from '../../src/api/backup.ts';
import type { ObjectMeta, Unstructured } from '../../src/api/unstructured.ts';
import type { KubernetesClient } from '../../src/kubernetes/client.ts';
import { connect } from '../../src/kubernetes/http-client.ts';
import { applyManifests } from '../../tools/demo/manifests.ts';
import { ActivityBackup } from '../support/activity-backup.ts';
import { ActivityRunner } from '../support/activity-runner.ts';
import { object } from '../support/objects.ts';
import { kubernetesServer } from '../support/servers.ts';
import { createEnvironment, type Environment } from './environment.ts';

const labelled = (labels: Record<string, string>): { metadata: Partial<ObjectMeta> } => ({ metadata: { labels } });
const definition = object('apiextensions.k8s.io/v1 CustomResourceDefinition', 'knobs.filters.example.com', {
  spec: {
    group: 'filters.example.com',
    scope: 'Namespaced',
    names: { plural: 'knobs', singular: 'knob', kind: 'Knob', listKind: 'KnobList', shortNames: ['kn'] },
    versions: ['v1', 'v1beta1'].map((name) => ({
      name,
      served: true,
      storage: name === 'v1',
      schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
    })),
  },
});

/** Two namespaces that only these tests use, a third one that is labelled, and one that has been asked to go. */
const manifests: readonly Unstructured[] = [
  definition,
  object('v1 Namespace', 'filters-shop', labelled({ team: 'filters' })),
  object('v1 Namespace', 'filters-bank'),
  object('v1 Namespace', 'filters-scratch', labelled({ 'velero.io/exclude-from-backup': 'true' })),
  object('v1 ConfigMap', 'filters-shop/web', labelled({ app: 'web', suite: 'filters' })),
  object('v1 ConfigMap', 'filters-shop/db', labelled({ app: 'db', suite: 'filters' })),
  object('v1 ConfigMap', 'filters-shop/kept-out', labelled({ 'velero.io/exclude-from-backup': 'true' })),
  object('v1 ConfigMap', 'filters-shop/leaving', { metadata: { finalizers: ['filters.example.com/wait'] } }),
  object('v1 ConfigMap', 'filters-bank/till', labelled({ app: 'web', suite: 'filters' })),
  object('v1 ConfigMap', 'filters-scratch/scrap', labelled({ suite: 'filters' })),
  object('filters.example.com/v1 Knob', 'filters-shop/volume', { spec: { turns: 3 } }),
  object('storage.k8s.io/v1 StorageClass', 'filters-gold', { provisioner: 'filters.example.com/none' }),
];

describe('the rules of a backup, on a real API server', function () {
  this.timeout(60_000);
  let kubernetes: KubernetesClient;
  let runner: ActivityRunner;

  before(async () => {
    kubernetes = await connect({ kubeconfig: (await kubernetesServer()).kubeconfig });
    await applyManifests(kubernetes, manifests);
    const configMaps = (await kubernetes.discover()).find('configmaps')!;
    await kubernetes.delete(configMaps, { namespace: 'filters-shop', name: 'leaving' });
  });

  after(async () => {
    const discovery = await kubernetes.discover();
    const ref = { namespace: 'filters-shop', name: 'leaving' };
    await kubernetes.mergePatch(discovery.find('configmaps')!, ref, { metadata: { finalizers: null } });
    await kubernetes.delete(discovery.find('storageclasses.storage.k8s.io')!, { name: 'filters-gold' });
    await kubernetes.close();
  });

  beforeEach(() => (runner = new ActivityRunner({ kubernetes })));

  /** The keys of what these tests have made, without what the server adds to every namespace. */
  async function ownKeys(spec: BackupSpec): Promise<{ keys: string[]; backup: ActivityBackup }> {
    const backup = await ActivityBackup.make(runner, spec);
    const own = (await backup.keys()).filter(
      (key) => key.includes('filters') && !/kube-root-ca|\/default$|^apiservices/.test(key),
    );
    return { keys: own.toSorted(), backup };
  }

  const knobs = 'customresourcedefinitions.apiextensions.k8s.io//knobs.filters.example.com';
  const shop = [
    knobs,
    'configmaps/filters-shop/db',
    'configmaps/filters-shop/web',
    'knobs.filters.example.com/filters-shop/volume',
    'namespaces//filters-shop',
  ];
  const cases: readonly [string, BackupSpec, readonly string[]][] = [
    [
      'a.4.15 takes the definition of a custom resource, and neither what is labelled nor what is being deleted',
      { includedNamespaces: ['filters-shop'] },
      shop,
    ],
    [
      'a.3.7 lets the server select by labels, over its own pages',
      {
        labelSelector: {
          matchLabels: { suite: 'filters' },
          matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['db'] }],
        },
      },
      [
        'configmaps/filters-bank/till',
        'configmaps/filters-shop/web',
        'namespaces//filters-bank',
        'namespaces//filters-shop',
      ],
    ],
    [
      'a.9.8 takes what one of several selectors selects',
      {
        orLabelSelectors: [{ matchLabels: { app: 'db' } }, { matchLabels: { team: 'filters' } }],
        includedNamespaces: ['filters-*'],
      },
      ['configmaps/filters-shop/db', 'namespaces//filters-bank', 'namespaces//filters-shop'],
    ],
    [
      'a.3.5 finds namespaces by globs',
      { includedNamespaces: ['filters-[a-c]*'], includedResources: ['cm', 'ns'] },
      ['configmaps/filters-bank/till', 'namespaces//filters-bank'],
    ],
    [
      'a.2.2 lists a resource in the version that the server prefers, by its short name',
      { includedResources: ['kn'] },
      ['knobs.filters.example.com/filters-shop/volume'],
    ],
    [
      'a.9.1 takes the cluster-scoped resources that are listed',
      { includedNamespaces: ['filters-bank'], includedClusterScopedResources: ['sc'] },
      ['configmaps/filters-bank/till', 'namespaces//filters-bank', 'storageclasses.storage.k8s.io//filters-gold'],
    ],
  ];
  for (const [title, spec, expected] of cases) {
    it(title, async () => assert.deepEqual((await ownKeys(spec)).keys, expected.toSorted()));
  }

  it('a.9.5 a full backup is full, but for the namespace whose label excludes it', async () => {
    const { keys, backup } = await ownKeys({});
    const expected = [
      ...shop,
      'configmaps/filters-bank/till',
      'namespaces//filters-bank',
      'storageclasses.storage.k8s.io//filters-gold',
    ];
    assert.deepEqual(keys, expected.toSorted());
    assert.ok(backup.metadata.spec.excludedNamespaces?.includes('filters-scratch'));
    const all = await backup.keys();
    for (const type of [
      'clusterroles.rbac.authorization.k8s.io',
      'priorityclasses.scheduling.k8s.io',
      'apiservices.apiregistration.k8s.io',
    ])
      assert.ok(
        all.some((key) => key.startsWith(`${type}//`)),
        type,
      );
  });

  it('a.3.8 takes ordered items first, and says which are not there', async () => {
    const orderedResources = { cm: 'filters-shop/web,filters-shop/none' };
    const backup = await ActivityBackup.make(runner, { includedNamespaces: ['filters-shop'], orderedResources });
    const configMaps = (await backup.keys()).filter((key) => key.startsWith('configmaps/'));
    assert.deepEqual(configMaps.slice(0, 2), ['configmaps/filters-shop/web', 'configmaps/filters-shop/db']);
    assert.deepEqual(backup.complaints, [
      'warning: configmaps/filters-shop/none: Ordered item was not found in the cluster',
    ]);
  });

  it('a.9.6 warns of a namespace that is not there', async () => {
    const { complaints } = await ActivityBackup.make(runner, { includedNamespaces: ['filters-bank', 'filters-gone'] });
    assert.deepEqual(complaints, ['warning: Namespace filters-gone is included, but there is none of that name']);
  });
});

describe('the restore of a part of a backup, from a real bucket', function () {
  this.timeout(120_000);
  let environment: Environment;

  before(async () => {
    environment = await createEnvironment('parts');
    const names = Array.from({ length: 60 }, (_, at) => `c${at}`);
    await applyManifests(
      environment.kubernetes,
      ['parts-a', 'parts-b', 'parts-c'].flatMap((namespace) => [
        object('v1 Namespace', namespace),
        ...names.map((name) =>
          object('v1 ConfigMap', `${namespace}/${name}`, { data: { noise: randomBytes(900).toString('hex') } }),
        ),
      ]),
    );
    environment.startWorker();
    await environment.run('backup', {
      name: 'parts',
      spec: { includedNamespaces: ['parts-*'], snapshotVolumes: false },
    });
  });

  after(() => environment.stop());

  it('brings back one namespace, read by ranges, as it was', async () => {
    const { kubernetes } = environment;
    const spec = {
      backupName: 'parts',
      includedNamespaces: ['parts-b'],
      namespaceMapping: { 'parts-b': 'parts-b-again' },
    };
    const { phase } = await environment.run('restore', { name: 'parts', spec });
    assert.equal(phase, 'Completed');
    const configMaps = (await kubernetes.discover()).find('configmaps')!;
    const dataOf = async (namespace: string): Promise<Record<string, unknown>> =>
      Object.fromEntries(
        (await kubernetes.listPage(configMaps, { namespace })).items
          .filter(({ metadata }) => metadata.name !== 'kube-root-ca.crt')
          .map(({ metadata, data }) => [metadata.name, data]),
      );
    assert.deepEqual(await dataOf('parts-b-again'), await dataOf('parts-b'));
    assert.equal(Object.keys(await dataOf('parts-b-again')).length, 60);
  });

  it('is compared with the cluster by the command line', async () => {
    const { kubernetes } = environment;
    assert.match(
      (await environment.bowline('backup', 'diff', 'parts', '--cluster')).text,
      /^added +namespaces +- +parts-b-again/m,
    );
    const configMaps = (await kubernetes.discover()).find('configmaps')!;
    await kubernetes.mergePatch(configMaps, { namespace: 'parts-a', name: 'c7' }, { data: { noise: 'silence' } });
    await kubernetes.delete(configMaps, { namespace: 'parts-c', name: 'c9' });
    const { code, text } = await environment.bowline('backup', 'diff', 'parts', '--cluster', '-o', 'json');
    assert.equal(code, 0, text);
    const found = (
      JSON.parse(text) as { change: string; namespace: string; name: string; fields?: { path: string }[] }[]
    ).filter(({ namespace }) => namespace === 'parts-a' || namespace === 'parts-c');
    const told = found.map(
      ({ change, namespace, name, fields = [] }) =>
        `${change} ${namespace}/${name} ${fields.map(({ path }) => path).join()}`,
    );
    assert.deepEqual(told.toSorted(), ['changed parts-a/c7 data.noise', 'removed parts-c/c9 ']);
  });
});
