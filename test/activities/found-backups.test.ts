import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { RestoreBatchItem } from '../../src/activities/restore-batch.ts';
import { backupLayout } from '../../src/backup-format/layout.ts';
import { ActivityRunner, workflow } from '../support/activity-runner.ts';
import type { MemoryStore } from '../support/memory-store.ts';
import { goldenFile } from '../backup-format/golden.ts';

const bucket = new URL('../golden/velero-1.18.1/shop/bucket/', import.meta.url);

/** Puts everything there that a Velero left in its bucket. */
function holdGolden(store: MemoryStore): void {
  const files = readdirSync(bucket, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  for (const { parentPath, name } of files) {
    const path = `${parentPath}/${name}`;
    store.objects.set(path.slice(path.indexOf('/bucket/') + '/bucket/'.length), readFileSync(path));
  }
}

describe('backups that a Velero made', () => {
  let runner: ActivityRunner;

  beforeEach(() => {
    runner = new ActivityRunner();
    holdGolden(runner.store);
  });

  it('are restored: all that their resource list has, but for what is never restored', async () => {
    const request = { name: 'again', spec: { backupName: 'shop-golden', includeClusterResources: true } };
    const { run, plan } = await runner.run('prepareRestore', request, workflow('restore/again'));
    const batch = { items: 500, bytes: 4_000_000 };
    const unpacked = await runner.run('unpackBackup', { run, plan, step: 'unpack-0', batch, staged: 0 });
    const names = unpacked.groups.flatMap(({ batches }) =>
      batches
        .flatMap((ref) => runner.staged<RestoreBatchItem>(ref))
        .map(({ itemFromBackup: { apiVersion, kind, metadata } }) =>
          [`${apiVersion}/${kind}`, [metadata.namespace, metadata.name].filter(Boolean).join('/')].join(' '),
        ),
    );
    const list = JSON.parse(gunzipSync(goldenFile(backupLayout('shop-golden').resourceList)).toString()) as Record<
      string,
      string[]
    >;
    const expected = Object.entries(list)
      .filter(([kind]) => kind !== 'v1/Event')
      .flatMap(([kind, items]) => items.map((item) => `${kind} ${item}`));
    const skipped = runner.lines(unpacked.report, 'log').map(({ item }) => item?.name);
    assert.deepEqual(
      names.toSorted(),
      expected.filter((one) => !skipped.some((name) => one.endsWith(`/${name}`))).toSorted(),
    );
    assert.ok(names.length > 40, String(names.length));
  });

  it('are deleted, with their snapshots, and nothing else is', async () => {
    const kept = runner.store.keys().filter((key) => !key.startsWith('backups/shop-golden/'));
    const request = { name: 'shop-golden' };
    const prepared = await runner.run('prepareDeletion', request, workflow('delete-backup/shop-golden'));
    assert.deepEqual(
      prepared.snapshots.map(({ spec, status }) => [spec.location, status.providerSnapshotID]),
      [['default', 'snap-64ad807bb68e4d5df']],
    );
    await runner.run('deleteFiles', prepared.run);
    assert.deepEqual(runner.store.keys(), kept);
  });

  it('in a read-only location are restored, and neither deleted nor added to', async () => {
    holdGolden(runner.stores['vault']!);
    runner.store.objects.clear();
    const before = runner.stores['vault']!.keys();
    const backUp = { name: 'more', spec: { storageLocation: 'vault' } };
    await assert.rejects(runner.run('prepareBackup', backUp, workflow('backup/more')), { type: 'ReadOnlyLocation' });
    const remove = runner.run('prepareDeletion', { name: 'everything' }, workflow('delete-backup/everything'));
    await assert.rejects(remove, { type: 'ReadOnlyLocation' });
    const restore = { name: 'again', spec: { backupName: 'everything' } };
    await assert.rejects(runner.run('prepareRestore', restore, workflow('restore/again')), {
      type: 'ReadOnlyLocation',
      message: /no other one is named by "staging"/,
    });

    const elsewhere = new ActivityRunner({ config: { staging: 'default' } });
    holdGolden(elsewhere.stores['vault']!);
    const { run } = await elsewhere.run('prepareRestore', restore, workflow('restore/again'));
    assert.deepEqual([run.location, run.staging], ['vault', 'default']);
    assert.deepEqual(elsewhere.stores['vault']!.keys(), before);
  });
});
