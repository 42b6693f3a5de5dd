import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import type { BackupBatchItem } from '../../src/activities/backup-batch.ts';
import type { RestoreBatchItem } from '../../src/activities/restore-batch.ts';
import { mostContent, type BatchHeader, type HandedBatch, type HandedItem } from '../../src/api/handed-batch.ts';
import type { PlannedWorker } from '../../src/api/run.ts';
import { ActivityRunner, workflow } from '../support/activity-runner.ts';
import { holdBackup } from '../support/backup-in-store.ts';
import { object } from '../support/objects.ts';

const worker: PlannedWorker = {
  taskQueue: 'my-actions',
  startTimeoutMs: 1_000,
  timeoutMs: 1_000,
  transport: 'store',
  appliesTo: { includedResources: ['pod'], labelSelector: 'app=web' },
};

function pod(name: string, app = 'web'): BackupBatchItem {
  return { groupResource: 'pods', version: 'v1', item: object('v1 Pod', name, { metadata: { labels: { app } } }) };
}

describe('handOverItems', () => {
  let runner: ActivityRunner;
  beforeEach(() => {
    runner = new ActivityRunner();
  });

  async function handOver(items: BackupBatchItem[], { withContent = false } = {}): Promise<HandedBatch | undefined> {
    const { run, plan } = await runner.prepareBackup();
    const batch = await runner.batch(items);
    const input = {
      run,
      plan,
      step: 'action-1',
      action: 'example.com/label',
      worker,
      withContent,
      batch,
    };
    return runner.run('handOverItems', input, workflow('backup/nightly', '0123456789-run'));
  }

  function linesOf({ batch }: HandedBatch): [BatchHeader, ...HandedItem[]] {
    return runner.staged(batch) as unknown as [BatchHeader, ...HandedItem[]];
  }

  it('puts there the items that the selector matches, each with its number in the batch', async () => {
    const secret: BackupBatchItem = { groupResource: 'secrets', version: 'v1', item: object('v1 Secret', 'shop/key') };
    const handed = await handOver([secret, pod('shop/a'), pod('shop/db', 'db'), pod('shop/b')]);
    const [header, ...items] = linesOf(handed!);
    assert.deepEqual(
      items,
      [1, 3].map((index) => {
        const { item } = index === 1 ? pod('shop/a') : pod('shop/b');
        return { index, groupResource: 'pods', namespace: 'shop', name: item.metadata.name, item };
      }),
    );
    assert.equal(handed?.items, 2);
    const { backup, ...rest } = header;
    assert.deepEqual(rest, { version: 1, kind: 'BackupItemAction', action: 'example.com/label' });
    assert.partialDeepStrictEqual(backup, { kind: 'Backup', metadata: { name: 'nightly' } });
  });

  it('tells where they are, with the digest, and where answers go', async () => {
    const handed = await handOver([pod('shop/a')]);
    const { batch, answerPrefix, run, ...rest } = handed!;
    const body = runner.store.objects.get(batch.key)!;
    assert.deepEqual(batch, {
      key: 'backups/nightly/staging/1-run/action-1-handed-01234567-1',
      sha256: createHash('sha256').update(body).digest('hex'),
      bytes: body.length,
      location: 'default',
      provider: 'memory',
      bucket: 'bucket',
    });
    assert.equal(answerPrefix, 'backups/nightly/staging/1-run/action-1-answer-01234567-');
    assert.deepEqual(run, { kind: 'backup', name: 'nightly', uid: '1-run' });
    assert.deepEqual(rest, { version: 1, kind: 'BackupItemAction', action: 'example.com/label', items: 1 });
  });

  it('begins keys with the prefix of the location, as the bucket has them', async () => {
    const objectStorage = { bucket: '/bucket/', prefix: '/clusters/east/' };
    runner = new ActivityRunner({
      config: { backupStorageLocations: [{ name: 'default', provider: 'memory', default: true, objectStorage }] },
    });
    const { batch, answerPrefix } = (await handOver([pod('shop/a')]))!;
    assert.equal(batch.bucket, 'bucket');
    assert.match(batch.key, /^clusters\/east\/backups\/nightly\/staging\//);
    assert.match(answerPrefix, /^clusters\/east\/backups\/nightly\/staging\//);
  });

  it('hands over nothing, and writes nothing, if the selector matches nothing', async () => {
    const before = runner.store.keys().length;
    assert.equal(await handOver([pod('shop/db', 'db')]), undefined);
    // The plan and the batch.
    assert.equal(runner.store.keys().length, before + 2);
  });

  it('lets the items come along where they are to', async () => {
    const { content = '', batch } = (await handOver([pod('shop/a')], { withContent: true }))!;
    assert.equal(gunzipSync(Buffer.from(content, 'base64')).toString().split('\n').length, 2);
    assert.deepEqual(Buffer.from(content, 'base64'), runner.store.objects.get(batch.key));
  });

  it('leaves them out where they are too many for a payload', async () => {
    const noise = Array.from({ length: mostContent / 16 }, (_, index) =>
      createHash('sha256').update(String(index)).digest('base64'),
    ).join('');
    const big = pod('shop/a');
    big.item['data'] = noise;
    const handed = await handOver([big], { withContent: true });
    assert.ok(handed?.items === 1 && !('content' in handed));
  });

  it('hands over, of what is restored, the item as it is by now and as it was in the backup', async () => {
    await holdBackup(runner.store, 'nightly', []);
    const { run, plan } = await runner.prepareRestore({ namespaceMapping: { shop: 'target' } });
    const itemFromBackup = object('v1 Pod', 'shop/a', { metadata: { uid: 'old' }, status: { phase: 'Running' } });
    const other = { ...itemFromBackup, metadata: { ...itemFromBackup.metadata, namespace: 'elsewhere' } };
    const entries: RestoreBatchItem[] = [itemFromBackup, other].map((one) => ({
      groupResource: 'pods',
      itemFromBackup: one,
    }));
    const input = {
      run,
      plan,
      step: 'action-1',
      action: 'example.com/label',
      worker: { ...worker, appliesTo: { includedNamespaces: ['target'] } },
      withContent: false,
      batch: await runner.batch(entries),
    };
    const handed = await runner.run('handOverItems', input, workflow('restore/again'));
    const [header, ...items] = linesOf(handed!);
    assert.equal(header.kind, 'RestoreItemAction');
    assert.partialDeepStrictEqual(header.restore, { kind: 'Restore', metadata: { name: 'again' } });
    assert.deepEqual(items, [
      {
        index: 0,
        groupResource: 'pods',
        namespace: 'shop',
        name: 'a',
        item: object('v1 Pod', 'shop/a'),
        itemFromBackup,
      },
    ]);
    assert.match(handed!.answerPrefix, /^restores\/again\/staging\//);
  });
});
