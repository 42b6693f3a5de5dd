import assert from 'node:assert/strict';
import type { RestoreBatchItem } from '../../src/activities/restore-batch.ts';
import type { Unpacked } from '../../src/activities/unpack-backup.ts';
import type { RestoreSpec } from '../../src/api/restore.ts';
import { parseItemKey, type Unstructured } from '../../src/api/unstructured.ts';
import { backupLayout } from '../../src/backup-format/layout.ts';
import { ActivityRunner } from '../support/activity-runner.ts';
import { holdBackup, type ItemInTarball } from '../support/backup-in-store.ts';
import { object } from '../support/objects.ts';

const items: ItemInTarball[] = [
  { groupResource: 'pods', item: object('v1 Pod', 'shop/web', { metadata: { labels: { app: 'web' } } }) },
  { groupResource: 'pods', item: object('v1 Pod', 'shop/ended', { status: { phase: 'Succeeded' } }) },
  { groupResource: 'secrets', item: object('v1 Secret', 'shop/key') },
  { groupResource: 'secrets', item: object('v1 Secret', 'other/key') },
  { groupResource: 'namespaces', item: object('v1 Namespace', 'shop') },
  { groupResource: 'namespaces', item: object('v1 Namespace', 'other') },
  { groupResource: 'persistentvolumes', item: object('v1 PersistentVolume', 'pv-1') },
];

const batch = { items: 500, bytes: 4_000_000 };

