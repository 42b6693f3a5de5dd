import assert from 'node:assert/strict';
import type { RestoreSpec } from '../../src/api/restore.ts';
import { nonRestorable, restoreFilter } from '../../src/selection/restore-filter.ts';
import { resolve } from './cluster.ts';

const pod = { groupResource: 'pods', namespaced: true, namespace: 'shop', labels: { app: 'web' } };
const volume = { groupResource: 'persistentvolumes', namespaced: false, namespace: '', labels: {} };
const web = { matchLabels: { app: 'web' } };
const db = { matchLabels: { app: 'db' } };

describe('restoreFilter', () => {
  /** What is selected of `pod` and `volume`, and which of them are allowed as additional items. */
  const cases: readonly [string, RestoreSpec, string, string][] = [
    ['all by default', {}, 'pod volume', 'pod volume'],
    ['all for *', { includedNamespaces: ['*'], includedResources: ['*'] }, 'pod volume', 'pod volume'],
    ['by short names', { includedResources: ['po'] }, 'pod', 'pod'],
    ['by globs', { includedResources: ['persistent*'] }, 'volume', 'volume'],
    ['nothing by a name that nothing bears', { includedResources: ['ghosts'] }, '', ''],
    ['without what is excluded', { excludedResources: ['pod'] }, 'volume', 'volume'],
    ['by namespaces, with cluster-scoped items only on request', { includedNamespaces: ['sh*'] }, 'pod', 'pod volume'],
    ['without other namespaces', { includedNamespaces: ['bank'] }, '', 'volume'],
    ['without excluded namespaces', { excludedNamespaces: ['shop'] }, '', 'volume'],
    [
      'by the names of namespaces at the backup',
      { includedNamespaces: ['shop'], namespaceMapping: { shop: 'copy' } },
      'pod',
      'pod volume',
    ],
    [
      'cluster-scoped items with few namespaces if told to',
      { includedNamespaces: ['shop'], includeClusterResources: true },
      'pod volume',
      'pod volume',
    ],
    ['no cluster-scoped items if told not to', { includeClusterResources: false }, 'pod', 'pod'],
    ['as by default for null', { includeClusterResources: null, labelSelector: null }, 'pod volume', 'pod volume'],
    ['by labels, which additional items need not have', { labelSelector: web }, 'pod', 'pod volume'],
    ['nothing by labels that nothing has', { labelSelector: db }, '', 'pod volume'],
    ['by one of several selectors', { orLabelSelectors: [db, web] }, 'pod', 'pod volume'],
  ];
  for (const [title, spec, selected, allowed] of cases) {
    it(`(b.2) selects ${title}`, () => {
      const { selects, allowsAdditional } = restoreFilter(spec, resolve);
      const named = (test: (item: typeof pod | typeof volume) => boolean): string =>
        Object.entries({ pod, volume })
          .flatMap(([name, item]) => (test(item) ? name : []))
          .join(' ');
      assert.deepEqual([named(selects), named(allowsAdditional)], [selected, allowed]);
    });
  }

  it('(b.4.1) selects what volumes are restored from, whatever resources, namespaces and labels are named', () => {
    const spec = { includedResources: ['pods'], includedNamespaces: ['bank'], labelSelector: db };
    const upload = { groupResource: 'datauploads.velero.io', namespaced: true, namespace: 'velero', labels: {} };
    const content = { ...volume, groupResource: 'volumesnapshotcontents.snapshot.storage.k8s.io' };
    for (const [item, filters, expected] of [
      [upload, spec, true],
      [content, spec, false],
      [content, { ...spec, includeClusterResources: true }, true],
      [content, { includedResources: ['pods'] }, true],
      [content, { includeClusterResources: false }, false],
    ] as const) {
      assert.equal(restoreFilter(filters, resolve).selects(item), expected, JSON.stringify([item, filters]));
    }
  });

  for (const groupResource of nonRestorable) {
    it(`(b.1) never selects ${groupResource}, not even by name`, () => {
      for (const spec of [{}, { includedResources: [groupResource] }, { includedResources: ['*'] }]) {
        const { selects, allowsAdditional } = restoreFilter(spec, resolve);
        assert.equal(selects({ ...volume, groupResource }), false);
        assert.equal(allowsAdditional({ ...volume, groupResource }), false);
      }
    });
  }
});
