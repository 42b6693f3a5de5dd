import assert from 'node:assert/strict';
import type { RestoreBatchItem } from '../../src/activities/batch.ts';
import type { Unpacked } from '../../src/activities/unpack-backup.ts';
import type { RestoreSpec } from '../../src/api/restore.ts';
import type { ReportRef } from '../../src/api/run.ts';
import { parseItemKey } from '../../src/api/unstructured.ts';
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

  it('cuts batches by group-resource, in the order of restores', async () => {
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

  it('takes what the filters select, and the namespaces that it needs', async () => {
    const labelSelector = { matchLabels: { app: 'web' } };
    assert.deepEqual(keysOf(await unpack({ labelSelector })), ['namespaces//shop', 'pods/shop/web']);
    assert.deepEqual(keysOf(await unpack({ includedNamespaces: ['other'] })), [
      'namespaces//other',
      'secrets/other/key',
    ]);
  });

  it('takes what actions ask for from what the filters left out, each item once', async () => {
    const { run, plan } = await runner.prepareRestore({ labelSelector: { matchLabels: { app: 'web' } } });
    const first = await runner.run('unpackBackup', { run, plan, step: 'unpack-0', batch, staged: 0 });
    const keys = ['persistentvolumes//pv-1', 'pods/shop/web', 'secrets/shop/key', 'secrets/shop/gone'];
    const wanted: ReportRef[] = [
      {
        ...(await runner.stage([{ type: 'additional', items: [...keys, ...keys].map(parseItemKey) }])),
        warnings: 0,
        errors: 0,
        additionalItems: 8,
      },
    ];
    const input = { run, plan, step: 'unpack-1', batch, staged: 0, wanted, unpacked: [first.report] };
    const additional = await runner.run('unpackAdditionalItems', input);
    assert.deepEqual(keysOf(additional), ['persistentvolumes//pv-1', 'secrets/shop/key']);
    assert.deepEqual(runner.complaints(additional.report), [
      'warning secrets/shop/gone: Additional item is not in the backup',
    ]);
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
