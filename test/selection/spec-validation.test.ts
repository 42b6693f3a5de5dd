import assert from 'node:assert/strict';
import type { Backup } from '../../src/api/backup.ts';
import { decodeMetadata } from '../../src/backup-format/artifacts.ts';
import { backupLayout } from '../../src/backup-format/layout.ts';
import { validateBackupSpec, validateName, validateRestoreSpec } from '../../src/selection/spec-validation.ts';
import { goldenFile } from '../backup-format/golden.ts';

const unset = {
  includeClusterResources: null,
  labelSelector: null,
  orLabelSelectors: null,
  hooks: {},
  uploaderConfig: {},
};

describe('validateBackupSpec', () => {
  it('finds nothing wrong with an empty spec', () => assert.deepEqual(validateBackupSpec({}), []));

  it('finds nothing wrong with a spec that uses every member', () => {
    const spec = {
      ...unset,
      includedNamespaces: ['shop', 'app-*'],
      excludedNamespaces: ['app-[0-9]'],
      includedResources: ['*'],
      excludedResources: ['secrets'],
      includeClusterResources: true,
      labelSelector: { matchLabels: { app: 'web' }, matchExpressions: [{ key: 'tier', operator: 'Exists' }] },
      snapshotVolumes: false,
      ttl: '720h0m0s',
      storageLocation: 'default',
      volumeSnapshotLocations: ['default'],
      metadata: { labels: { team: 'a' } },
      csiSnapshotTimeout: '10m0s',
      itemOperationTimeout: '4h0m0s',
      volumeGroupSnapshotLabelKey: 'velero.io/volume-group',
      resourcePolicy: { kind: 'ConfigMap', name: 'policies' },
      orderedResources: { pods: 'shop/db-0,shop/db-1', persistentvolumes: 'pv-1' },
      defaultVolumesToFsBackup: false,
      snapshotMoveData: false,
      datamover: '',
    };
    assert.deepEqual(validateBackupSpec(spec), []);
  });

  it('finds nothing wrong with a spec that Velero has filled in', () => {
    const { spec }: Backup = decodeMetadata(goldenFile(backupLayout('shop-golden').metadata));
    assert.deepEqual(validateBackupSpec(spec), []);
  });

  const cases: readonly [unknown, readonly (string | RegExp)[]][] = [
    [undefined, ['spec: expected an object, got nothing']],
    [null, ['spec: expected an object, got null']],
    [[], ['spec: expected an object, got a list']],
    ['all', ['spec: expected an object, got string "all"']],
    [{ includedNamespace: ['a'] }, [/^spec\.includedNamespace: unknown field; known are includedNamespaces, /]],
    [JSON.parse('{"__proto__":{}}'), [/^spec\.__proto__: unknown field/]],
    [{ constructor: 1 }, [/^spec\.constructor: unknown field/]],
    [{ includedNamespaces: 'shop' }, ['spec.includedNamespaces: expected a list, got string "shop"']],
    [
      { includedNamespaces: ['a', 7, null, 'b', {}] },
      [
        'spec.includedNamespaces[1]: expected text, got number 7',
        'spec.includedNamespaces[2]: expected text, got null',
        'spec.includedNamespaces[4]: expected text, got an object',
      ],
    ],
    [
      { includedNamespaces: ['*', 'a'], excludedNamespaces: ['*', 'a'] },
      [
        'spec: namespaces: "*" must stand alone in the includes',
        'spec: namespaces: "*" is not allowed in the excludes',
        'spec: namespaces: a is both included and excluded',
      ],
    ],
    [
      { includedResources: ['[pods', '{a,b}'] },
      [
        'spec: resources: "[pods" is neither a name nor a glob of *, ?, [a-c], [!a]',
        'spec: resources: "{a,b}" is neither a name nor a glob of *, ?, [a-c], [!a]',
      ],
    ],
    [
      { includeClusterResources: 'yes', snapshotVolumes: 0 },
      [
        'spec.includeClusterResources: expected true or false, got string "yes"',
        'spec.snapshotVolumes: expected true or false, got number 0',
      ],
    ],
    [
      { ttl: '30d', csiSnapshotTimeout: 600, itemOperationTimeout: '-1h' },
      [
        'spec.ttl: expected a duration such as 720h0m0s, got string "30d"',
        'spec.csiSnapshotTimeout: expected a duration such as 720h0m0s, got number 600',
        'spec.itemOperationTimeout: expected a duration such as 720h0m0s, got string "-1h"',
      ],
    ],
    [{ ttl: '9999999h' }, ['spec.ttl: expected a duration such as 720h0m0s, got string "9999999h"']],
    [{ storageLocation: ['a'] }, ['spec.storageLocation: expected text, got a list']],
    [{ volumeSnapshotLocations: [true] }, ['spec.volumeSnapshotLocations[0]: expected text, got boolean true']],
    [
      { labelSelector: {}, orLabelSelectors: [] },
      ['spec.labelSelector and spec.orLabelSelectors: expected at most one of the two'],
    ],
    [{ labelSelector: 'app=web' }, ['spec.labelSelector: expected an object, got string "app=web"']],
    [
      { labelSelector: { app: 'web', matchLabels: { a: 1 }, matchExpressions: {} } },
      [
        'spec.labelSelector.app: unknown field; known are matchLabels, matchExpressions',
        'spec.labelSelector.matchLabels.a: expected text, got number 1',
        'spec.labelSelector.matchExpressions: expected a list, got an object',
      ],
    ],
    [
      { orLabelSelectors: [{ matchExpressions: [7, { operator: 'In', values: [1] }] }, null] },
      [
        'spec.orLabelSelectors[0].matchExpressions[0]: expected an object, got number 7',
        'spec.orLabelSelectors[0].matchExpressions[1].key: expected text, got nothing',
        'spec.orLabelSelectors[0].matchExpressions[1].values[0]: expected text, got number 1',
        'spec.orLabelSelectors[1]: expected an object, got null',
      ],
    ],
    [
      { orLabelSelectors: [{ matchLabels: { a: 'b c' } }, { matchExpressions: [{ key: 'a', operator: 'Is' }] }] },
      [
        'spec.orLabelSelectors[0].matchLabels: "b c" is no label value',
        'spec.orLabelSelectors[1].matchExpressions[0]: operator: expected one of In, NotIn, Exists, DoesNotExist, got Is',
      ],
    ],
    [
      { labelSelector: { matchLabels: null, matchExpressions: [{ key: 'a', operator: 'In', values: null }] } },
      ['spec.labelSelector.matchExpressions[0]: In needs values'],
    ],
    [{ metadata: [] }, ['spec.metadata: expected an object, got a list']],
    [
      { metadata: { annotations: {}, labels: { 'a b': 'c' } } },
      ['spec.metadata.annotations: unknown field; known is labels', 'spec.metadata.labels: "a b" is no label key'],
    ],
    [{ metadata: { labels: { a: true } } }, ['spec.metadata.labels.a: expected text, got boolean true']],
    [
      {
        defaultVolumesToFsBackup: true,
        snapshotMoveData: true,
      },
      ['spec.defaultVolumesToFsBackup: not supported yet', 'spec.snapshotMoveData: not supported yet'],
    ],
    [
      {
        includedResources: ['pods'],
        includedClusterScopedResources: ['nodes', '*'],
        excludedClusterScopedResources: ['nodes'],
        excludedNamespaceScopedResources: ['*', 'pods'],
      },
      [
        'spec: namespace-scoped resources: "*" must stand alone in the excludes',
        'spec: cluster-scoped resources: "*" must stand alone in the includes',
        'spec: cluster-scoped resources: nodes is both included and excluded',
        /^spec: expected either includedResources, excludedResources and includeClusterResources, or the /,
      ],
    ],
    [
      { includedNamespaceScopedResources: ['pods'], excludedNamespaceScopedResources: ['*'] },
      ['spec: namespace-scoped resources: with "*" excluded nothing can be included'],
    ],
    [{ includedClusterScopedResources: ['nodes'], includeClusterResources: false }, [/^spec: expected either /]],
    [
      { orderedResources: { pods: ['a/b'] }, resourcePolicy: 'p' },
      [
        'spec.orderedResources.pods: expected text, got a list',
        'spec.resourcePolicy: expected an object, got string "p"',
      ],
    ],
    [
      { resourcePolicy: { apiGroup: 'apps', kind: 'Secret', namespace: 'velero' } },
      [
        'spec.resourcePolicy.namespace: unknown field; known are kind, name',
        'spec.resourcePolicy.apiGroup: expected none, got string "apps"',
        'spec.resourcePolicy.kind: expected configmap, got string "Secret"',
        'spec.resourcePolicy.name: expected text, got nothing',
      ],
    ],
  ];
  for (const [spec, expected] of cases) {
    it(`tells all that is wrong with ${JSON.stringify(spec) ?? 'nothing'}`, () =>
      assertProblems(validateBackupSpec(spec), expected));
  }
});

