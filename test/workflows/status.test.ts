import assert from 'node:assert/strict';
import { temporalServer } from '../support/servers.ts';
import { reportRef, StubActivities, until } from '../support/stub-activities.ts';
import { WorkflowRunner, type StartedRun } from '../support/workflow-runner.ts';

/** What the UI shows of a running workflow. */
interface Metadata {
  readonly currentDetails?: string;
  readonly definition?: { readonly queryDefinitions?: { readonly name: string; readonly description?: string }[] };
}

const plain = new StubActivities().activities;

describe('what a run tells of itself', () => {
  let runner: WorkflowRunner;

  before(async () => {
    runner = await WorkflowRunner.connect(await temporalServer());
  });

  after(() => runner.close());

  function metadataOf(started: StartedRun): Promise<Metadata> {
    return started.query<Metadata>('__temporal_workflow_metadata');
  }

  it('is what it does and how far it has come, while it runs and after it has ended', async () => {
    const goOn = Promise.withResolvers<void>();
    const secondCall = Promise.withResolvers<void>();
    const stubs: StubActivities = new StubActivities({
      countItems: async () => 400,
      async collectItems(input) {
        const collected = await plain.collectItems(input);
        const report = reportRef(input.step, { warnings: 1 });
        if (input.from.list === 0) return { ...collected, report, next: { list: 1 }, remaining: 85 };
        await until(stubs.called('archiveItems'));
        secondCall.resolve();
        await until(goOn.promise);
        return { ...collected, report };
      },
      archiveItems: async ({ step, batch }) => ({
        report: reportRef(step, { errors: 1 }),
        archived: { pods: batch.items },
      }),
    });
    await runner.run(stubs, async (start) => {
      const started = await start('backup');
      await secondCall.promise;
      while ((await started.status()).progress.expectedItems === undefined);
      const { progress, startTimestamp, uid, errors, ...running } = await started.status();
      assert.deepEqual(running, {
        kind: 'Backup',
        name: started.name,
        phase: 'InProgress',
        step: 'collecting items',
        concurrency: { batches: 2 },
        volumes: { attempted: 0, completed: 0, failed: 0 },
        warnings: 1,
      });
      assert.ok(errors <= 1);
      assert.deepEqual([progress.totalItems, progress.expectedItems, progress.totalIsEstimate], [400, 400, true]);
      assert.deepEqual(progress.resources['configmaps'], { totalItems: 5, doneItems: 5 });
      assert.match(startTimestamp, /^\d{4}-\d\d-\d\dT/);
      assert.ok(uid);

      const { currentDetails, definition } = await metadataOf(started);
      assert.match(
        currentDetails ?? '',
        new RegExp(`^\\*\\*Backup ${started.name}\\*\\*: InProgress\n\n- now: collecting items\n`),
      );
      assert.match(currentDetails ?? '', /- items: \d+ of 400 or more\n/);
      assert.match(currentDetails ?? '', /- configmaps: 5 of 5$/m);
      const query = definition?.queryDefinitions?.find(({ name }) => name === 'status');
      assert.match(query?.description ?? '', /how far it has come/);

      goOn.resolve();
      await started.result();
      const ended = await started.status();
      assert.deepEqual(
        [ended.phase, ended.step, ended.warnings, ended.errors],
        ['PartiallyFailed', 'PartiallyFailed', 2, 2],
      );
      assert.deepEqual(
        [ended.progress.totalItems, ended.progress.doneItems, ended.progress.totalIsEstimate],
        [30, 30, false],
      );
      assert.match((await metadataOf(started)).currentDetails ?? '', /: PartiallyFailed\n/);
    });
  });

  it('can be searched for, where the attributes are registered', async () => {
    const stubs = new StubActivities({
      async prepareBackup(request) {
        const prepared = await plain.prepareBackup(request);
        return { ...prepared, settings: { ...prepared.settings, searchAttributes: true } };
      },
    });
    const attributes = await runner.run(stubs, async (start) => {
      const started = await start('backup', { metadata: { labels: { 'velero.io/schedule-name': 'nightly' } } });
      await started.result();
      return { name: started.name, found: (await started.describe()).searchAttributes };
    });
    const { found } = attributes;
    assert.deepEqual(
      [
        'BowlineKind',
        'BowlineName',
        'BowlinePhase',
        'BowlineSchedule',
        'BowlineLocation',
        'BowlineItems',
        'BowlineErrors',
        'BowlineWarnings',
      ].map((name) => found[name]?.[0]),
      ['Backup', attributes.name, 'Completed', 'nightly', 'default', 15, 0, 0],
    );
  });

  it('is in its memo at the end, with the schedule that it belongs to', async () => {
    const stubs = new StubActivities({
      archiveItems: async ({ step, batch }) => ({
        report: reportRef(step, { warnings: 2, errors: 1 }),
        archived: { pods: batch.items },
      }),
    });
    await runner.run(stubs, async (start) => {
      const metadata = { labels: { 'velero.io/schedule-name': 'nightly' } };
      const started = await start('backup', { metadata });
      await started.result();
      const { memo } = await started.describe();
      const { startTimestamp, schedule } = await started.status();
      assert.equal(schedule, 'nightly');
      assert.deepEqual(memo?.['bowline'], {
        ...{ schedule: 'nightly', phase: 'PartiallyFailed', startTimestamp, items: 15, warnings: 2, errors: 1 },
        volumes: { attempted: 0, completed: 0 },
      });
    });
  });

  it('is in no search attribute where they are not', async () => {
    const found = await runner.run(new StubActivities(), async (start) => {
      const started = await start('backup');
      await started.result();
      return (await started.describe()).searchAttributes;
    });
    assert.deepEqual(
      Object.keys(found).filter((name) => name.startsWith('Bowline')),
      [],
    );
  });
});
