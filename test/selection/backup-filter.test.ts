import assert from 'node:assert/strict';
import type { BackupSpec } from '../../src/api/backup.ts';
import { backupFilter } from '../../src/selection/backup-filter.ts';
import { object, resolve, resource, served } from './cluster.ts';

const filterOf = (spec: BackupSpec, resources = served) => backupFilter(spec, { resources, resolve });
const listedBy = (spec: BackupSpec, resources = served): string[] =>
  filterOf(spec, resources).resources.map(({ groupResource }) => groupResource);

const namespacedOnes = ['pods', 'persistentvolumeclaims', 'configmaps', 'namespaces', 'deployments.apps'];
const all = [
  'pods',
  'persistentvolumeclaims',
  'persistentvolumes',
  'configmaps',
  'namespaces',
  'nodes',
  'deployments.apps',
  'customresourcedefinitions.apiextensions.k8s.io',
];

describe('backupFilter: resources', () => {
  const cases: readonly { readonly title: string; readonly spec: BackupSpec; readonly expected: readonly string[] }[] =
    [
      { title: 'lists all, pods and volumes first', spec: {}, expected: all },
      { title: 'lists all for *', spec: { includedNamespaces: ['*'], includedResources: ['*'] }, expected: all },
      {
        title: 'leaves cluster-scoped ones out when namespaces are chosen, but for namespaces',
        spec: { includedNamespaces: ['shop'] },
        expected: namespacedOnes,
      },
      {
        title: 'leaves cluster-scoped ones out when one namespace is excluded',
        spec: { excludedNamespaces: ['kube-system'] },
        expected: namespacedOnes,
      },
      {
        title: 'lists cluster-scoped ones with few namespaces if told to',
        spec: { includedNamespaces: ['shop'], includeClusterResources: true },
        expected: all,
      },
      {
        title: 'lists no cluster-scoped ones if told not to',
        spec: { includeClusterResources: false },
        expected: namespacedOnes,
      },
      { title: 'takes null for absence', spec: { includeClusterResources: null, labelSelector: null }, expected: all },
      {
        title: 'knows short, singular and whole names',
        spec: { includedResources: ['po', 'configmap', 'deployments.apps'] },
        expected: ['pods', 'configmaps', 'deployments.apps'],
      },
      { title: 'knows globs', spec: { includedResources: ['persistent*'] }, expected: all.slice(1, 3) },
      {
        title: 'leaves out what is excluded, though it is included too',
        spec: { includedResources: ['pods', 'nodes'], excludedResources: ['no'] },
        expected: ['pods'],
      },
      {
        title: 'takes an unknown name for nothing, not for all',
        spec: { includedResources: ['ghosts'] },
        expected: [],
      },
    ];
  for (const { title, spec, expected } of cases) it(title, () => assert.deepEqual(listedBy(spec), expected));

  it('leaves out what can not be listed, created, read and deleted', () => {
    const partial = ['list', 'create', 'get', 'delete'].map((missing) =>
      resource(`without-${missing}`, {
        verbs: ['list', 'create', 'get', 'delete', 'watch'].filter((verb) => verb !== missing),
      }),
    );
    assert.deepEqual(listedBy({}, [...partial, resource('pods')]), ['pods']);
  });

  it('lists the first of two groups that hold the same objects', () => {
    const twins = ['deployments.apps', 'deployments.extensions', 'events', 'events.events.k8s.io'].map((name) =>
      resource(name),
    );
    assert.deepEqual(listedBy({}, twins), ['events', 'deployments.apps']);
    assert.deepEqual(listedBy({}, twins.toReversed()), ['events.events.k8s.io', 'deployments.extensions']);
    assert.deepEqual(listedBy({ excludedResources: ['deployments.apps', 'events'] }, twins), [
      'deployments.extensions',
      'events.events.k8s.io',
    ]);
  });

  it('does not take a resource for a twin that only bears the same name', () => {
    const names = ['networkpolicies.networking.k8s.io', 'networkpolicies.crd.projectcalico.org'];
    assert.deepEqual(
      listedBy(
        {},
        names.map((name) => resource(name)),
      ),
      names,
    );
  });
});

