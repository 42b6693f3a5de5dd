import assert from 'node:assert/strict';
import { clusterItems } from '../../src/cli/cluster-items.ts';
import type { BackupSpec, ObjectDifference } from '../../src/client/index.ts';
import { itemKey } from '../../src/api/unstructured.ts';
import { ClusterInMemory } from '../support/cluster-in-memory.ts';
import { object } from '../support/objects.ts';
import { runCli } from './fake-cli.ts';

const found: ObjectDifference[] = [
  { change: 'removed', groupResource: 'pods', namespace: 'shop', name: 'old' },
  {
    change: 'changed',
    groupResource: 'deployments.apps',
    namespace: 'shop',
    name: 'web',
    fields: [
      { path: 'spec.replicas', before: 1, after: 2 },
      { path: 'spec.template.spec.containers[web].image', before: 'a'.repeat(50), after: undefined },
    ],
  },
  { change: 'added', groupResource: 'nodes', namespace: '', name: 'n-\u001b[2J1' },
];

function backupsThatDiffer(differences: readonly ObjectDifference[], asked: unknown[] = []) {
  return {
    async *diff(...args: unknown[]) {
      asked.push(args);
      yield* differences;
    },
  };
}

describe('backup diff', () => {
  it('lists what differs, by object and field, and counts it', async () => {
    const asked: unknown[] = [];
    const { exitCode, out } = await runCli(['backup', 'diff', 'a', 'b'], { backups: backupsThatDiffer(found, asked) });
    assert.equal(exitCode, 0);
    assert.equal(
      out,
      [
        'CHANGE   RESOURCE          NAMESPACE  NAME  FIELD                                     BEFORE                                    AFTER',
        'changed  deployments.apps  shop       web   spec.replicas                             1                                         2',
        `changed  deployments.apps  shop       web   spec.template.spec.containers[web].image  ${'a'.repeat(39)}…  <none>`,
        'added    nodes             -          n-1',
        'removed  pods              shop       old',
        '',
        '1 added, 1 removed, 1 changed',
        '',
      ].join('\n'),
    );
    assert.deepEqual(asked, [['a', 'b', { status: false }]]);
  });

  it('says so where nothing differs', async () => {
    assert.equal(
      (await runCli(['backup', 'diff', 'a', 'b'], { backups: backupsThatDiffer([]) })).out,
      'No differences.\n',
    );
    const { out } = await runCli(['backup', 'diff', 'a', 'b', '-o', 'json'], { backups: backupsThatDiffer([]) });
    assert.deepEqual(JSON.parse(out), []);
  });

  it('gives all of it as JSON, an object a line', async () => {
    const { out } = await runCli(['backup', 'diff', 'a', 'b', '-o', 'json'], { backups: backupsThatDiffer(found) });
    assert.deepEqual(JSON.parse(out), JSON.parse(JSON.stringify(found)));
    assert.equal(out.split('\n').length, found.length + 3);
  });

  for (const args of [['a'], ['a', 'b', '--cluster']]) {
    it(`wants a second backup or the cluster: ${args.join(' ')}`, async () => {
      const { exitCode, err } = await runCli(['backup', 'diff', ...args], { backups: backupsThatDiffer([]) });
      assert.deepEqual([exitCode, err], [2, 'error: diff a: expected a second backup, or --cluster\n']);
    });
  }
});

describe('clusterItems', () => {
  async function keysOf(spec: BackupSpec): Promise<string[]> {
    const cluster = new ClusterInMemory();
    cluster.hold(
      object('v1 Namespace', 'shop'),
      object('v1 Namespace', 'scratch', { metadata: { labels: { 'velero.io/exclude-from-backup': 'true' } } }),
      object('v1 Pod', 'shop/web', { metadata: { labels: { app: 'web' } } }),
      object('v1 Pod', 'shop/leaving', { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } }),
      object('v1 Secret', 'shop/key'),
      object('v1 Pod', 'scratch/p'),
      object('v1 Node', 'n'),
    );
    const keys: string[] = [];
    for await (const one of (await clusterItems(cluster, spec)).items())
      keys.push(`${itemKey(one)}${one.onlyIfKnown ? '?' : ''}`);
    return keys.toSorted();
  }

  const cases: readonly [string, BackupSpec, string[]][] = [
    [
      'are those that the backup would list',
      { excludedNamespaces: ['scratch'] },
      ['namespaces//shop', 'nodes//n', 'pods/shop/web', 'secrets/shop/key'],
    ],
    [
      'are known ones only where actions may have asked for them',
      { includedNamespaces: ['shop'], labelSelector: { matchLabels: { app: 'web' } } },
      ['namespaces//shop', 'nodes//n?', 'pods/shop/web', 'secrets/shop/key?'],
    ],
    [
      'are none of what is excluded',
      { includeClusterResources: false, includedResources: ['secrets'], includedNamespaces: ['shop'] },
      ['secrets/shop/key'],
    ],
  ];
  for (const [title, spec, expected] of cases) it(title, async () => assert.deepEqual(await keysOf(spec), expected));
});