describe('unpackBackup', () => {
  let runner: ActivityRunner;

  beforeEach(async () => {
    runner = new ActivityRunner();
    await holdBackup(runner.store, 'nightly', items);
  });

  async function unpack(spec: RestoreSpec = {}, settings: { batch?: typeof batch; staged?: number } = {}) {
    const { run, plan } = await runner.prepareRestore(spec);
    return runner.run('unpackBackup', { run, plan, step: 'unpack-0', batch, staged: 0, ...settings });
  }

  function keysOf({ groups }: Unpacked): string[] {
    return groups.flatMap(({ groupResource, batches }) =>
      batches.flatMap((ref) =>
        runner
          .staged<RestoreBatchItem>(ref)
          .map(({ itemFromBackup: { metadata } }) => `${groupResource}/${metadata.namespace ?? ''}/${metadata.name}`),
      ),
    );
  }

  it('(b.2) cuts batches by group-resource, in the order of restores', async () => {
    const unpacked = await unpack();
    assert.deepEqual(keysOf(unpacked), [
      'namespaces//shop',
      'namespaces//other',
      'persistentvolumes//pv-1',
      'secrets/shop/key',
      'secrets/other/key',
      'pods/shop/web',
    ]);
    assert.deepEqual(unpacked.selected, { pods: 1, secrets: 2, namespaces: 2, persistentvolumes: 1 });
  });

  it('(b.2) (b.3) takes what the filters select, and the namespaces that it needs', async () => {
    const labelSelector = { matchLabels: { app: 'web' } };
    assert.deepEqual(keysOf(await unpack({ labelSelector })), ['namespaces//shop', 'pods/shop/web']);
    assert.deepEqual(keysOf(await unpack({ includedNamespaces: ['other'] })), [
      'namespaces//other',
      'secrets/other/key',
    ]);
  });

  it('(b.4.4) (b.4.8) takes what actions ask for from what the filters left out, each item once', async () => {
    const { run, plan } = await runner.prepareRestore({ labelSelector: { matchLabels: { app: 'web' } } });
    const first = await runner.run('unpackBackup', { run, plan, step: 'unpack-0', batch, staged: 0 });
    const keys = ['persistentvolumes//pv-1', 'pods/shop/web', 'secrets/shop/key', 'secrets/shop/gone'];
    const items = [...keys, ...keys].map(parseItemKey);
    const wanted = [await runner.report([{ type: 'additional', items }], { additionalItems: 8 })];
    const input = { run, plan, step: 'unpack-1', batch, staged: 0, wanted, unpacked: [first.report] };
    const additional = await runner.run('unpackAdditionalItems', input);
    assert.deepEqual(keysOf(additional), ['persistentvolumes//pv-1', 'secrets/shop/key']);
    assert.deepEqual(runner.complaints(additional.report), [
      'warning secrets/shop/gone: Additional item is not in the backup',
    ]);
  });

  it('(b.2) follows the priorities of the configuration, after namespaces', async () => {
    runner = new ActivityRunner({ config: { restoreResourcePriorities: 'pods,secrets,-,persistentvolumes' } });
    await holdBackup(runner.store, 'nightly', items);
    assert.deepEqual(
      (await unpack()).groups.map(({ groupResource }) => groupResource),
      ['namespaces', 'pods', 'secrets', 'persistentvolumes'],
    );
  });

  it('(b.3) takes empty namespaces only where cluster-scoped items are taken, and only those that are selected', async () => {
    const empty = object('v1 Namespace', 'empty', { metadata: { labels: { app: 'web' } } });
    const withEmpty = [...items, { groupResource: 'namespaces', item: empty }];
    await holdBackup(runner.store, 'nightly', withEmpty);
    const namespacesOf = async (spec: RestoreSpec): Promise<string[]> =>
      keysOf(await unpack(spec)).filter((key) => key.startsWith('namespaces/'));
    const cases: readonly [RestoreSpec, string[]][] = [
      [{}, ['shop', 'other', 'empty']],
      [{ includedNamespaces: ['shop', 'empty'] }, ['shop']],
      [{ includedNamespaces: ['shop', 'empty'], includeClusterResources: true }, ['shop', 'empty']],
      [{ includeClusterResources: false }, ['shop', 'other']],
      [{ includedResources: ['pods'] }, ['shop']],
      [{ includedResources: ['persistentvolumes'] }, []],
      [{ labelSelector: { matchLabels: { app: 'web' } } }, ['shop', 'empty']],
    ];
    for (const [spec, expected] of cases) {
      assert.deepEqual(
        (await namespacesOf(spec)).toSorted(),
        expected.map((name) => `namespaces//${name}`).toSorted(),
        JSON.stringify(spec),
      );
    }
  });

  it('(b.3) makes up a bare namespace where the backup has none of that name, so that it is waited for like others', async () => {
    await holdBackup(runner.store, 'nightly', [{ groupResource: 'secrets', item: object('v1 Secret', 'lost/key') }]);
    const [namespaces] = (await unpack()).groups;
    const [entry] = runner.staged<RestoreBatchItem>(namespaces!.batches[0]!);
    assert.deepEqual(entry?.itemFromBackup, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'lost' } });
  });

  it('(b.3) (b.4.2) takes the namespaces of what actions ask for, with their labels, if they are not there yet', async () => {
    const { run, plan } = await runner.prepareRestore({ labelSelector: { matchLabels: { app: 'web' } } });
    const before = await runner.run('unpackBackup', { run, plan, step: 'unpack-0', batch, staged: 0 });
    const wanted = ['secrets/other/key', 'secrets/shop/key'].map(parseItemKey);
    const report = await runner.report([{ type: 'additional', items: wanted }], { additionalItems: 2 });
    const additional = await runner.run('unpackAdditionalItems', {
      run,
      plan,
      step: 'unpack-1',
      batch,
      staged: 0,
      wanted: [report],
      unpacked: [before.report],
    });
    assert.deepEqual(keysOf(additional), ['namespaces//other', 'secrets/shop/key', 'secrets/other/key']);
  });

  it('(b.4.3) (b.4.5) leaves out what is never restored, and says so', async () => {
    const done = object('v1 Pod', 'shop/done', { status: { phase: 'Succeeded' } });
    const strange = object('v1 Pod', 'shop/strange', { status: { phase: ['Running'] } });
    await holdBackup(runner.store, 'nightly', [
      { groupResource: 'pods', item: done },
      { groupResource: 'pods', item: strange },
    ]);
    const unpacked = await unpack();
    assert.deepEqual(keysOf(unpacked), []);
    assert.deepEqual(
      runner.lines(unpacked.report, 'log').map(({ level, item }) => `${level} ${item?.name}`),
      ['info done', 'error strange'],
    );
  });

  it('(b.8) warns of a backup without items, and restores nothing', async () => {
    await holdBackup(runner.store, 'nightly', []);
    const unpacked = await unpack();
    assert.deepEqual([unpacked.groups, unpacked.report.warnings, unpacked.report.errors], [[], 1, 0]);
  });

  it('takes the first of two items of the same name, with a warning', async () => {
    const twice = [{ data: { a: '1' } }, { data: { a: '2' } }].map((fields) => ({
      groupResource: 'configmaps',
      item: object('v1 ConfigMap', 'shop/a', fields),
    }));
    await holdBackup(runner.store, 'nightly', twice);
    const unpacked = await unpack();
    const [, configMaps] = unpacked.groups;
    assert.deepEqual(
      runner.staged<RestoreBatchItem>(configMaps!.batches[0]!).map(({ itemFromBackup }) => itemFromBackup['data']),
      [{ a: '1' }],
    );
    assert.deepEqual(runner.complaints(unpacked.report), [
      'warning configmaps/shop/a: Item is in the backup twice: the first one counts',
    ]);
  });

  it('reports items that are no objects of their name, and takes the others', async () => {
    await holdBackup(runner.store, 'nightly', [
      { groupResource: 'configmaps', item: object('v1 ConfigMap', 'shop/a') },
      { groupResource: 'configmaps', item: { metadata: { namespace: 'shop', name: 'b' } } as Unstructured },
    ]);
    const unpacked = await unpack();
    assert.deepEqual(keysOf(unpacked), ['namespaces//shop', 'configmaps/shop/a']);
    assert.deepEqual(runner.complaints(unpacked.report), [
      'error configmaps/shop/b: Item in the backup is no Kubernetes object of that name',
    ]);
  });

  it('tells the remarks on the files of the backup', async () => {
    await runner.store.putObject(backupLayout('nightly').segments, Buffer.from('{"version":9}'));
    const { report } = await unpack();
    assert.match(runner.lines(report, 'log').at(-1)!.message, /is of version 9/);
  });

  it('fails for a tarball that is cut off at the border of a member', async () => {
    const { contents } = backupLayout('nightly');
    const tarball = runner.store.objects.get(contents)!;
    const lastMember = tarball.lastIndexOf(Buffer.from([0x1f, 0x8b, 0x08]));
    runner.store.objects.set(contents, tarball.subarray(0, lastMember));
    await assert.rejects(unpack(), { type: 'CorruptBackup', nonRetryable: true, message: /cut off/ });
  });

  it('fails for a tarball that is not the one which its index describes', async () => {
    const { contents, segments } = backupLayout('nightly');
    const bytes = runner.store.objects.get(contents)!.length;
    await runner.store.putObject(segments, Buffer.from(JSON.stringify({ bytes, sha256: 'another' })));
    await assert.rejects(unpack(), { type: 'CorruptBackup', message: /its SHA-256 is not the one its index records$/ });
  });

  it('stages up to 2,000 items one by one, and says what to set for more', async () => {
    const single = { ...batch, items: 1 };
    assert.equal(keysOf(await unpack({}, { batch: single, staged: 1_994 })).length, 6);
    await assert.rejects(unpack({}, { batch: single, staged: 1_995 }), {
      type: 'InvalidConfig',
      nonRetryable: true,
      message: /set batch\.items to/,
    });
  });
});
