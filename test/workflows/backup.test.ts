import assert from 'node:assert/strict';
import type { Activities } from '../../src/activities/index.ts';
import { temporalServer } from '../support/servers.ts';
import {
  batchRef,
  permanent,
  reportRef,
  selectedVolumes,
  stagedRef,
  StubActivities,
} from '../support/stub-activities.ts';
import { WorkflowRunner, type History, type StartRun } from '../support/workflow-runner.ts';

const sealed = [
  'putObject contents',
  'putObject itemOperations',
  'putObject logs',
  'putObject podVolumeBackups',
  'putObject resourceList',
  'putObject results',
  'putObject segments',
  'putObject volumeInfo',
  'putObject volumeSnapshots',
];

/** Collects one batch of PersistentVolumes, which are `names`. */
function withVolumes(names: readonly string[]): Partial<Activities> {
  return {
    async collectItems({ step }) {
      const batches = [batchRef(`${step}-batch0`, 'persistentvolumes', names.length)];
      const selected = { persistentvolumes: names.length };
      return { batches, segments: [], report: reportRef(step), selected, archived: {}, remaining: 0 };
    },
    selectVolumes: async () => selectedVolumes(names),
  };
}

describe('backup', () => {
  let runner: WorkflowRunner;

  before(async () => {
    runner = await WorkflowRunner.connect(await temporalServer());
  });

  after(() => runner.close());

  for (const { where, options } of [
    { where: '', options: { maxCachedWorkflows: 10 } },
    { where: ', on a worker that keeps no workflow in memory', options: { maxCachedWorkflows: 0 } },
  ]) {
    describe(`that meets no fault${where}`, () => {
      function run<T>(stubs: StubActivities, work: (start: StartRun) => Promise<T>): Promise<T> {
        return runner.run(stubs, work, options);
      }

      it('prepares, collects, runs the actions that concern a batch in order, archives, and seals', async () => {
        const stubs = new StubActivities();
        const { name, result } = await run(stubs, async (start) => {
          const started = await start('backup', { includedNamespaces: ['shop'] });
          return { name: started.name, result: await started.result() };
        });
        assert.deepEqual(stubs.inputs('prepareBackup'), [{ name, spec: { includedNamespaces: ['shop'] } }]);
        const story = stubs.story;
        assert.deepEqual(story.slice(0, 6), [
          'prepareBackup',
          'collectItems collect-0',
          'executeBackupItemAction example.com/a',
          'executeBackupItemAction example.com/c',
          'archiveItems archive-3',
          'collectAdditionalItems additional-4',
        ]);
        assert.deepEqual(story.slice(6, 15).toSorted(), sealed);
        assert.equal(story[6], 'putObject logs');
        assert.ok(story.indexOf('putObject contents') < story.indexOf('putObject segments'));
        assert.deepEqual(story.slice(15), ['verifyArtifacts', 'putObject metadata', 'deleteStaging default']);
        const { uid, seconds, ...rest } = result;
        assert.equal(uid, stubs.inputs('deleteStaging')[0]?.uid);
        assert.ok(seconds >= 0 && seconds < 60);
        assert.deepEqual(rest, {
          name,
          phase: 'Completed',
          items: 15,
          warnings: 0,
          errors: 0,
          volumes: { attempted: 0, completed: 0, failed: 0 },
          bytes: 1_000,
        });
      });

      it('goes on collecting from where each call ended, and orders segments by calls', async () => {
        const pages = 4;
        const stubs = new StubActivities({
          async collectItems({ step, from, order }) {
            const last = from.list === pages - 1;
            return {
              batches: [batchRef(`${step}-batch0`, 'pods', 1), batchRef(`${step}-batch1`, 'pods', 2)],
              segments: [{ ...stagedRef(`${step}-segment`), items: 1, order: [...order, 0] }],
              report: reportRef(step),
              ...(!last && { next: { list: from.list + 1, continueToken: `after ${from.list}` } }),
              selected: { pods: 3 },
              archived: {},
              remaining: 0,
            };
          },
        });
        const result = await run(stubs, async (start) => (await start('backup')).result());
        assert.deepEqual(
          stubs.inputs('collectItems').map(({ from }) => from),
          [{ list: 0 }, ...[1, 2, 3].map((list) => ({ list, continueToken: `after ${list - 1}` }))],
        );
        assert.deepEqual(
          stubs.inputs('collectItems').map(({ staged }) => staged),
          [0, 3, 6, 9],
        );
        assert.equal(result.items, 12);
        const orders = stubs.inputs('collectItems').map(({ order }) => order);
        const batchOrders = stubs.inputs('archiveItems').map(({ order }) => String(order));
        assert.deepEqual(
          batchOrders.toSorted(),
          orders.flatMap((order) => [`${String(order)},1`, `${String(order)},2`]).toSorted(),
        );
        const steps = stubs.calls.map(({ input }) => (input as { step?: string }).step).filter(Boolean);
        assert.equal(new Set(steps).size, steps.length, 'a step is named twice');
      });

      it('collects additional items in waves, until nothing new is asked for', async () => {
        const stubs = new StubActivities({
          // Pods ask for claims, claims for volumes, and volumes for nothing.
          executeBackupItemAction: async ({ batch, step, action }) => ({
            batch,
            report: reportRef(step, {
              additionalItems: action === 'example.com/c' && batch.groupResources[0] !== 'volumes' ? 2 : 0,
            }),
          }),
          collectAdditionalItems: async ({ step, order }) => {
            const groupResource = order[0] === 1 ? 'claims' : 'volumes';
            const batches = order[0]! < 3 ? [batchRef(`${step}-batch0`, groupResource, 2)] : [];
            return { batches, segments: [], report: reportRef(step), selected: {}, archived: {} };
          },
        });
        await run(stubs, async (start) => (await start('backup')).result());
        const waves = stubs.inputs('collectAdditionalItems');
        assert.deepEqual(
          waves.map(({ order, withOwners, staged }) => [order[0], withOwners, staged]),
          [
            [1, true, 10],
            [2, false, 12],
          ],
        );
        assert.deepEqual(
          waves.map(({ wanted }) => wanted.length),
          [1, 1],
        );
        assert.deepEqual(
          waves.map(({ collected }) => collected.map(({ key }) => key)),
          [['collect-0-report'], ['collect-0-report', 'additional-4']],
        );
      });

      it('a.4.10 takes snapshots in children, waits for them, and removes doubles before it seals', async () => {
        const stubs = new StubActivities(withVolumes(['pv-1', 'pv-2', 'pv-3']));
        const result = await run(stubs, async (start) => (await start('backup')).result());
        assert.deepEqual(result.volumes, { attempted: 3, completed: 3, failed: 0 });
        const at = (call: string): number => stubs.story.indexOf(call);
        for (const pv of ['pv-1', 'pv-2', 'pv-3']) {
          const calls = [`getVolumeId ${pv}`, `getVolumeInfo volume-of-${pv}`, `createSnapshot ${pv}`];
          assert.deepEqual(
            calls.toSorted((a, b) => at(a) - at(b)),
            calls,
          );
          assert.ok(at(`createSnapshot ${pv}`) < at('archiveItems archive-3'));
          assert.ok(at(`awaitSnapshot snapshot-of-${pv}`) > at('collectAdditionalItems additional-4'));
        }
        const [{ run: runRef, location, keep }] = stubs.inputs('reconcileSnapshots') as [
          Parameters<Activities['reconcileSnapshots']>[0],
        ];
        assert.deepEqual([runRef.uid, location], [result.uid, 'disks']);
        assert.deepEqual(keep.toSorted(), ['snapshot-of-pv-1', 'snapshot-of-pv-2', 'snapshot-of-pv-3']);
        assert.ok(at('reconcileSnapshots disks') < at('putObject contents'));
        const recorded = stubs.inputs('putObject').find(({ artifact }) => artifact.type === 'volumeSnapshots');
        assert.ok(recorded?.artifact.type === 'volumeSnapshots');
        assert.deepEqual(
          recorded.artifact.volumes.map(({ snapshot }) => snapshot?.status.phase),
          ['Completed', 'Completed', 'Completed'],
        );
      });
    });
  }

  it('works on no more batches and volumes at the same time than it is told to', async () => {
    const volumes = Array.from({ length: 6 }, (_, index) => `pv-${index}`);
    const stubs = new StubActivities({
      ...withVolumes(volumes),
      async collectItems({ step }) {
        const batches = Array.from({ length: 6 }, (_, index) => batchRef(`${step}-batch${index}`, 'secrets', 1));
        batches.push(batchRef(`${step}-batch6`, 'persistentvolumes', 6));
        return { batches, segments: [], report: reportRef(step), selected: {}, archived: {}, remaining: 0 };
      },
    });
    const [history] = await runner.run(stubs, async (start) => {
      const { workflowId, result } = await start('backup');
      await result();
      return runner.histories(workflowId);
    });
    assert.deepEqual([stubs.inputs('archiveItems').length, stubs.inputs('createSnapshot').length], [7, 6]);
    assert.equal(mostInFlight(history!, 'archiveItems'), 2);
    assert.equal(mostInFlight(history!, 'snapshotVolume'), 2);
  });

  it('a.6.5 goes on without snapshots that are refused, and leaves their PersistentVolumes out', async () => {
    const stubs = new StubActivities({
      ...withVolumes(['pv-1', 'pv-2', 'pv-3', 'pv-4']),
      getVolumeId: async ({ persistentVolume }) => (persistentVolume === 'pv-4' ? '' : `volume-of-${persistentVolume}`),
      async createSnapshot({ persistentVolume }) {
        if (persistentVolume === 'pv-1') throw permanent('AccessDenied', 'create snapshot of volume-of-pv-1: 403');
        return `snapshot-of-${persistentVolume}`;
      },
      async awaitSnapshot({ snapshotId }) {
        if (snapshotId === 'snapshot-of-pv-2') throw permanent('InvalidItem', 'snapshot-of-pv-2 failed: disk is gone');
      },
      archiveItems: async ({ step, failedVolumes }) => ({
        report: reportRef(step, { errors: Object.keys(failedVolumes).length }),
        archived: {},
      }),
    });
    const result = await runner.run(stubs, async (start) => (await start('backup')).result());
    assert.deepEqual([result.phase, result.errors], ['PartiallyFailed', 2]);
    assert.deepEqual(result.volumes, { attempted: 3, completed: 1, failed: 2 });
    assert.deepEqual(stubs.inputs('archiveItems')[0]?.failedVolumes, {
      'pv-1': 'create snapshot of volume-of-pv-1: 403',
    });
    assert.deepEqual(stubs.inputs('archiveItems')[0]?.unknownVolumes, ['pv-4']);
    const artifacts = stubs.inputs('putObject').map(({ artifact }) => artifact);
    const outcomes = artifacts.find((artifact) => artifact.type === 'volumeInfo')?.volumes ?? [];
    assert.deepEqual(
      outcomes
        .map(({ snapshot, error }) => `${snapshot?.spec.persistentVolumeName} ${snapshot?.status.phase}: ${error}`)
        .toSorted(),
      [
        'pv-1 Failed: create snapshot of volume-of-pv-1: 403',
        'pv-2 Failed: snapshot-of-pv-2 failed: disk is gone',
        'pv-3 Completed: undefined',
      ],
    );
    const log = artifacts.find((artifact) => artifact.type === 'logs');
    assert.deepEqual(
      log?.closing.filter(({ level }) => level === 'error').map(({ message }) => message),
      ['Snapshot of pv-2 failed: snapshot-of-pv-2 failed: disk is gone'],
    );
    assert.deepEqual(
      stubs.inputs('reconcileSnapshots').map(({ keep }) => keep.toSorted()),
      [['snapshot-of-pv-2', 'snapshot-of-pv-3']],
    );
  });

  it('a.3.8 snapshots ordered volumes one after the other, and the others side by side', async () => {
    let underWay = 0;
    const companions: Record<string, number> = {};
    const stubs = new StubActivities({
      ...withVolumes(['pv-1', 'pv-2', 'pv-3', 'pv-4']),
      selectVolumes: async () => selectedVolumes(['pv-2', 'pv-1', 'pv-3', 'pv-4'], 2),
      async createSnapshot({ persistentVolume }) {
        companions[persistentVolume] = underWay++;
        if (persistentVolume > 'pv-2') await stubs.called('createSnapshot', 4);
        underWay--;
        return `snapshot-of-${persistentVolume}`;
      },
    });
    await runner.run(stubs, async (start) => (await start('backup')).result());
    assert.deepEqual(Object.entries(companions).slice(0, 2), [
      ['pv-2', 0],
      ['pv-1', 0],
    ]);
    assert.equal(Math.max(...Object.values(companions)), 1);
  });

  it('looks for doubles, and says since when, though no snapshot is known to have been taken', async () => {
    const stubs = new StubActivities({
      ...withVolumes(['pv-1']),
      async createSnapshot() {
        throw permanent('AccessDenied', 'create snapshot: 403');
      },
    });
    const before = Date.now();
    await runner.run(stubs, async (start) => (await start('backup')).result());
    const [{ keep, since = 0 } = assert.fail('not asked')] = stubs.inputs('reconcileSnapshots');
    assert.deepEqual(keep, []);
    assert.ok(since >= before - 1_000 && since <= Date.now() + 1_000, `${since}`);
  });

  it('looks for no doubles of volumes that are none of the provider', async () => {
    const stubs = new StubActivities({ ...withVolumes(['pv-1']), getVolumeId: async () => '' });
    await runner.run(stubs, async (start) => (await start('backup')).result());
    assert.deepEqual(stubs.inputs('reconcileSnapshots'), []);
  });

  it('asks no snapshotter about batches without PersistentVolumes', async () => {
    const stubs = new StubActivities();
    await runner.run(stubs, async (start) => (await start('backup')).result());
    assert.ok(!stubs.story.some((call) => /selectVolumes|reconcileSnapshots/.test(call)));
  });

  it('a.8.2 ends PartiallyFailed when reports hold errors, and says so in the record', async () => {
    const stubs = new StubActivities({
      archiveItems: async ({ step }) => ({
        report: reportRef(step, { warnings: 2, errors: 1 }),
        archived: { pods: 9 },
      }),
    });
    const result = await runner.run(stubs, async (start) => (await start('backup')).result());
    assert.deepEqual([result.phase, result.warnings, result.errors, result.items], ['PartiallyFailed', 2, 1, 14]);
    const metadata = stubs.inputs('putObject').find(({ artifact }) => artifact.type === 'metadata');
    assert.ok(metadata?.artifact.type === 'metadata');
    const { completionTimestamp, ...status } = metadata.artifact.status;
    assert.match(completionTimestamp ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    assert.deepEqual(status, {
      version: 1,
      formatVersion: '1.1.0',
      startTimestamp: '2026-01-02T03:04:05Z',
      expiration: '2026-02-01T03:04:05Z',
      phase: 'PartiallyFailed',
      warnings: 2,
      errors: 1,
      progress: { totalItems: 15, itemsBackedUp: 14 },
    });
  });
});

/** How many activities or children of one type were under way at the same time, as the history tells. */
function mostInFlight({ events }: History, type: string): number {
  const open = new Set<string>();
  let most = 0;
  for (const event of events ?? []) {
    const begun =
      event.activityTaskScheduledEventAttributes?.activityType ??
      event.startChildWorkflowExecutionInitiatedEventAttributes?.workflowType;
    if (begun?.name === type) open.add(String(event.eventId));
    const ended =
      event.activityTaskCompletedEventAttributes?.scheduledEventId ??
      event.childWorkflowExecutionCompletedEventAttributes?.initiatedEventId;
    open.delete(String(ended));
    most = Math.max(most, open.size);
  }
  return most;
}
