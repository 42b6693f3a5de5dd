import assert from 'node:assert/strict';
import type { ReportRef } from '../../src/api/run.ts';
import { ActivityRunner } from '../support/activity-runner.ts';
import { holdBackup } from '../support/backup-in-store.ts';
import { object } from '../support/objects.ts';

const groupResource = 'customresourcedefinitions.apiextensions.k8s.io';

function definition(name: string, ...conditions: string[]) {
  return object('apiextensions.k8s.io/v1 CustomResourceDefinition', name, {
    status: { conditions: conditions.map((type) => ({ type, status: 'True' })) },
  });
}

describe('awaitDefinitions', () => {
  let runner: ActivityRunner;

  beforeEach(async () => {
    runner = new ActivityRunner();
    await holdBackup(runner.store, 'nightly', []);
  });

  async function wait(minutes = 0): Promise<ReportRef> {
    const { run, plan } = await runner.prepareRestore();
    const batch = await runner.batch(
      ['widgets.example.com', 'gadgets.example.com'].map((name) => ({
        groupResource,
        itemFromBackup: definition(name),
      })),
    );
    const scheduledTimestampMs = runner.now.getTime() - minutes * 60_000;
    return runner.run('awaitDefinitions', { run, plan, step: 'await-1', batch }, { scheduledTimestampMs });
  }

  it('(b.4.17) ends when all are established and their names accepted', async () => {
    runner.cluster.hold(
      definition('widgets.example.com', 'Established', 'NamesAccepted'),
      definition('gadgets.example.com', 'NamesAccepted', 'Established'),
    );
    assert.equal((await wait()).errors, 0);
  });

  it('(b.4.17) waits for those that are not, by a failure that names them', async () => {
    runner.cluster.hold(
      definition('widgets.example.com', 'Established', 'NamesAccepted'),
      definition('gadgets.example.com', 'NamesAccepted'),
    );
    await assert.rejects(wait(9), {
      type: 'Pending',
      nonRetryable: false,
      message: '1 definitions are not established yet: gadgets.example.com',
    });
  });

  it('(b.4.17) reports them after ten minutes', async () => {
    runner.cluster.hold(
      definition('widgets.example.com', 'Established', 'NamesAccepted'),
      definition('gadgets.example.com'),
    );
    assert.deepEqual(runner.complaints(await wait(10)), [
      `error ${groupResource}//gadgets.example.com: Definition was not established in time`,
    ]);
  });

  it('(b.4.17) waits for none that could not be created', async () => {
    assert.equal((await wait()).errors, 0);
  });
});
