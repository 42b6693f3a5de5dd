import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { BackupRequest } from '../../src/api/backup.ts';
import { temporalServer } from '../support/servers.ts';
import { permanent, StubActivities, untilCancelled } from '../support/stub-activities.ts';
import { WorkflowRunner } from '../support/workflow-runner.ts';

describe('scheduledBackup', () => {
  let runner: WorkflowRunner;

  before(async () => {
    runner = await WorkflowRunner.connect(await temporalServer());
  });

  after(() => runner.close());

  it('(d.2) makes a backup of the template, named by the time, with the labels of its schedule, and returns its result', async () => {
    const stubs = new StubActivities();
    const spec = { includedNamespaces: ['shop'], metadata: { labels: { team: 'a' } } };
    await runner.run(stubs, async (start) => {
      const started = await start('scheduledBackup', spec, { retention: { last: 3, daily: 7 } });
      const result = await started.result();
      const { startTime } = await started.describe();
      const time = startTime.toISOString().slice(0, 19).replaceAll(/\D/g, '');
      assert.equal(result.name, `${started.name}-${time}`);
      assert.equal(result.phase, 'Completed');
      const [request] = stubs.inputs('prepareBackup') as [BackupRequest];
      const labels = { team: 'a', 'velero.io/schedule-name': started.name, 'velero.io/retention': 'last-3.daily-7' };
      assert.deepEqual(request, { name: result.name, spec: { ...spec, metadata: { labels } } });
      const backup = runner.client.workflow.getHandle(`backup/${result.name}`);
      assert.equal((await backup.describe()).status.name, 'COMPLETED');
    });
  });

  it('fails as its backup did', async () => {
    const stubs = new StubActivities({
      async prepareBackup() {
        throw permanent('InvalidSpec', 'spec.ttl: bad');
      },
    });
    await runner.run(stubs, async (start) => {
      const failure = await (await start('scheduledBackup')).result().then(
        () => assert.fail('it did not fail'),
        ({ cause }: Error) => cause as Error & { type: string },
      );
      assert.deepEqual([failure.type, failure.message], ['InvalidSpec', 'spec.ttl: bad']);
    });
  });

  for (const [how, status] of [
    ['cancel', 'CANCELLED'],
    ['terminate', 'TERMINATED'],
  ] as const) {
    it(`cancels its backup when one ${how}s it`, async () => {
      const stubs: StubActivities = new StubActivities({ collectItems: untilCancelled });
      await runner.run(stubs, async (start) => {
        const started = await start('scheduledBackup');
        await stubs.called('collectItems');
        await started[how]();
        await started.result().catch(() => undefined);
        assert.equal((await started.describe()).status.name, status);
        const [{ name }] = stubs.inputs('prepareBackup') as [BackupRequest];
        const backup = runner.client.workflow.getHandle(`backup/${name}`);
        await backup.result().catch(() => undefined);
        assert.equal((await backup.describe()).status.name, 'CANCELLED');
        assert.ok(stubs.story.includes('deleteStaging default'));
      });
    });
  }

  it('refuses an id that does not name its schedule, and rules that are none, all at once', async () => {
    const stubs = new StubActivities();
    await runner.run(stubs, async (start) => {
      const failure = await (await start('scheduledBackup', {}, { name: 'other', retention: {} })).result().then(
        () => assert.fail('it did not fail'),
        ({ cause }: Error) => cause as Error & { type: string; details: [string[]] },
      );
      assert.equal(failure.type, 'InvalidSpec');
      const [problems] = failure.details;
      assert.match(
        problems[0]!,
        /^workflow id: expected scheduled-backup\/other and a time, got scheduled-backup\/test-/,
      );
      assert.match(problems[1]!, /^retention: /);
    });
    assert.deepEqual(stubs.story, []);
  });

  it('puts the prefix of its own id before that of its backup', async () => {
    const stubs = new StubActivities();
    const prefix = `${randomUUID().slice(0, 8)}/`;
    await runner.run(
      stubs,
      async () => {
        const { name } = (await runner.client.workflow.execute('scheduledBackup', {
          workflowId: `${prefix}scheduled-backup/nightly-2026-01-02T03:04:05Z`,
          taskQueue: prefix,
          args: [{ name: 'nightly' }],
        })) as { name: string };
        await runner.client.workflow.getHandle(`${prefix}backup/${name}`).describe();
      },
      { taskQueue: prefix },
    );
  });
});
