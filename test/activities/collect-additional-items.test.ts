import assert from 'node:assert/strict';
import type {
  CollectAdditionalItemsInput,
  CollectedAdditionalItems,
} from '../../src/activities/collect-additional-items.ts';
import type { BackupBatchItem } from '../../src/activities/backup-batch.ts';
import type { ReportLine } from '../../src/activities/report.ts';
import type { BackupSpec } from '../../src/api/backup.ts';
import { BowlineError } from '../../src/api/errors.ts';
import type { ReportRef } from '../../src/api/run.ts';
import { parseItemKey } from '../../src/api/unstructured.ts';
import { apiError } from '../../src/kubernetes/api-errors.ts';
import { ActivityRunner } from '../support/activity-runner.ts';
import { object } from '../support/objects.ts';

const definition = 'customresourcedefinitions.apiextensions.k8s.io';

describe('collectAdditionalItems', () => {
  let runner: ActivityRunner;

  beforeEach(() => {
    runner = new ActivityRunner();
    runner.cluster.hold(
      object('v1 Namespace', 'shop'),
      object('v1 PersistentVolumeClaim', 'shop/data'),
      object('v1 PersistentVolume', 'pv-1'),
      object('v1 Secret', 'shop/key'),
      object('apiextensions.k8s.io/v1 CustomResourceDefinition', 'widgets.example.com'),
    );
  });

  async function reportOf(...lines: ReportLine[]): Promise<ReportRef> {
    return runner.report(lines);
  }

  async function wanted(...keys: string[]): Promise<ReportRef[]> {
    return [await reportOf({ type: 'additional', items: keys.map(parseItemKey) })];
  }

  /** As a report of a collection names what is in the backup. */
  async function collected(...keys: string[]): Promise<ReportRef[]> {
    const lines = keys.map(parseItemKey).map(({ groupResource, namespace, name }) => ({
      type: 'items' as const,
      time: '2026-01-02T03:04:05Z',
      groupResource,
      groupVersionKind: '',
      namespace,
      names: [name],
    }));
    return [await reportOf(...lines)];
  }

  async function collect(
    input: Partial<CollectAdditionalItemsInput>,
    spec: BackupSpec = {},
  ): Promise<CollectedAdditionalItems> {
    const { run, plan } = await runner.prepareBackup(spec);
    return runner.run('collectAdditionalItems', {
      run,
      plan,
      step: 'additional-1',
      batch: { items: 500, bytes: 4_000_000 },
      order: [1, 1],
      wanted: [],
      collected: [],
      staged: 0,
      withOwners: false,
      ...input,
    });
  }

  function keysOf({ report }: CollectedAdditionalItems): string[] {
    return runner
      .lines(report, 'items')
      .flatMap(({ groupResource, namespace, names }) => names.map((name) => `${groupResource}/${namespace}/${name}`));
  }

  it('fetches each item once, however many ask for it', async () => {
    const result = await collect({
      wanted: [
        ...(await wanted('secrets/shop/key', 'persistentvolumes//pv-1')),
        ...(await wanted('secrets/shop/key', 'secrets/shop/key')),
      ],
    });
    assert.deepEqual(keysOf(result), ['secrets/shop/key', 'persistentvolumes//pv-1']);
    assert.equal(runner.cluster.requests.filter((request) => request === 'get secrets/shop/key').length, 1);
    assert.deepEqual(result.selected, { persistentvolumes: 1, secrets: 1 });
  });

  it('sends through a batch what a volume or an action concerns, and archives the rest', async () => {
    const result = await collect({ wanted: await wanted('secrets/shop/key', 'persistentvolumes//pv-1') });
    assert.deepEqual(
      result.batches.map(({ groupResources }) => groupResources),
      [['persistentvolumes']],
    );
    assert.deepEqual(
      result.segments.map(({ items, order }) => ({ items, order })),
      [{ items: 1, order: [1, 1, 0] }],
    );
    assert.deepEqual(result.archived, { secrets: 1 });
  });

  it('fetches nothing that an earlier wave has collected', async () => {
    const result = await collect({
      wanted: await wanted('secrets/shop/key', 'persistentvolumeclaims/shop/data'),
      collected: await collected('secrets/shop/key'),
    });
    assert.deepEqual(keysOf(result), ['persistentvolumeclaims/shop/data']);
  });

  it('warns of an item that is absent, and of a resource that the cluster does not serve', async () => {
    const result = await collect({ wanted: await wanted('secrets/shop/gone', 'gadgets.example.com/shop/gone') });
    assert.deepEqual([result.report.warnings, result.report.errors, keysOf(result)], [2, 0, []]);
    assert.deepEqual(runner.complaints(result.report).toSorted(), [
      'warning gadgets.example.com/shop/gone: Additional item is of a resource that the cluster does not serve',
      'warning secrets/shop/gone: Additional item was not found in the cluster',
    ]);
  });

  it('asks in the first wave for the namespaces and the definitions of what was collected, without a warning', async () => {
    const input = { withOwners: true, collected: await collected('widgets.example.com/shop/a', 'secrets/gone/b') };
    const result = await collect(input, { labelSelector: { matchLabels: { app: 'web' } } });
    assert.deepEqual(keysOf(result).toSorted(), [`${definition}//widgets.example.com`, 'namespaces//shop']);
    assert.equal(result.report.warnings, 0);
    assert.deepEqual(keysOf(await collect(input, { includeClusterResources: false })), ['namespaces//shop']);
  });

  it('leaves out what the filters exclude', async () => {
    const result = await collect(
      { wanted: await wanted('secrets/shop/key', 'persistentvolumes//pv-1', 'persistentvolumeclaims/shop/data') },
      { excludedResources: ['secrets'], includedNamespaces: ['other'] },
    );
    assert.deepEqual(keysOf(result), ['persistentvolumes//pv-1']);
  });

  it('reports an item that the server refuses, and fails when it does not answer', async () => {
    runner.cluster.fail('get', 'secrets/shop/key', apiError('get secrets shop/key', { status: 403, body: '' }));
    const result = await collect({ wanted: await wanted('secrets/shop/key', 'persistentvolumes//pv-1') });
    assert.deepEqual(runner.complaints(result.report), ['error secrets/shop/key: Error getting additional item']);
    assert.deepEqual(keysOf(result), ['persistentvolumes//pv-1']);

    runner.cluster.fail('get', 'persistentvolumes//pv-1', new BowlineError('Unavailable', 'get: no answer'));
    await assert.rejects(collect({ wanted: await wanted('persistentvolumes//pv-1') }), {
      type: 'Unavailable',
      nonRetryable: false,
    });
  });

  it('counts with what is staged already when items travel one by one', async () => {
    const input = { wanted: await wanted('persistentvolumes//pv-1'), batch: { items: 1, bytes: 4_000_000 } };
    assert.equal((await collect({ ...input, staged: 1_999 })).batches.length, 1);
    await assert.rejects(collect({ ...input, staged: 2_000 }), { type: 'InvalidConfig' });
  });

  it('puts pods with hooks into batches of their own', async () => {
    const annotations = { 'post.hook.backup.velero.io/command': 'thaw' };
    runner.cluster.hold(object('v1 Pod', 'shop/db', { metadata: { annotations } }), object('v1 Pod', 'shop/web'));
    const { hooked = [], archived } = await collect({ wanted: await wanted('pods/shop/db', 'pods/shop/web') });
    assert.deepEqual(
      hooked.flatMap((batch) => runner.staged<BackupBatchItem>(batch)).map(({ item }) => item.metadata.name),
      ['db'],
    );
    assert.equal(archived['pods'], 1);
  });
});
