import assert from 'node:assert/strict';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { notYet } from '../../src/activities/failures.ts';
import type { Activities } from '../../src/activities/index.ts';
import { withVolumes } from '../support/restored-groups.ts';
import { temporalServer } from '../support/servers.ts';
import { permanent, reportRef, StubActivities, untilCancelled } from '../support/stub-activities.ts';
import { WorkflowRunner } from '../support/workflow-runner.ts';

describe('a restore', () => {
  let runner: WorkflowRunner;

  before(async () => {
    runner = await WorkflowRunner.connect(await temporalServer());
  });

  after(() => runner.close());

  it('(b.1) that is invalid fails with all problems, and writes nothing', async () => {
    const problems = ['name: missing', 'spec.backupName: missing'];
    const stubs = new StubActivities({
      async prepareRestore() {
        const message = problems.join('; ');
        throw ApplicationFailure.create({ message, type: 'InvalidSpec', nonRetryable: true, details: [problems] });
      },
    });
    const { failure, status } = await runner.fail('restore', stubs);
    assert.ok(failure instanceof ApplicationFailure);
    assert.deepEqual(
      [failure.type, failure.message, failure.details],
      ['InvalidSpec', problems.join('; '), [problems]],
    );
    assert.equal(status.phase, 'FailedValidation');
    assert.deepEqual(stubs.story, ['prepareRestore', 'selectNotifications']);
  });

  const abandoning = [
    'deleteArtifacts',
    'putObject logs',
    'putObject results',
    'putObject resourceList',
    'putObject metadata',
    'deleteStaging default',
  ];

  it('(b.8) deletes the volumes for which no PersistentVolume was created when it fails, and records why', async () => {
    const stubs = new StubActivities({
      ...withVolumes('pv-1', 'pv-2'),
      async applyItems({ step, batch }) {
        if (batch.groupResources[0] === 'persistentvolumeclaims') throw permanent('AccessDenied', 'create: 401');
        return { report: reportRef(step), created: 1, createdVolumes: ['pv-1'] };
      },
    });
    const { failure, temporalStatus, status } = await runner.fail('restore', stubs);
    assert.ok(failure instanceof ApplicationFailure);
    assert.deepEqual([failure.type, failure.message], ['AccessDenied', 'create: 401']);
    assert.deepEqual([temporalStatus, status.phase], ['FAILED', 'Failed']);
    const [{ location, used, unused, since } = assert.fail('not asked'), ...others] =
      stubs.inputs('deleteUnusedVolumes');
    assert.deepEqual([location, used, unused, others], ['disks', ['volume-of-pv-1'], ['volume-of-pv-2'], []]);
    assert.ok(since > 0);
    assert.deepEqual(stubs.story.slice(-abandoning.length), abandoning);
    const metadata = stubs.inputs('putObject').at(-1)?.artifact;
    assert.ok(metadata?.type === 'metadata');
    assert.deepEqual([metadata.status.phase, metadata.status.failureReason], ['Failed', 'create: 401']);
  });

  it('puts and removes nothing beside the log of another run', async () => {
    const stubs = new StubActivities({
      async putObject({ artifact: { type } }) {
        if (type === 'logs') throw permanent('AlreadyExists', 'put logs: another object is there');
        return { key: type, bytes: 1, sha256: '' };
      },
    });
    const { failure } = await runner.fail('restore', stubs);
    assert.equal(failure.message, 'put logs: another object is there');
    assert.deepEqual(stubs.story.slice(-4), [
      'putObject logs',
      'deleteArtifacts',
      'putObject logs',
      'deleteStaging default',
    ]);
    assert.deepEqual(stubs.inputs('deleteArtifacts')[0]?.types, []);
  });

  it('tells which volumes it could not delete', async () => {
    const stubs = new StubActivities({
      ...withVolumes('pv-1'),
      async applyItems() {
        throw permanent('AccessDenied', 'create: 401');
      },
      async deleteUnusedVolumes() {
        throw permanent('AccessDenied', 'delete volume: 403');
      },
    });
    const { failure } = await runner.fail('restore', stubs);
    assert.equal(failure.message, 'create: 401; could not be cleaned up: unused volumes in disks');
  });

  describe('that is cancelled', () => {
    async function cancelDuring(name: keyof Activities, overrides: Partial<Activities> = {}): Promise<StubActivities> {
      const stubs = new StubActivities({ ...withVolumes('pv-1'), [name]: untilCancelled, ...overrides });
      const { failure, temporalStatus, status } = await runner.fail('restore', stubs, async (started) => {
        await stubs.called(name);
        await started.cancel();
      });
      assert.ok(failure instanceof CancelledFailure);
      assert.deepEqual([temporalStatus, status.phase], ['CANCELLED', 'Cancelled']);
      return stubs;
    }

    it('before it has begun writes nothing', async () => {
      assert.deepEqual((await cancelDuring('prepareRestore')).story, ['prepareRestore', 'selectNotifications']);
    });

    for (const name of ['unpackBackup', 'selectSnapshots', 'applyItems'] as const) {
      it(`during ${name} waits for it, and records that`, async () => {
        const stubs = await cancelDuring(name);
        assert.deepEqual(stubs.story.slice(-abandoning.length), abandoning);
        const metadata = stubs.inputs('putObject').at(-1)?.artifact;
        assert.ok(metadata?.type === 'metadata');
        assert.deepEqual([metadata.status.phase, metadata.status.failureReason], ['Failed', 'cancelled']);
        const made = name === 'applyItems' ? [['volume-of-pv-1']] : [];
        assert.deepEqual(
          stubs.inputs('deleteUnusedVolumes').map(({ unused }) => unused),
          made,
        );
      });
    }

    it('between the acceptance of a volume and its id looks for the volume by its owner', async () => {
      const stubs = await cancelDuring('createVolumeFromSnapshot');
      const [{ location, used, unused, since } = assert.fail('not asked')] = stubs.inputs('deleteUnusedVolumes');
      assert.deepEqual([location, used, unused], ['disks', [], []]);
      assert.ok(since > 0);
    });

    it('while an attempt of a wait runs deletes the volume that was being made', async () => {
      const stubs = await cancelDuring('awaitVolume', {
        async awaitVolume() {
          await untilCancelled().catch(() => undefined);
          throw notYet('volume-of-pv-1 is 43 % done', 60_000);
        },
      });
      assert.deepEqual(stubs.inputs('deleteVolume'), [{ location: 'disks', volumeId: 'volume-of-pv-1' }]);
      assert.deepEqual(stubs.inputs('applyItems'), []);
    });
  });
});
