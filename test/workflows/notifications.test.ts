import assert from 'node:assert/strict';
import type { Activities } from '../../src/activities/index.ts';
import type { RunNotification } from '../../src/api/notification.ts';
import { temporalServer } from '../support/servers.ts';
import { permanent, reportRef, StubActivities, untilCancelled } from '../support/stub-activities.ts';
import { WorkflowRunner } from '../support/workflow-runner.ts';

const plain = new StubActivities().activities;

/** Stubs of a worker whose configuration names two to be told, and of which `overrides` do something else. */
function stubsWith(overrides: Partial<Activities> = {}): StubActivities {
  const notifying = async <T extends { readonly settings: object }>(prepared: Promise<T>): Promise<T> => {
    const { settings, ...others } = await prepared;
    return { ...others, settings: { ...settings, notifies: true } } as unknown as T;
  };
  return new StubActivities({
    prepareBackup: (request) => notifying(plain.prepareBackup(request)),
    prepareRestore: (request) => notifying(plain.prepareRestore(request)),
    prepareDeletion: (request) => notifying(plain.prepareDeletion(request)),
    selectNotifications: async () => ['ops', 'chat'],
    ...overrides,
  });
}

/** What was sent, in the order of the receivers' names. */
function sentBy(stubs: StubActivities): { target: string; notification: RunNotification }[] {
  return stubs.inputs('sendNotification').toSorted((a, b) => (a.target < b.target ? -1 : 1));
}

describe('notifications', () => {
  let runner: WorkflowRunner;
  before(async () => void (runner = await WorkflowRunner.connect(await temporalServer())));
  after(() => runner.close());

  it('tell each receiver of the end of a run, with its counts', async () => {
    const stubs = stubsWith({
      archiveItems: async ({ step, batch }) => ({
        report: reportRef(step, { errors: 1 }),
        archived: { pods: batch.items },
      }),
    });
    await runner.run(stubs, async (start) => {
      const started = await start('backup', { metadata: { labels: { 'velero.io/schedule-name': 'nightly' } } });
      const { uid } = await started.result();
      const [{ notification, target }, other] = sentBy(stubs) as [
        ReturnType<typeof sentBy>[0],
        ...ReturnType<typeof sentBy>,
      ];
      const { startTimestamp, endTimestamp, ...told } = notification;
      assert.deepEqual([target, other?.target, other?.notification], ['chat', 'ops', notification]);
      assert.deepEqual(told, {
        version: 1,
        id: `Backup/${uid}/PartiallyFailed`,
        ...{
          kind: 'Backup',
          name: started.name,
          uid,
          phase: 'PartiallyFailed',
          schedule: 'nightly',
          location: 'default',
        },
        ...{ items: 15, warnings: 0, errors: 1, volumes: { attempted: 0, completed: 0, failed: 0 } },
      });
      assert.ok(Date.parse(startTimestamp) <= Date.parse(endTimestamp));
      assert.deepEqual(stubs.inputs('selectNotifications'), [{ kind: 'Backup', phase: 'PartiallyFailed' }]);
    });
  });

  for (const [type, kind] of [
    ['restore', 'Restore'],
    ['deleteBackup', 'Deletion'],
  ] as const) {
    it(`tell of a ${kind}`, async () => {
      const stubs = stubsWith();
      await runner.run(stubs, async (start) => (await start(type)).result());
      const { phase, kind: told } = sentBy(stubs)[0]!.notification;
      assert.deepEqual([told, phase], [kind, 'Completed']);
    });
  }

  it('tell of a run that was refused before it knew of any receiver', async () => {
    const stubs = stubsWith({
      prepareBackup: async () => {
        throw permanent('InvalidSpec', 'name: bad');
      },
    });
    await runner.fail('backup', stubs);
    const { phase, failureReason, location } = sentBy(stubs)[0]!.notification;
    assert.deepEqual([phase, failureReason, location], ['FailedValidation', 'name: bad', undefined]);
  });

  it('tell of a run that failed, after it has cleaned up', async () => {
    const stubs = stubsWith({
      collectItems: async () => {
        throw permanent('AccessDenied', 'list pods: 403');
      },
    });
    await runner.fail('backup', stubs);
    const { phase, failureReason } = sentBy(stubs)[0]!.notification;
    assert.deepEqual([phase, failureReason], ['Failed', 'list pods: 403']);
    const story = stubs.calls.map(({ name }) => name);
    assert.ok(story.lastIndexOf('deleteStaging') < story.indexOf('selectNotifications'));
  });

  it('tell of a run that was cancelled', async () => {
    const stubs = stubsWith({ collectItems: untilCancelled });
    await runner.fail('backup', stubs, async (started) => {
      await stubs.called('collectItems');
      await started.cancel();
    });
    assert.equal(sentBy(stubs)[0]!.notification.phase, 'Cancelled');
  });

  it('tell the others where one can not be told, try again, and change nothing of the run', async () => {
    let attempts = 0;
    const stubs = stubsWith({
      async sendNotification({ target }) {
        if (target === 'ops') throw permanent('NotFound', 'notify ops: 404');
        if (++attempts < 2) throw new Error('notify chat: 503');
      },
    });
    await runner.run(stubs, async (start) => {
      const { phase, warnings } = await (await start('backup')).result();
      assert.deepEqual([phase, warnings], ['Completed', 0]);
    });
    assert.deepEqual(
      sentBy(stubs).map(({ target }) => target),
      ['chat', 'chat', 'ops'],
    );
    const ids = new Set(sentBy(stubs).map(({ notification }) => notification.id));
    assert.equal(ids.size, 1);
  });

  it('change nothing of a run whose worker can not tell who is to be told', async () => {
    const stubs = stubsWith({
      selectNotifications: async () => {
        throw permanent('NotFound', 'no such activity');
      },
    });
    await runner.run(stubs, async (start) => assert.equal((await (await start('backup')).result()).phase, 'Completed'));
  });

  it('are not asked for where nobody is to be told, nor of a dry run', async () => {
    const nobody = new StubActivities();
    await runner.run(nobody, async (start) => (await start('backup')).result());
    assert.deepEqual(nobody.inputs('selectNotifications'), []);

    const stubs = stubsWith();
    await runner.run(stubs, async (start) => {
      const planned = await start('restore', undefined, { dryRun: true });
      while ((await planned.status()).plan === undefined);
      await planned.signal('planTaken');
      await planned.result();
    });
    assert.deepEqual(stubs.inputs('selectNotifications'), []);
  });
});
