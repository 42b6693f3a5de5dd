import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCli } from './fake-cli.ts';

/** The request that a `create` would send. */
async function requestOf(args: readonly string[]): Promise<{ name: string; spec: object }> {
  const { exitCode, out, err } = await runCli([...args, '-o', 'json']);
  assert.equal(exitCode, 0, err);
  return JSON.parse(out) as { name: string; spec: object };
}

describe('flags of backup create', () => {
  const table: [string[], object][] = [
    [[], {}],
    [['--include-namespaces', 'a,b', '--include-namespaces=c'], { includedNamespaces: ['a', 'b', 'c'] }],
    [['--exclude-namespaces', 'kube-*'], { excludedNamespaces: ['kube-*'] }],
    [
      ['--include-resources', 'pods,deploy', '--exclude-resources=secrets'],
      { includedResources: ['pods', 'deploy'], excludedResources: ['secrets'] },
    ],
    [['--include-cluster-resources'], { includeClusterResources: true }],
    [['--include-cluster-resources=false'], { includeClusterResources: false }],
    [['--snapshot-volumes=false', '--ttl', '24h'], { snapshotVolumes: false, ttl: '24h' }],
    [
      ['-l', 'app=web,tier in (a,b)'],
      {
        labelSelector: {
          matchLabels: { app: 'web' },
          matchExpressions: [{ key: 'tier', operator: 'In', values: ['a', 'b'] }],
        },
      },
    ],
    [
      ['--or-selector', 'a=b or c'],
      { orLabelSelectors: [{ matchLabels: { a: 'b' } }, { matchExpressions: [{ key: 'c', operator: 'Exists' }] }] },
    ],
    [
      ['--storage-location', 'far', '--volume-snapshot-locations', 'ebs,disk'],
      { storageLocation: 'far', volumeSnapshotLocations: ['ebs', 'disk'] },
    ],
    [
      ['--include-cluster-scoped-resources', 'nodes,pv', '--exclude-cluster-scoped-resources=*'],
      { includedClusterScopedResources: ['nodes', 'pv'], excludedClusterScopedResources: ['*'] },
    ],
    [
      ['--include-namespace-scoped-resources=pods', '--exclude-namespace-scoped-resources', 'secrets'],
      { includedNamespaceScopedResources: ['pods'], excludedNamespaceScopedResources: ['secrets'] },
    ],
    [
      ['--ordered-resources', 'pods=a/b, a/c; persistentvolumes=pv-1', '--resource-policies-configmap', 'policies'],
      {
        orderedResources: { pods: 'a/b, a/c', persistentvolumes: 'pv-1' },
        resourcePolicy: { kind: 'configmap', name: 'policies' },
      },
    ],
    [['--labels', 'a=b=c,d=', '--labels', 'e=f'], { metadata: { labels: { a: 'b=c', d: '', e: 'f' } } }],
  ];
  for (const [flags, spec] of table) {
    it(`give ${JSON.stringify(spec)} for ${flags.join(' ') || 'none'}`, async () => {
      assert.deepEqual(await requestOf(['backup', 'create', 'shop', ...flags]), { name: 'shop', spec });
    });
  }

  it('that are booleans do not take the name for their value', async () => {
    const { name, spec } = await requestOf(['backup', 'create', '--snapshot-volumes', 'shop']);
    assert.deepEqual([name, spec], ['shop', { snapshotVolumes: true }]);
  });

  const refused: [string[], RegExp][] = [
    [['--snapshot-volumes=maybe'], /'maybe' is invalid\. Expected true or false\.$/],
    [['--labels', 'a'], /Expected pairs such as a=b,c=d\.$/],
    [['--ordered-resources', 'pods'], /Expected lists such as pods=ns\/a,ns\/b;persistentvolumes=pv\.$/],
    [['-l', 'a=b c'], /"b c" is no label value\.$/],
    [['-o', 'table'], /Allowed choices are json, yaml\.$/],
    [['--include-everything'], /^error: unknown option '--include-everything'/],
    [['and', 'more'], /too many arguments/],
  ];
  for (const [flags, expected] of refused) {
    it(`are refused: ${flags.join(' ')}`, async () => {
      const { exitCode, out, err } = await runCli(['backup', 'create', 'shop', ...flags]);
      assert.equal(exitCode, 2);
      assert.equal(out, '');
      assert.match(err.trimEnd(), expected);
    });
  }
});