describe('backupFilter: namespaces', () => {
  const cases: readonly [string, BackupSpec, readonly string[] | undefined][] = [
    ['are not named when all are wanted', {}, undefined],
    ['are not named for *', { includedNamespaces: ['*'] }, undefined],
    ['are not named when one is a glob', { includedNamespaces: ['shop', 'app-?'] }, undefined],
    ['are named once each', { includedNamespaces: ['b', 'a', 'b'] }, ['b', 'a']],
    ['are named without the excluded ones', { includedNamespaces: ['a', 'b'], excludedNamespaces: ['b*'] }, ['a']],
  ];
  for (const [title, spec, expected] of cases) it(title, () => assert.deepEqual(filterOf(spec).namespaces, expected));
});

describe('backupFilter: the label selector for the server', () => {
  const [a, b] = [{ matchLabels: { app: 'a' } }, { matchLabels: { app: 'b' } }];
  const cases: readonly [string, BackupSpec, string | undefined][] = [
    ['is the one there is', { labelSelector: a }, 'app=a'],
    ['is the only one of several possible', { orLabelSelectors: [b] }, 'app=b'],
    ['is absent with several', { orLabelSelectors: [a, b] }, undefined],
    ['is absent if it would be empty', { labelSelector: {} }, undefined],
    ['is absent without any', {}, undefined],
  ];
  for (const [title, spec, expected] of cases) it(title, () => assert.equal(filterOf(spec).labelSelector, expected));
});

describe('backupFilter: items', () => {
  const pods = resource('pods');
  const nodes = resource('nodes', { namespaced: false });
  const namespaces = resource('namespaces', { namespaced: false });
  const pod = object({ name: 'p', namespace: 'shop', labels: { app: 'web' } });
  const web = { matchLabels: { app: 'web' } };
  const db = { matchLabels: { app: 'db' } };
  const excluded = { ...pod.metadata, labels: { 'velero.io/exclude-from-backup': 'true' } };
  const kept = { ...pod.metadata, labels: { 'velero.io/exclude-from-backup': 'false' } };

  const cases = [
    { title: 'of all namespaces', spec: {}, selects: true, allows: true },
    { title: 'of a namespace by name', spec: { includedNamespaces: ['shop'] }, selects: true, allows: true },
    { title: 'of another namespace', spec: { includedNamespaces: ['bank'] }, selects: false, allows: false },
    { title: 'of an excluded namespace', spec: { excludedNamespaces: ['sh*'] }, selects: false, allows: false },
    { title: 'of an excluded resource', spec: { excludedResources: ['pod'] }, selects: false, allows: false },
    { title: 'that a selector matches', spec: { labelSelector: web }, selects: true, allows: true },
    { title: 'that a selector does not match', spec: { labelSelector: db }, selects: false, allows: true },
    { title: 'that one of two selectors matches', spec: { orLabelSelectors: [db, web] }, selects: true, allows: true },
    { title: 'that no selector matches', spec: { orLabelSelectors: [db, db] }, selects: false, allows: true },
    { title: 'that are labelled not to be', spec: {}, item: object(excluded), selects: false, allows: false },
    { title: 'that are labelled to be', spec: {}, item: object(kept), selects: true, allows: true },
    {
      title: 'that are being deleted',
      spec: {},
      item: object({ ...pod.metadata, deletionTimestamp: '2026-11-23T17:08:09Z' }),
      selects: false,
      allows: false,
    },
    { title: 'without a namespace', spec: {}, type: nodes, item: object({ name: 'n' }), selects: true, allows: true },
    {
      title: 'without a namespace that an action asks for, though namespaces are chosen',
      spec: { includedNamespaces: ['shop'] },
      type: nodes,
      item: object({ name: 'n' }),
      selects: false,
      allows: true,
    },
    {
      title: 'without a namespace that are not wanted',
      spec: { includeClusterResources: false },
      type: nodes,
      item: object({ name: 'n' }),
      selects: false,
      allows: false,
    },
    {
      title: 'that are a namespace which is wanted, even without cluster resources',
      spec: { includedNamespaces: ['shop'], includeClusterResources: false },
      type: namespaces,
      item: object({ name: 'shop' }),
      selects: true,
      allows: true,
    },
    {
      title: 'that are a namespace which is not wanted',
      spec: { includedNamespaces: ['shop'] },
      type: namespaces,
      item: object({ name: 'bank' }),
      selects: false,
      allows: false,
    },
  ];
  for (const { title, spec, type = pods, item = pod, selects, allows } of cases) {
    it(`${title} are ${selects ? '' : 'not '}selected, and ${allows ? '' : 'not '}allowed as additional`, () => {
      const filter = filterOf(spec);
      assert.deepEqual([filter.selects(type, item), filter.allowsAdditional(type, item)], [selects, allows]);
    });
  }
});