describe('validateRestoreSpec', () => {
  it('finds nothing wrong with a spec that uses every member', () => {
    const spec = {
      ...unset,
      backupName: 'nightly',
      scheduleName: '',
      includedNamespaces: ['shop'],
      excludedResources: ['nodes', 'events'],
      namespaceMapping: { shop: 'shop-copy' },
      restorePVs: true,
      preserveNodePorts: null,
      existingResourcePolicy: 'update',
      itemOperationTimeout: '4h0m0s',
      restoreStatus: null,
      resourceModifier: { apiGroup: null, kind: 'ConfigMap', name: 'm' },
    };
    assert.deepEqual(validateRestoreSpec(spec), []);
    assert.deepEqual(validateRestoreSpec({ restoreStatus: {}, scheduleName: 'nightly' }), []);
    assert.deepEqual(validateRestoreSpec({}), []);
  });

  const cases: readonly [unknown, readonly (string | RegExp)[]][] = [
    [undefined, ['spec: expected an object, got nothing']],
    [{ ttl: '1h' }, [/^spec\.ttl: unknown field; known are .*backupName/]],
    [{ backupName: 7 }, ['spec.backupName: expected text, got number 7']],
    [{ namespaceMapping: 'a:b' }, ['spec.namespaceMapping: expected an object, got string "a:b"']],
    [{ namespaceMapping: { a: 1, b: 'c' } }, ['spec.namespaceMapping.a: expected text, got number 1']],
    [
      { restorePVs: 'no', preserveNodePorts: 1 },
      [
        'spec.restorePVs: expected true or false, got string "no"',
        'spec.preserveNodePorts: expected true or false, got number 1',
      ],
    ],
    [
      { existingResourcePolicy: 'replace' },
      ['spec.existingResourcePolicy: expected one of string "", string "none", string "update", got string "replace"'],
    ],
    [
      { scheduleName: 7, namespaceMapping: { a: '', b: 'B', c: 'c.d' } },
      [
        'spec.scheduleName: expected text, got number 7',
        'spec.namespaceMapping.a: expected a namespace\'s name, got string ""',
        'spec.namespaceMapping.b: expected a namespace\'s name, got string "B"',
        'spec.namespaceMapping.c: expected a namespace\'s name, got string "c.d"',
      ],
    ],
    [
      { restoreStatus: { resources: ['pods'], includedResources: 'pods' }, resourceModifier: { name: '', key: 'a' } },
      [
        'spec.restoreStatus.resources: unknown field; known are includedResources, excludedResources',
        'spec.restoreStatus.includedResources: expected a list, got string "pods"',
        'spec.resourceModifier.kind: expected configmap, got nothing',
        'spec.resourceModifier.name: expected a name, got string ""',
        'spec.resourceModifier.key: unknown field; known are apiGroup, kind, name',
      ],
    ],
    [
      {
        restoreStatus: { includedResources: ['pods'], excludedResources: ['pods'] },
        resourceModifier: { apiGroup: 'apps', kind: 'Secret', name: 'm' },
      },
      [
        'spec.restoreStatus: resources: pods is both included and excluded',
        'spec.resourceModifier.kind: expected configmap, got string "Secret"',
        'spec.resourceModifier.apiGroup: expected none, got string "apps"',
      ],
    ],
    [
      { restoreStatus: [], resourceModifier: 'm' },
      [/^spec\.restoreStatus: expected an object, got a list$/, /^spec\.resourceModifier: expected an object/],
    ],
    [
      { includedResources: ['pods', 'nodes', 'backups.velero.io'] },
      [
        'spec.includedResources: nodes are never restored',
        'spec.includedResources: backups.velero.io are never restored',
      ],
    ],
    [{ includedResources: 'nodes' }, ['spec.includedResources: expected a list, got string "nodes"']],
  ];
  for (const [spec, expected] of cases) {
    it(`tells all that is wrong with ${JSON.stringify(spec) ?? 'nothing'}`, () =>
      assertProblems(validateRestoreSpec(spec), expected));
  }
});

describe('validateName', () => {
  for (const name of ['a', 'nightly-20261123170809', 'a.b-c.d', '0', 'a'.repeat(253)])
    it(`finds nothing wrong with ${name.slice(0, 30)}`, () => assert.deepEqual(validateName(name), []));

  const wrong = ['', 'A', 'a_b', '-a', 'a-', 'a..b', '.a', 'a.', 'a/b', '..', 'a b', 'a\n', 'é', 'a'.repeat(254)];
  for (const name of [...wrong, undefined, null, 7, ['a']]) {
    it(`tells what it expected instead of ${(JSON.stringify(name) ?? 'nothing').slice(0, 30)}`, () =>
      assertProblems(validateName(name), [/^name: expected a DNS subdomain \(.*\), got /]));
  }
});

function assertProblems(actual: readonly string[], expected: readonly (string | RegExp)[]): void {
  assert.equal(actual.length, expected.length, actual.join('\n'));
  for (const [index, one] of expected.entries()) {
    if (typeof one === 'string') assert.equal(actual[index], one);
    else assert.match(actual[index] ?? '', one);
  }
}
