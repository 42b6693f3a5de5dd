import assert from 'node:assert/strict';
import type { DeletionBatchItem } from '../../src/activities/deletion-batch.ts';
import type { PreparedDeletion } from '../../src/activities/delete-backup.ts';
import type { UnpackedDeletion } from '../../src/activities/unpack-deletion.ts';
import { BowlineError } from '../../src/api/errors.ts';
import type { ResourceSelector } from '../../src/api/resource-selector.ts';
import { backupLayout } from '../../src/backup-format/layout.ts';
import type { DeleteItemAction } from '../../src/plugins/item-action.ts';
import { ActivityRunner, workflow } from '../support/activity-runner.ts';
import { holdBackup, type ItemInTarball } from '../support/backup-in-store.ts';
import { object } from '../support/objects.ts';

const web = { metadata: { labels: { app: 'web' } } };
const items: ItemInTarball[] = [
  { groupResource: 'pods', item: object('v1 Pod', 'shop/web', web) },
  { groupResource: 'pods', item: object('v1 Pod', 'shop/db') },
  { groupResource: 'pods', item: object('v1 Pod', 'other/web', web) },
  { groupResource: 'secrets', item: object('v1 Secret', 'shop/key', web) },
  { groupResource: 'locks.example.com', item: object('example.com/v1 Lock', 'shop/lock') },
  { groupResource: 'persistentvolumes', item: object('v1 PersistentVolume', 'pv-1') },
];

const layout = backupLayout('nightly');
const batch = { items: 500, bytes: 4_000_000 };

function actionFor(appliesTo: ResourceSelector, name = 'example.com/a'): DeleteItemAction {
  return { name, appliesTo, execute: async () => undefined };
}

describe('unpackDeletion', () => {
  let runner: ActivityRunner;

  function begin(...deleteItemActions: DeleteItemAction[]): Promise<void> {
    runner = new ActivityRunner({ deleteItemActions });
    return holdBackup(runner.store, 'nightly', items);
  }

  function prepare(): Promise<PreparedDeletion> {
    return runner.run('prepareDeletion', { name: 'nightly' }, workflow('delete-backup/nightly'));
  }

  async function unpack(limits = batch): Promise<UnpackedDeletion> {
    const { run, itemActions } = await prepare();
    const { plan, names } = itemActions!;
    return runner.run('unpackDeletion', { run, plan, step: 'unpack', batch: limits, actions: names });
  }

  function keysOf({ batches }: UnpackedDeletion): string[][] {
    return batches.map((ref) =>
      runner
        .staged<DeletionBatchItem>(ref)
        .map(
          ({ groupResource, item: { metadata } }) => `${groupResource}/${metadata.namespace ?? ''}/${metadata.name}`,
        ),
    );
  }

  for (const { title, appliesTo, keys } of [
    { title: 'everything', appliesTo: {}, keys: items.length },
    { title: 'a resource, by its short name', appliesTo: { includedResources: ['pod'] }, keys: 3 },
    { title: 'labels', appliesTo: { labelSelector: 'app=web' }, keys: 3 },
    { title: 'a namespace', appliesTo: { includedNamespaces: ['other'] }, keys: 1 },
    {
      title: 'what the cluster does not serve any more',
      appliesTo: { includedResources: ['locks.example.com'] },
      keys: 1,
    },
    { title: 'nothing that is there', appliesTo: { includedResources: ['services'] }, keys: 0 },
  ]) {
    it(`(c.2.4) takes what an action selects: ${title}`, async () => {
      await begin(actionFor(appliesTo));
      const unpacked = await unpack();
      assert.equal(keysOf(unpacked).flat().length, keys);
      assert.deepEqual([unpacked.warnings, unpacked.errors], [0, 0]);
    });
  }

  it('cuts batches by group-resource, and tells which actions concern which', async () => {
    await begin(
      actionFor({ includedResources: ['pods'] }),
      actionFor({ excludedResources: ['pods', 'secrets'] }, 'example.com/b'),
    );
    const unpacked = await unpack({ items: 2, bytes: 4_000_000 });
    assert.deepEqual(keysOf(unpacked), [
      ['pods/shop/web', 'pods/shop/db'],
      ['pods/other/web'],
      ['locks.example.com/shop/lock'],
      ['persistentvolumes//pv-1'],
    ]);
    assert.deepEqual(unpacked.actions, [
      { name: 'example.com/a', groupResources: ['pods'] },
      { name: 'example.com/b', groupResources: ['locks.example.com', 'persistentvolumes'] },
    ]);
    assert.deepEqual(unpacked.selected, { pods: 3, 'locks.example.com': 1, persistentvolumes: 1 });
  });

  it('reads no tarball, and no cluster, where there is no action', async () => {
    await begin();
    runner.cluster.discover = () => Promise.reject(new Error('asked'));
    assert.equal((await prepare()).itemActions, undefined);
    assert.deepEqual(
      runner.store.keys().filter((key) => key.includes('/staging/')),
      [],
    );
  });

  for (const missing of [layout.contents, layout.metadata]) {
    it(`reads no tarball of a backup that has no ${missing.slice(layout.directory.length)}`, async () => {
      await begin(actionFor({}));
      await runner.store.deleteObject(missing);
      assert.equal((await prepare()).itemActions, undefined);
    });
  }

  it('counts a backup whose metadata can not be read as one without', async () => {
    await begin(actionFor({}));
    await runner.store.putObject(layout.metadata, Buffer.from('{"kind":'));
    const { backup, itemActions } = await prepare();
    assert.deepEqual([backup, itemActions], [undefined, undefined]);
  });

  for (const { title, damage } of [
    { title: 'cut off', damage: (tarball: Buffer) => tarball.subarray(0, -100) },
    { title: 'no gzip', damage: () => Buffer.from('no gzip') },
    { title: 'empty', damage: () => Buffer.alloc(0) },
  ]) {
    it(`(c.2.4) gives nothing of a tarball that is damaged, and counts that: ${title}`, async () => {
      await begin(actionFor({}));
      await runner.store.putObject(layout.contents, damage(runner.store.objects.get(layout.contents)!));
      assert.deepEqual(await unpack(), {
        batches: [],
        actions: [],
        selected: {},
        warnings: 0,
        errors: 1,
        firstError: 'CorruptBackup',
      });
    });
  }

  it('leaves out an item that is none, and counts it', async () => {
    const broken = [
      { groupResource: 'pods', item: { kind: 'Pod', metadata: { name: 'x', namespace: 'shop' } } as never },
    ];
    runner = new ActivityRunner({ deleteItemActions: [actionFor({})] });
    await holdBackup(runner.store, 'nightly', [...broken, ...items]);
    const unpacked = await unpack();
    assert.deepEqual([keysOf(unpacked).flat().length, unpacked.errors], [items.length, 1]);
  });

  it('does not take a store that fails for a damaged backup', async () => {
    await begin(actionFor({}));
    const { run, itemActions } = await prepare();
    runner.store.statObject = () => Promise.reject(new BowlineError('Unavailable', 'stat: no answer'));
    const input = { run, plan: itemActions!.plan, step: 'unpack', batch, actions: itemActions!.names };
    await assert.rejects(runner.run('unpackDeletion', input), { type: 'Unavailable', nonRetryable: false });
  });
});
