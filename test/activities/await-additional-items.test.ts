import assert from 'node:assert/strict';
import type { Config } from '../../src/api/config.ts';
import type { ReportRef } from '../../src/api/run.ts';
import { BowlineError } from '../../src/api/errors.ts';
import type { AdditionalItemsInput, RestoreItemAction } from '../../src/plugins/item-action.ts';
import { ActivityRunner } from '../support/activity-runner.ts';
import { holdBackup } from '../support/backup-in-store.ts';
import { object } from '../support/objects.ts';

const key = { groupResource: 'secrets', namespace: 'shop', name: 'key' };
const gone = { ...key, name: 'gone' };

describe('additional items that an action waits for', () => {
  let runner: ActivityRunner;
  let asked: AdditionalItemsInput[];
  let answer: () => Promise<boolean>;

  const action: RestoreItemAction = {
    name: 'example.com/waits',
    appliesTo: { includedResources: ['pods'] },
    execute: async ({ item }) => ({
      updatedItem: item,
      additionalItems: [key, gone],
      waitForAdditionalItems: item.metadata.name !== 'hurried',
      ...(item.metadata.name === 'brief' && { additionalItemsReadyTimeout: '30s' }),
    }),
    async areAdditionalItemsReady(input) {
      asked.push(input);
      return answer();
    },
  };

  beforeEach(async () => {
    asked = [];
    answer = async () => true;
    await start();
  });

  async function start(config: Partial<Config> = {}): Promise<void> {
    runner = new ActivityRunner({ restoreItemActions: [action], config });
    runner.cluster.hold(object('v1 Namespace', 'copy'), object('v1 Secret', 'copy/key'));
    await holdBackup(runner.store, 'nightly', []);
  }

  async function awaitItems(waitedSeconds: number, ...names: string[]): Promise<ReportRef> {
    const { run, plan } = await runner.prepareRestore({ namespaceMapping: { shop: 'copy' } });
    const batch = await runner.batch(
      names.map((name) => ({ groupResource: 'pods', itemFromBackup: object('v1 Pod', `shop/${name}`) })),
    );
    const input = { run, plan, step: 'action-1', action: action.name, batch };
    const executed = await runner.run('executeRestoreItemAction', input);
    assert.equal(executed.waits ?? false, !names.includes('hurried'));
    const scheduledTimestampMs = runner.now.getTime() - waitedSeconds * 1_000;
    return runner.run(
      'awaitAdditionalItems',
      { run, plan, step: 'await-2', reports: [executed.report] },
      { scheduledTimestampMs },
    );
  }

  it('(b.4.8) are ready when the action says so of those that the cluster has', async () => {
    const report = await awaitItems(0, 'web');
    assert.deepEqual([report.warnings, report.errors], [0, 0]);
    assert.deepEqual(
      asked.map(({ additionalItems }) => additionalItems),
      [[key]],
    );
  });

  it('(b.4.8) are not asked about for an item that does not want to wait', async () => {
    await awaitItems(0, 'hurried');
    assert.deepEqual(asked, []);
  });

  it('(b.4.8) are waited for, by a failure that asks to be repeated', async () => {
    answer = async () => false;
    await assert.rejects(awaitItems(599, 'web'), {
      type: 'Pending',
      nonRetryable: false,
      message: /of web are not ready/,
    });
  });

  it('(b.4.8) become errors that are not ready in time: ten minutes, or what the action says', async () => {
    answer = async () => false;
    assert.equal((await awaitItems(600, 'web')).errors, 1);
    assert.deepEqual(runner.complaints(await awaitItems(30, 'brief')), [
      'error pods/shop/brief: Additional items were not ready in time',
    ]);
    await assert.rejects(awaitItems(30, 'brief', 'web'), { type: 'Pending' });
  });

  it('become errors after the time that is configured, where the action says none', async () => {
    await start({ resourceTimeout: '1m0s' });
    answer = async () => false;
    assert.equal((await awaitItems(60, 'web')).errors, 1);
    await assert.rejects(awaitItems(59, 'web'), { type: 'Pending' });
  });

  it('(b.4.8) become errors where asking fails, and are asked about again where the server does not answer', async () => {
    answer = async () => {
      throw new Error('it has no shape');
    };
    assert.deepEqual(runner.complaints(await awaitItems(0, 'web')), [
      'error pods/shop/web: Error asking whether additional items are ready',
    ]);
    answer = async () => {
      throw new BowlineError('Unavailable', 'get: no answer');
    };
    await assert.rejects(awaitItems(0, 'web'), { type: 'Unavailable', nonRetryable: false });
  });
});
