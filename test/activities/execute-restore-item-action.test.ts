import assert from 'node:assert/strict';
import type { RestoreBatchItem } from '../../src/activities/restore-batch.ts';
import type { ExecutedItemAction } from '../../src/activities/execute-backup-item-action.ts';
import { BowlineError } from '../../src/api/errors.ts';
import type { RestoreItemAction, RestoreItemActionInput } from '../../src/plugins/item-action.ts';
import { ActivityRunner } from '../support/activity-runner.ts';
import { holdBackup } from '../support/backup-in-store.ts';
import { object } from '../support/objects.ts';

const seen: RestoreItemActionInput[] = [];

const action: RestoreItemAction = {
  name: 'example.com/mark',
  appliesTo: { includedNamespaces: ['target'] },
  async execute(input) {
    seen.push(input);
    const { item } = input;
    const { name } = item.metadata;
    if (name === 'refused') throw new BowlineError('InvalidItem', 'spec: expected an object');
    if (name === 'silent') throw new BowlineError('Unavailable', 'get nodes: no answer');
    if (name === 'stopped') return { updatedItem: item, skipRestore: true };
    item['marked'] = true;
    return { updatedItem: item, additionalItems: [{ groupResource: 'secrets', namespace: 'shop', name: 'key' }] };
  },
};

function configMap(name: string): RestoreBatchItem {
  const itemFromBackup = object('v1 ConfigMap', name, { metadata: { uid: 'old' }, status: { phase: 'Old' } });
  return { groupResource: 'configmaps', itemFromBackup };
}

describe('executeRestoreItemAction', () => {
  let runner: ActivityRunner;

  beforeEach(async () => {
    seen.length = 0;
    runner = new ActivityRunner({ restoreItemActions: [action] });
    await holdBackup(runner.store, 'nightly', []);
  });

  async function execute(...items: RestoreBatchItem[]): Promise<ExecutedItemAction> {
    const { run, plan } = await runner.prepareRestore({ namespaceMapping: { shop: 'target' } });
    const input = { run, plan, step: 'action-1', action: action.name, batch: await runner.batch(items) };
    return runner.run('executeRestoreItemAction', input);
  }

  /** What the items of a batch are, and were in the backup. */
  function entriesOf({ batch }: Pick<ExecutedItemAction, 'batch'>): RestoreBatchItem[] {
    const { origin } = batch;
    if (origin === undefined) return runner.staged(batch);
    return runner
      .staged<{ line: number }>(batch)
      .map(({ line, ...entry }) => ({ ...runner.staged<RestoreBatchItem>(origin)[line]!, ...entry }));
  }

  it('(b.4.7) (b.4.8) hands in the item without what the old cluster gave it, and the backup as it was', async () => {
    await execute(configMap('shop/web'));
    const [{ item, itemFromBackup, restore }] = seen as [RestoreItemActionInput];
    assert.deepEqual([item.metadata.uid, item['status'], item.metadata.namespace], [undefined, undefined, 'shop']);
    assert.deepEqual([itemFromBackup.metadata.uid, itemFromBackup['status']], ['old', { phase: 'Old' }]);
    assert.equal(restore.spec.backupName, 'nightly');
  });

  it('(b.4.8) matches by the namespace to restore into, and passes other items on as they are', async () => {
    const other = configMap('elsewhere/web');
    const { batch, report } = await execute(configMap('shop/web'), other);
    const [marked, untouched] = entriesOf({ batch });
    assert.equal(marked?.item?.['marked'], true);
    assert.deepEqual(untouched, other);
    assert.equal(report.additionalItems, 1);
  });

  it('(b.4.8) goes on from what the action before has made of the item', async () => {
    const item = object('v1 ConfigMap', 'shop/web', { earlier: true });
    const [entry] = entriesOf(await execute({ ...configMap('shop/web'), item }));
    assert.deepEqual(entry?.item, { ...item, marked: true });
  });

  it('(b.4.8) leaves out what the action stops, silently, and what it fails at, with an error', async () => {
    const { batch, report } = await execute(
      configMap('shop/stopped'),
      configMap('shop/refused'),
      configMap('shop/web'),
    );
    const names = entriesOf({ batch }).map(({ itemFromBackup }) => itemFromBackup.metadata.name);
    assert.deepEqual(names, ['web']);
    assert.deepEqual(runner.complaints(report), [
      'error configmaps/shop/refused: Error executing item action example.com/mark',
    ]);
    assert.deepEqual(
      runner.lines(report, 'items').map(({ names: failed, action: outcome }) => [failed, outcome]),
      [[['refused'], 'failed']],
    );
  });

  it('keeps what was in the backup in the batch that the tarball gave, through action after action', async () => {
    const { run, plan } = await runner.prepareRestore({ namespaceMapping: { shop: 'target' } });
    const original = await runner.batch([configMap('shop/stopped'), configMap('shop/web'), configMap('shop/db')]);
    const input = { run, plan, action: action.name };
    const first = await runner.run('executeRestoreItemAction', { ...input, step: 'action-1', batch: original });
    const { key, sha256, bytes } = original;
    assert.deepEqual(first.batch.origin, { key, sha256, bytes });
    assert.deepEqual(
      runner.staged<object>(first.batch).map((line) => Object.keys(line)),
      [
        ['groupResource', 'line', 'item'],
        ['groupResource', 'line', 'item'],
      ],
    );
    seen.length = 0;
    const second = await runner.run('executeRestoreItemAction', { ...input, step: 'action-2', batch: first.batch });
    assert.deepEqual(
      seen.map(({ item, itemFromBackup }) => [item.metadata.name, item['marked'], itemFromBackup.metadata.uid]),
      [
        ['web', true, 'old'],
        ['db', true, 'old'],
      ],
    );
    assert.deepEqual(second.batch, first.batch, 'it wrote what was there');
  });

  it('fails the whole batch, to be repeated, when the server does not answer', async () => {
    await assert.rejects(execute(configMap('shop/web'), configMap('shop/silent')), {
      type: 'Unavailable',
      nonRetryable: false,
    });
  });
});
