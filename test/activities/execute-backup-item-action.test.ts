import assert from 'node:assert/strict';
import type { BackupBatchItem } from '../../src/activities/backup-batch.ts';
import type { ExecutedItemAction } from '../../src/activities/execute-backup-item-action.ts';
import { BowlineError } from '../../src/api/errors.ts';
import type { Unstructured } from '../../src/api/unstructured.ts';
import type { BackupItemAction } from '../../src/plugins/item-action.ts';
import { ActivityRunner } from '../support/activity-runner.ts';
import { object } from '../support/objects.ts';

/** What an item's annotation `do` tells the action to do with it. */
const doings: Readonly<Record<string, () => Promise<void>>> = {
  async refuse() {
    throw new BowlineError('InvalidItem', 'spec: expected an object');
  },
  async crash() {
    throw new TypeError('undefined is not a function');
  },
  async meetRefusal() {
    throw new BowlineError('Throttled', 'get nodes: 429 TooManyRequests', { status: 429 });
  },
  async meetSilence() {
    throw new BowlineError('Unavailable', 'get nodes: no answer');
  },
};

const action: BackupItemAction = {
  name: 'example.com/mark',
  appliesTo: { includedResources: ['pods', 'secrets'], labelSelector: 'app=web' },
  async execute({ item, kubernetes, log }) {
    await doings[item.metadata.annotations?.['do'] ?? '']?.();
    const { metadata } = await kubernetes.get({ groupResource: 'namespaces', namespace: '', name: 'shop' });
    log.warning(`marked ${item.metadata.name}`);
    item['marked'] = metadata.name;
    return {
      updatedItem: item,
      additionalItems: [{ groupResource: 'secrets', namespace: 'shop', name: `of-${item.metadata.name}` }],
    };
  },
};

/** Edits labels in place. */
const relabel: BackupItemAction = {
  name: 'example.com/relabel',
  appliesTo: {},
  async execute({ item }) {
    item.metadata.labels!['app'] = item.metadata.labels!['app'] === 'web' ? 'db' : 'web';
    return { updatedItem: item };
  },
};

function pod(name: string, doing?: string, labels: Record<string, string> = { app: 'web' }): BackupBatchItem {
  const annotations = doing === undefined ? {} : { do: doing };
  return { groupResource: 'pods', version: 'v1', item: object('v1 Pod', name, { metadata: { labels, annotations } }) };
}

describe('executeBackupItemAction', () => {
  let runner: ActivityRunner;

  beforeEach(() => {
    runner = new ActivityRunner({ backupItemActions: [action, relabel] });
    runner.cluster.hold(object('v1 Namespace', 'shop'));
  });

  async function execute(items: BackupBatchItem[], name = action.name): Promise<ExecutedItemAction> {
    const { run, plan } = await runner.prepareBackup();
    const input = { run, plan, step: 'action-1', action: name, batch: await runner.batch(items) };
    return runner.run('executeBackupItemAction', input);
  }

  function itemsOf({ batch }: ExecutedItemAction): Unstructured[] {
    return runner.staged<BackupBatchItem>(batch).map(({ item }) => item);
  }

  it('runs over the items that the selector matches, and passes the others on as they are', async () => {
    const other = pod('shop/other', undefined, { app: 'db' });
    const executed = await execute([pod('shop/web'), other]);
    const [web, untouched] = itemsOf(executed);
    assert.equal(web?.['marked'], 'shop');
    assert.deepEqual(untouched, other.item);
    assert.deepEqual([executed.batch.items, executed.batch.groupResources], [2, ['pods']]);
  });

  it('goes by the labels that were read from the cluster, whatever an earlier action has made of them', async () => {
    const { batch } = await execute([pod('shop/web'), pod('shop/db', undefined, { app: 'db' })], relabel.name);
    const again = await execute(runner.staged<BackupBatchItem>(batch), relabel.name);
    const twice = await execute(runner.staged<BackupBatchItem>(again.batch), relabel.name);
    const executed = await execute(runner.staged<BackupBatchItem>(twice.batch));
    assert.deepEqual(
      itemsOf(executed).map(({ metadata, ...item }) => [metadata.name, metadata.labels, item['marked']]),
      [
        ['web', { app: 'db' }, 'shop'],
        ['db', { app: 'web' }, undefined],
      ],
    );
  });

  it('asks the cluster once for what several items need', async () => {
    await execute([pod('shop/a'), pod('shop/b'), pod('shop/c')]);
    const gets = runner.cluster.requests.filter((request) => request.startsWith('get '));
    assert.deepEqual(gets, ['get namespaces//shop']);
  });

  it('hands on the additional items and what the action logs', async () => {
    const { report } = await execute([pod('shop/web')]);
    assert.deepEqual(
      runner.lines(report, 'additional').flatMap(({ items }) => items.map(({ name }) => name)),
      ['of-web'],
    );
    assert.deepEqual([report.additionalItems, report.warnings], [1, 1]);
    assert.deepEqual(runner.complaints(report), ['warning pods/shop/web: marked web']);
  });

  for (const doing of ['refuse', 'crash', 'meetRefusal']) {
    it(`leaves out and reports an item at which the action comes to ${doing}, and goes on`, async () => {
      const executed = await execute([pod('shop/a', doing), pod('shop/b')]);
      assert.deepEqual(
        itemsOf(executed).map(({ metadata }) => metadata.name),
        ['b'],
      );
      assert.equal(executed.report.errors, 1);
      const [complaint] = runner.complaints(executed.report);
      assert.equal(complaint, 'error pods/shop/a: Error executing item action example.com/mark');
    });
  }

  it('fails the whole batch, to be repeated, when the server does not answer', async () => {
    await assert.rejects(execute([pod('shop/a'), pod('shop/b', 'meetSilence')]), {
      type: 'Unavailable',
      nonRetryable: false,
    });
  });

  it('writes a batch that is empty when every item has failed', async () => {
    const executed = await execute([pod('shop/a', 'refuse')]);
    assert.deepEqual([executed.batch.items, executed.batch.groupResources, itemsOf(executed)], [0, [], []]);
  });

  it('fails for good with an action that this worker does not have', async () => {
    await assert.rejects(execute([pod('shop/a')], 'example.com/other'), {
      type: 'InvalidConfig',
      nonRetryable: true,
      message:
        'execute example.com/other: this worker has no such action; it has example.com/mark, example.com/relabel',
    });
  });
});
