import assert from 'node:assert/strict';
import type { DeletionBatchItem } from '../../src/activities/deletion-batch.ts';
import type { DeletionPlan } from '../../src/activities/plan.ts';
import type { Told } from '../../src/activities/worker-log.ts';
import type { Backup } from '../../src/api/backup.ts';
import { BowlineError } from '../../src/api/errors.ts';
import type { RunRef } from '../../src/api/run.ts';
import type { DeleteItemAction } from '../../src/plugins/item-action.ts';
import { ActivityRunner } from '../support/activity-runner.ts';
import { object } from '../support/objects.ts';

/** What an item's annotation `do` tells the action to do first. */
const doings: Readonly<Record<string, () => Promise<void>>> = {
  async refuse() {
    throw new BowlineError('InvalidItem', 'spec: expected an object');
  },
  async crash() {
    throw new TypeError('undefined is not a function');
  },
  async meetRefusal() {
    throw new BowlineError('AccessDenied', 'delete configmaps: 403 Forbidden', { status: 403, detail: 'password=x' });
  },
  async meetSilence() {
    throw new BowlineError('Unavailable', 'delete configmaps: no answer');
  },
};

/** Deletes the ConfigMap that is named like the item. */
const action: DeleteItemAction = {
  name: 'example.com/sweep',
  appliesTo: { includedResources: ['pods', 'secrets'], labelSelector: 'app=web' },
  async execute({ item, backup, kubernetes, log }) {
    const { name, namespace = '', annotations } = item.metadata;
    await doings[annotations?.['do'] ?? '']?.();
    assert.equal(backup.metadata.name, 'nightly');
    await kubernetes.delete({ groupResource: 'configmaps', namespace, name });
    log.info(`swept ${name}`);
    if (name === 'odd') log.warning('odd, that');
  },
};

const run: RunRef = { kind: 'deletion', name: 'nightly', uid: 'run-1', location: 'default', staging: 'default' };
const backup: Backup = {
  apiVersion: 'velero.io/v1',
  kind: 'Backup',
  metadata: { name: 'nightly', namespace: 'velero', uid: 'nightly-uid' },
  spec: {},
};

function pod(name: string, doing?: string, labels: Record<string, string> = { app: 'web' }): DeletionBatchItem {
  const annotations = doing === undefined ? {} : { do: doing };
  return { groupResource: 'pods', item: object('v1 Pod', name, { metadata: { labels, annotations } }) };
}

describe('executeDeleteItemAction', () => {
  let runner: ActivityRunner;

  beforeEach(() => {
    runner = new ActivityRunner({ deleteItemActions: [action] });
    runner.cluster.hold(object('v1 Namespace', 'shop'));
    for (const name of ['a', 'b', 'odd']) runner.cluster.hold(object('v1 ConfigMap', `shop/${name}`));
  });

  async function execute(items: DeletionBatchItem[], name = action.name): Promise<Told> {
    const plan = await runner.stage([{ backup } satisfies DeletionPlan]);
    return runner.run('executeDeleteItemAction', { run, plan, action: name, batch: await runner.batch(items) });
  }

  function configMaps(): string[] {
    return [...runner.cluster.objects.keys()].filter((key) => key.startsWith('configmaps/'));
  }

  it('(c.2.4) runs over the items that the selector matches, and no others', async () => {
    const secret = { groupResource: 'secrets', item: object('v1 Secret', 'shop/b', { metadata: { labels: {} } }) };
    assert.deepEqual(await execute([pod('shop/a'), pod('shop/odd', undefined, { app: 'db' }), secret]), {
      warnings: 0,
      errors: 0,
    });
    assert.deepEqual(configMaps(), ['configmaps/shop/b', 'configmaps/shop/odd']);
  });

  it('may be repeated', async () => {
    for (let i = 0; i < 2; i++) assert.deepEqual(await execute([pod('shop/a')]), { warnings: 0, errors: 0 });
  });

  it('counts warnings', async () => {
    assert.deepEqual(await execute([pod('shop/odd')]), { warnings: 1, errors: 0 });
  });

  for (const { doing, code } of [
    { doing: 'refuse', code: 'InvalidItem' },
    { doing: 'crash', code: 'Unexpected' },
    { doing: 'meetRefusal', code: 'AccessDenied' },
  ]) {
    it(`(c.2.4) counts an item that the action fails at, and goes on: ${doing}`, async () => {
      const told = await execute([pod('shop/b', doing), pod('shop/odd', doing), pod('shop/a')]);
      assert.deepEqual(told, { warnings: 0, errors: 2, firstError: code });
      assert.deepEqual(configMaps(), ['configmaps/shop/b', 'configmaps/shop/odd']);
    });
  }

  it("tells of it in the worker's log, without the words of the API server", async () => {
    await execute([pod('shop/b', 'meetRefusal'), pod('shop/odd')]);
    assert.deepEqual(runner.logged, [
      'ERROR pods/shop/b: Error executing item action example.com/sweep: delete configmaps: 403 Forbidden',
      'INFO pods/shop/odd: swept odd',
      'WARN pods/shop/odd: odd, that',
    ]);
  });

  it('repeats the batch where the server as a whole does not answer', async () => {
    await assert.rejects(execute([pod('shop/a', 'meetSilence')]), { type: 'Unavailable', nonRetryable: false });
  });

  it('refuses an action that this worker does not have', async () => {
    await assert.rejects(execute([pod('shop/a')], 'example.com/other'), {
      type: 'InvalidConfig',
      message: /execute example\.com\/other: this worker has no such action; it has example\.com\/sweep/,
    });
  });
});