describe('flags of restore create', () => {
  it('give the name that Velero would give', async () => {
    const now = (): Date => new Date(2026, 0, 2, 3, 4, 5);
    const { out } = await runCli(['restore', 'create', '--from-backup', 'shop-1', '-o', 'json'], {}, { now });
    assert.deepEqual(JSON.parse(out), { name: 'shop-1-20260102030405', spec: { backupName: 'shop-1' } });
  });

  it('give the members of a restore', async () => {
    const flags = [
      ...['--from-backup', 'shop-1', '--namespace-mappings', 'a:b,c:d', '--restore-volumes=false'],
      ...['--preserve-nodeports', '--existing-resource-policy', 'update', '--include-resources', 'pods'],
    ];
    assert.deepEqual(await requestOf(['restore', 'create', 'back', ...flags]), {
      name: 'back',
      spec: {
        includedResources: ['pods'],
        backupName: 'shop-1',
        namespaceMapping: { a: 'b', c: 'd' },
        restorePVs: false,
        preserveNodePorts: true,
        existingResourcePolicy: 'update',
      },
    });
  });

  it('give what gets its status back, and the rules that change items', async () => {
    const flags = [
      ...['--from-schedule', 'daily', '--status-include-resources', 'pods,widgets.example.com'],
      ...['--status-exclude-resources', 'pods', '--resource-modifier-configmap', 'rules'],
    ];
    assert.deepEqual((await requestOf(['restore', 'create', 'back', ...flags])).spec, {
      scheduleName: 'daily',
      restoreStatus: { includedResources: ['pods', 'widgets.example.com'], excludedResources: ['pods'] },
      resourceModifier: { kind: 'configmap', name: 'rules' },
    });
  });

  it('name the newest backup of a schedule, where a PartiallyFailed one will do', async () => {
    const entry = (name: string, phase: string, startTimestamp: string, schedule = 'daily') => ({
      name,
      phase,
      record: { metadata: { labels: { 'velero.io/schedule-name': schedule } }, status: { startTimestamp } },
    });
    const list = async () => [
      entry('a', 'Completed', '2026-01-01T00:00:00Z'),
      entry('b', 'PartiallyFailed', '2026-01-03T00:00:00Z'),
      entry('c', 'Failed', '2026-01-04T00:00:00Z'),
      entry('d', 'Completed', '2026-01-05T00:00:00Z', 'weekly'),
      entry('e', 'Completed', '2026-01-02T00:00:00Z'),
    ];
    const args = ['restore', 'create', 'back', '--allow-partially-failed', '-o', 'json', '--from-schedule'];
    const { out } = await runCli([...args, 'daily'], { backups: { list } });
    assert.deepEqual((JSON.parse(out) as { spec: object }).spec, { backupName: 'b' });
    const none = await runCli([...args, 'hourly'], { backups: { list } });
    assert.deepEqual(
      [none.exitCode, none.err],
      [2, 'error: restore back: no backup of schedule hourly is Completed or PartiallyFailed\n'],
    );
  });

  it('have to name a backup', async () => {
    const { exitCode, err } = await runCli(['restore', 'create', 'back']);
    assert.deepEqual(
      [exitCode, err],
      [2, 'error: restore back: no backup is named: add --from-backup NAME or --from-schedule NAME\n'],
    );
  });
});

describe('spec file', () => {
  let folder: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bowline-spec-'));
  });

  after(() => rm(folder, { recursive: true }));

  async function file(text: string): Promise<string> {
    const path = join(folder, 'spec.yaml');
    await writeFile(path, text);
    return path;
  }

  it('is overridden by flags, member by member', async () => {
    const path = await file('includedNamespaces: [a]\nttl: 24h\nmetadata: {labels: {a: b, c: d}}\n');
    const flags = ['--spec', path, '--ttl', '48h', '--labels', 'a=z'];
    assert.deepEqual((await requestOf(['backup', 'create', 'shop', ...flags])).spec, {
      includedNamespaces: ['a'],
      ttl: '48h',
      metadata: { labels: { a: 'z', c: 'd' } },
    });
  });

  it("may be a whole object of Velero's, or the printed request", async () => {
    const path = await file(
      'apiVersion: velero.io/v1\nkind: Backup\nmetadata: {name: other}\nspec: {includedNamespaces: [a]}\n',
    );
    const printed = await runCli(['backup', 'create', 'shop', '--spec', path, '-o', 'yaml']);
    assert.equal(printed.out, 'name: shop\nspec:\n  includedNamespaces:\n    - a\n');
    const again = await file(printed.out);
    assert.deepEqual((await requestOf(['backup', 'create', 'b', '--spec', again])).spec, { includedNamespaces: ['a'] });
  });

  it('is refused in one line where it can not be read', async () => {
    for (const [path, expected] of [
      [join(folder, 'absent'), /^error: back up shop: read .*absent: ENOENT\n$/],
      [await file('- a\n'), /^error: back up shop: read .*: expected the keys and values of a spec\n$/],
    ] as const) {
      const { exitCode, err } = await runCli(['backup', 'create', 'shop', '--spec', path]);
      assert.equal(exitCode, 2);
      assert.match(err, expected);
    }
    const { err } = await runCli(['backup', 'create', 'shop', '--spec', await file('a: [b\nc: d')]);
    assert.match(err, /^error: back up shop: read .*\n$/);
  });
});
