import assert from 'node:assert/strict';
import { notYet } from '../../src/activities/failures.ts';
import type { RunResult } from '../../src/workflows/messages.ts';
import { group, unpacking, withVolumes } from '../support/restored-groups.ts';
import { temporalServer } from '../support/servers.ts';
import { permanent, reportRef, StubActivities } from '../support/stub-activities.ts';
import { WorkflowRunner } from '../support/workflow-runner.ts';

const definitions = 'customresourcedefinitions.apiextensions.k8s.io';

const recording = ['itemOperations', 'logs', 'resourceList', 'results', 'volumeInfo'];

describe('restore', () => {
  let runner: WorkflowRunner;

  before(async () => {
    runner = await WorkflowRunner.connect(await temporalServer());
  });

  after(() => runner.close());

  function restore(stubs: StubActivities, options = {}): Promise<RunResult> {
    return runner.run(stubs, async (start) => (await start('restore', { backupName: 'nightly' })).result(), options);
  }

  for (const { where, options } of [
    { where: '', options: { maxCachedWorkflows: 10 } },
    { where: ', on a worker that keeps no workflow in memory', options: { maxCachedWorkflows: 0 } },
  ]) {
    describe(`that meets no fault${where}`, () => {
      it('(b.2) (b.8) unpacks, restores group after group, and records it last', async () => {
        const stubs = new StubActivities(
          unpacking(group('namespaces', 2), group('pods', 10, 20), group('services', 3)),
        );
        const result = await restore(stubs, options);
        const story = stubs.story;
        assert.deepEqual(story.slice(0, 3), ['prepareRestore', 'unpackBackup unpack-0', 'applyItems apply-1']);
        const applied = stubs.inputs('applyItems').map(({ batch }) => batch.key);
        assert.deepEqual([applied[0], applied[3]], ['namespaces-0', 'services-0']);
        assert.deepEqual(applied.slice(1, 3).toSorted(), ['pods-0', 'pods-1']);
        assert.deepEqual(
          stubs
            .inputs('executeRestoreItemAction')
            .map(({ batch, action }) => `${action} ${batch.key}`)
            .toSorted(),
          ['example.com/a pods-0', 'example.com/a pods-1'],
        );
        assert.deepEqual(
          story.slice(-8, -3).toSorted(),
          recording.map((type) => `putObject ${type}`),
        );
        assert.equal(story.at(-8), 'putObject logs');
        assert.deepEqual(story.slice(-3), ['verifyArtifacts', 'putObject metadata', 'deleteStaging default']);
        assert.deepEqual(
          [result.phase, result.items, result.warnings, result.errors, result.bytes],
          ['Completed', 35, 0, 0, undefined],
        );
      });

      it('(b.4.8) restores first what actions ask for, each group in its order, and what that asks for before', async () => {
        let asked = 0;
        const stubs = new StubActivities({
          ...unpacking(group('pods', 1), group('services', 1)),
          prepareRestore: async ({ name }) => ({
            ...(await new StubActivities().activities.prepareRestore({ name })),
            actions: [{ name: 'example.com/a', groupResources: ['pods', 'persistentvolumeclaims'] }],
          }),
          executeRestoreItemAction: async ({ batch, step }) => ({
            batch,
            report: reportRef(step, { additionalItems: 1 }),
          }),
          async unpackAdditionalItems({ step }) {
            asked++;
            const groups =
              asked === 1
                ? [group('serviceaccounts', 1), group('persistentvolumeclaims', 1)]
                : [group('persistentvolumes', 1)];
            return { groups, report: reportRef(step), selected: {} };
          },
        });
        await restore(stubs, options);
        assert.deepEqual(
          stubs.inputs('applyItems').map(({ batch }) => batch.key),
          ['serviceaccounts-0', 'persistentvolumes-0', 'persistentvolumeclaims-0', 'pods-0', 'services-0'],
        );
        assert.deepEqual(
          stubs.inputs('unpackAdditionalItems').map(({ unpacked }) => unpacked.length),
          [1, 2],
        );
      });

      it('(b.5) makes volumes before their PersistentVolumes, and tells claims what became of these', async () => {
        const stubs = new StubActivities(withVolumes('pv-1', 'pv-2', 'pv-3'));
        const result = await restore(stubs, options);
        const [volumes, claims] = stubs.inputs('applyItems');
        assert.deepEqual(
          volumes?.volumes.map(({ persistentVolume, item }) => `${persistentVolume}: ${item?.key}`).toSorted(),
          ['pv-1', 'pv-2', 'pv-3'].map((name) => `${name}: item-of-${name}`),
        );
        assert.deepEqual(
          [volumes?.volumeReports, claims?.volumeReports.map(({ key }) => key)],
          [[], ['apply-1-report']],
        );
        assert.deepEqual(result.volumes, { attempted: 3, completed: 3, failed: 0 });
        assert.deepEqual(stubs.inputs('deleteVolume'), []);
      });
    });
  }

  it('(b.3) runs no action over namespaces, not even one that is for all', async () => {
    const { prepareRestore } = new StubActivities().activities;
    const stubs = new StubActivities({
      ...unpacking(group('namespaces', 1), group('pods', 1)),
      prepareRestore: async (request) => ({
        ...(await prepareRestore(request)),
        actions: [{ name: 'example.com/all' }],
      }),
    });
    await restore(stubs);
    assert.deepEqual(
      stubs.inputs('executeRestoreItemAction').map(({ batch }) => batch.key),
      ['pods-0'],
    );
  });

  it('(b.4.17) waits for definitions before it restores what is of their kinds', async () => {
    const stubs = new StubActivities(unpacking(group(definitions, 1), group('widgets.example.com', 1)));
    await restore(stubs);
    assert.deepEqual(stubs.story.slice(2, 5), ['applyItems apply-1', 'awaitDefinitions await-2', 'applyItems apply-3']);
  });

  it('(b.4.17) goes on asking for definitions that are not established yet', async () => {
    const stubs: StubActivities = new StubActivities({
      ...unpacking(group(definitions, 1)),
      async awaitDefinitions({ step }) {
        if (stubs.inputs('awaitDefinitions').length < 3) throw notYet('1 definitions are not established yet', 1);
        return reportRef(step, { errors: 1 });
      },
    });
    const result = await restore(stubs);
    assert.equal(stubs.inputs('awaitDefinitions').length, 3);
    assert.deepEqual([result.phase, result.errors], ['PartiallyFailed', 1]);
  });

  it('(b.4.8) waits for what actions asked for, after it has been restored and before their items are', async () => {
    const stubs: StubActivities = new StubActivities({
      ...unpacking(group('pods', 1)),
      executeRestoreItemAction: async ({ batch, step }) => ({
        batch,
        report: reportRef(step, { additionalItems: 1 }),
        waits: true,
      }),
      unpackAdditionalItems: async ({ step }) => ({
        groups: [group('secrets', 1)],
        report: reportRef(step),
        selected: {},
      }),
      async awaitAdditionalItems({ step }) {
        if (stubs.inputs('awaitAdditionalItems').length < 2) throw notYet('additional items are not ready yet', 1);
        return reportRef(step, { errors: 1 });
      },
    });
    const result = await restore(stubs);
    assert.deepEqual(
      stubs.story.slice(2, 7).map((call) => call.split('-')[0]),
      ['executeRestoreItemAction example.com/a', 'unpackAdditionalItems unpack', 'applyItems apply'].concat(
        Array.from({ length: 2 }, () => 'awaitAdditionalItems await'),
      ),
    );
    assert.deepEqual(
      stubs.inputs('applyItems').map(({ batch }) => batch.key),
      ['secrets-0', 'pods-0'],
    );
    assert.deepEqual([result.phase, result.errors], ['PartiallyFailed', 1]);
  });

  it('(b.8) finishes volumes that are provisioned anew when all items are there, as long as that takes', async () => {
    const { prepareRestore } = new StubActivities().activities;
    const stubs: StubActivities = new StubActivities({
      ...unpacking(group('persistentvolumeclaims', 1), group('pods', 1)),
      prepareRestore: async (request) => ({ ...(await prepareRestore(request)), finishesVolumes: true }),
      async finishVolumes({ step }) {
        if (stubs.inputs('finishVolumes').length < 2) throw notYet('1 claims are not bound yet', 1);
        return reportRef(step, { errors: 1 });
      },
    });
    const result = await restore(stubs);
    assert.deepEqual(
      stubs
        .inputs('finishVolumes')
        .at(-1)
        ?.claimReports.map(({ key }) => key),
      ['apply-1-report'],
    );
    assert.ok(stubs.story.indexOf('finishVolumes finish-4') > stubs.story.lastIndexOf('applyItems apply-3'));
    assert.deepEqual([result.phase, result.errors], ['PartiallyFailed', 1]);
  });

  it('(b.5) hands the reasons of volumes that could not be made to their PersistentVolumes', async () => {
    const stubs = new StubActivities({
      ...withVolumes('pv-1', 'pv-2'),
      async awaitVolume({ volumeId }) {
        if (volumeId === 'volume-of-pv-2') throw permanent('InvalidItem', 'volume-of-pv-2 failed: quota exceeded');
      },
      applyItems: async ({ step, failedVolumes }) => ({
        report: reportRef(step, { errors: Object.keys(failedVolumes).length }),
        created: 1,
        createdVolumes: ['pv-1'],
      }),
    });
    const result = await restore(stubs);
    assert.deepEqual(stubs.inputs('applyItems')[0]?.failedVolumes, {
      'pv-2': 'volume-of-pv-2 failed: quota exceeded',
    });
    assert.equal(result.phase, 'PartiallyFailed');
    assert.deepEqual(result.volumes, { attempted: 2, completed: 1, failed: 1 });
    assert.deepEqual(
      stubs.inputs('deleteUnusedVolumes').map(({ location, used, unused }) => [location, used, unused]),
      [['disks', ['volume-of-pv-1'], ['volume-of-pv-2']]],
    );
    assert.ok(stubs.story.indexOf('deleteUnusedVolumes disks') < stubs.story.indexOf('putObject logs'));
  });

  it('makes the other volumes when one can not be made at all', async () => {
    const { selectSnapshots } = withVolumes('pv-1', 'pv-2');
    const stubs = new StubActivities({
      ...withVolumes('pv-1', 'pv-2'),
      async selectSnapshots(input) {
        const [first, second] = await selectSnapshots!(input);
        return [{ ...first!, error: 'one of that name has been released for 10 minutes' }, second!];
      },
    });
    const result = await restore(stubs);
    assert.deepEqual(result.volumes, { attempted: 2, completed: 1, failed: 1 });
    assert.deepEqual(stubs.inputs('applyItems')[0]?.failedVolumes, {
      'pv-1': 'one of that name has been released for 10 minutes',
    });
    assert.deepEqual(
      stubs.inputs('createVolumeFromSnapshot').map(({ volume }) => volume.persistentVolume),
      ['pv-2'],
    );
  });

  it('deletes the volume of a PersistentVolume that was not created, and warns if it can not', async () => {
    const stubs = new StubActivities({
      ...withVolumes('pv-1'),
      applyItems: async ({ step }) => ({ report: reportRef(step, { errors: 1 }), created: 0, createdVolumes: [] }),
      async deleteUnusedVolumes() {
        throw permanent('AccessDenied', 'delete volume: 403');
      },
    });
    const result = await restore(stubs);
    assert.deepEqual([result.phase, result.warnings], ['PartiallyFailed', 1]);
    const log = stubs.inputs('putObject').find(({ artifact }) => artifact.type === 'logs')?.artifact;
    assert.ok(log?.type === 'logs');
    assert.equal(log.closing[0]?.message, 'Could not be removed: unused volumes in disks');
  });

  it('looks for no unused volumes where all are used', async () => {
    const stubs = new StubActivities(withVolumes('pv-1', 'pv-2'));
    await restore(stubs);
    assert.deepEqual(stubs.inputs('deleteUnusedVolumes'), []);
  });
});
