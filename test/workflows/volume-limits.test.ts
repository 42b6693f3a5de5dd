import assert from 'node:assert/strict';
import { notYet } from '../../src/activities/failures.ts';
import type { Activities } from '../../src/activities/index.ts';
import type { BackupVolume } from '../../src/api/backup.ts';
import type { RunSettings } from '../../src/api/run.ts';
import { withVolumes } from '../support/restored-groups.ts';
import { temporalServer } from '../support/servers.ts';
import { batchRef, permanent, reportRef, StubActivities } from '../support/stub-activities.ts';
import { WorkflowRunner } from '../support/workflow-runner.ts';

const plain = new StubActivities().activities;

function volume(persistentVolume: string, location?: string): BackupVolume {
  const at = location === undefined ? {} : { location };
  return { persistentVolume, zone: 'a', reclaimPolicy: 'Retain', labels: null, ...at };
}

/** A backup of some batches of PersistentVolumes, each named after its batch and its location. */
function backupOf(
  batches: number,
  locations: readonly (string | undefined)[],
  settings: Partial<RunSettings>,
): Partial<Activities> {
  return {
    async prepareBackup(request) {
      const prepared = await plain.prepareBackup(request);
      const known = locations.filter((location) => location !== undefined);
      return { ...prepared, snapshotLocations: [...new Set(known)], settings: { ...prepared.settings, ...settings } };
    },
    async collectItems({ step }) {
      const refs = Array.from({ length: batches }, (_, index) =>
        batchRef(`batch-${index}`, 'persistentvolumes', locations.length),
      );
      return { batches: refs, segments: [], report: reportRef(step), selected: {}, archived: {}, remaining: 0 };
    },
    selectVolumes: async ({ batch, step }) => ({
      volumes: locations.map((location, index) => volume(`${batch.key}-${index}-${location}`, location)),
      ordered: 0,
      report: reportRef(step),
    }),
  };
}

/** Counts the calls under way at the same time, by what `key` says of them, and remembers when each began. */
class Watch {
  readonly most = new Map<string, number>();
  readonly begun: number[] = [];
  readonly #now = new Map<string, number>();

  async call<T>(key: string, work: () => Promise<T>): Promise<T> {
    this.begun.push(Date.now());
    const count = (this.#now.get(key) ?? 0) + 1;
    this.#now.set(key, count);
    this.most.set(key, Math.max(count, this.most.get(key) ?? 0));
    try {
      // A turn of the loop for the others to begin in.
      await new Promise((resolve) => setTimeout(resolve, 50));
      return await work();
    } finally {
      this.#now.set(key, this.#now.get(key)! - 1);
    }
  }

  /** How many calls began in the busiest second. */
  get mostInASecond(): number {
    return Math.max(...this.begun.map((from) => this.begun.filter((at) => at >= from && at < from + 950).length));
  }
}

describe('limits of volume snapshot locations', () => {
  let runner: WorkflowRunner;

  before(async () => {
    runner = await WorkflowRunner.connect(await temporalServer());
  });

  after(() => runner.close());

  it('hold in number over all batches of a backup, for each location on its own', async () => {
    const watch = new Watch();
    const locations = ['disks', 'tapes', 'disks', 'tapes', undefined, undefined];
    const settings = {
      concurrency: { batches: 3, volumes: 1 },
      snapshotLimits: { disks: { inFlight: 2 }, tapes: { inFlight: 3 } },
    };
    const stubs = new StubActivities({
      ...backupOf(3, locations, settings),
      getVolumeId: (input) =>
        watch.call(input.persistentVolume.endsWith('undefined') ? 'unknown' : 'known', () => plain.getVolumeId(input)),
      createSnapshot: (input) =>
        watch.call(input.persistentVolume.split('-').at(-1)!, () => plain.createSnapshot(input)),
    });
    const result = await runner.run(stubs, async (start) => (await start('backup')).result());
    assert.deepEqual(result.volumes, { attempted: 18, completed: 18, failed: 0 });
    const { disks = 0, tapes = 0, unknown = 0 } = Object.fromEntries(watch.most);
    assert.ok(disks <= 2 && tapes <= 3, JSON.stringify([disks, tapes]));
    assert.equal(unknown, 1);
  });

  it('ask only the location that knows the volume, and all of them where that is not known', async () => {
    const stubs = new StubActivities(backupOf(1, ['disks', 'tapes', undefined], {}));
    await runner.run(stubs, async (start) => (await start('backup')).result());
    const asked = stubs
      .inputs('getVolumeId')
      .map(({ persistentVolume, location }) => `${persistentVolume} ${location}`);
    assert.deepEqual(asked.toSorted(), ['batch-0-0-disks disks', 'batch-0-1-tapes tapes', 'batch-0-2-undefined disks']);
  });

  it('hold in rate over all batches of a backup', async () => {
    const watch = new Watch();
    const settings = {
      concurrency: { batches: 3, volumes: 20 },
      snapshotLimits: { disks: { inFlight: 20, perSecond: 2 } },
    };
    const stubs = new StubActivities({
      ...backupOf(3, ['disks', 'disks'], settings),
      getVolumeId: (input) => watch.call('', () => plain.getVolumeId(input)),
    });
    await runner.run(stubs, async (start) => (await start('backup')).result());
    assert.equal(watch.begun.length, 6);
    // Six of them, two a second: the last ones are let through two seconds after the first, which a busy machine may see late.
    assert.ok(watch.begun.at(-1)! - watch.begun[0]! > 1_500, `${watch.begun.at(-1)! - watch.begun[0]!} ms`);
    assert.ok(watch.mostInASecond <= 4, `${watch.mostInASecond} in a second`);
  });

  it('hold for the volumes of a restore', async () => {
    const watch = new Watch();
    const stubs = new StubActivities({
      ...withVolumes('pv-1', 'pv-2', 'pv-3', 'pv-4'),
      async prepareRestore(request) {
        const prepared = await plain.prepareRestore(request);
        return {
          ...prepared,
          settings: { ...prepared.settings, snapshotLimits: { disks: { inFlight: 1, perSecond: 4 } } },
        };
      },
      createVolumeFromSnapshot: (input) => watch.call('', () => plain.createVolumeFromSnapshot(input)),
    });
    await runner.run(stubs, async (start) => (await start('restore')).result());
    assert.deepEqual([...watch.most.values()], [1]);
  });

  describe('in time', () => {
    it('make a snapshot that is not ready in time its volume’s failure, with how far it was', async () => {
      const stubs = new StubActivities({
        ...backupOf(1, ['disks'], { itemOperationTimeoutMs: 1_000 }),
        async awaitSnapshot({ snapshotId }) {
          throw notYet(`${snapshotId} is 43 % done; asked again in 100 s`, 100_000);
        },
      });
      const result = await runner.run(stubs, async (start) => (await start('backup')).result());
      assert.deepEqual([result.phase, result.volumes.failed], ['PartiallyFailed', 1]);
      const artifacts = stubs.inputs('putObject').map(({ artifact }) => artifact);
      const [outcome] = artifacts.find((artifact) => artifact.type === 'volumeSnapshots')?.volumes ?? [];
      assert.equal(
        outcome?.error,
        `snapshot-of-batch-0-0-disks is 43 % done; not done within ${1_000 / 60_000} minutes`,
      );
    });

    it('make a creation that is refused for too long its volume’s failure', async () => {
      const stubs = new StubActivities({
        ...backupOf(1, ['disks'], { itemOperationTimeoutMs: 2_000 }),
        async createSnapshot() {
          throw notYet('snapshot volume: 503 RequestLimitExceeded', 100_000);
        },
      });
      const result = await runner.run(stubs, async (start) => (await start('backup')).result());
      assert.deepEqual(result.volumes, { attempted: 1, completed: 0, failed: 1 });
      assert.deepEqual(stubs.inputs('archiveItems')[0]?.failedVolumes, {
        'batch-0-0-disks': `snapshot volume: 503 RequestLimitExceeded; not done within ${2_000 / 60_000} minutes`,
      });
    });

    it('make a volume that is not ready in time its PersistentVolume’s failure, and delete it', async () => {
      const stubs = new StubActivities({
        ...withVolumes('pv-1', 'pv-2'),
        async prepareRestore(request) {
          const prepared = await plain.prepareRestore(request);
          return { ...prepared, settings: { ...prepared.settings, itemOperationTimeoutMs: 3_000 } };
        },
        async awaitVolume({ volumeId }) {
          if (volumeId === 'volume-of-pv-2')
            throw notYet(`volume ${volumeId} is not ready; asked again in 100 s`, 100_000);
        },
        applyItems: async ({ step, failedVolumes }) => ({
          report: reportRef(step, { errors: Object.keys(failedVolumes).length }),
          created: 1,
          createdVolumes: ['pv-1'],
        }),
      });
      const result = await runner.run(stubs, async (start) => (await start('restore')).result());
      assert.deepEqual([result.phase, result.volumes], ['PartiallyFailed', { attempted: 2, completed: 1, failed: 1 }]);
      assert.deepEqual(stubs.inputs('applyItems')[0]?.failedVolumes, {
        'pv-2': 'volume volume-of-pv-2 is not ready; not done within 0.05 minutes',
      });
      const [{ used, unused } = assert.fail('not asked')] = stubs.inputs('deleteUnusedVolumes');
      assert.deepEqual([used, unused], [['volume-of-pv-1'], ['volume-of-pv-2']]);
    });
  });

  it('a location that can not tell whether a volume is its own is passed over', async () => {
    const stubs = new StubActivities({
      ...backupOf(1, [undefined, undefined], {}),
      prepareBackup: async (request) => ({
        ...(await plain.prepareBackup(request)),
        snapshotLocations: ['disks', 'tapes'],
      }),
      async getVolumeId({ location, persistentVolume }) {
        if (location === 'disks') throw permanent('InvalidItem', 'spec.awsElasticBlockStore names no volume');
        return persistentVolume.startsWith('batch-0-0') ? 'volume' : '';
      },
    });
    const result = await runner.run(stubs, async (start) => (await start('backup')).result());
    assert.deepEqual(
      stubs.inputs('createSnapshot').map(({ location }) => location),
      ['tapes'],
    );
    assert.deepEqual(result.volumes, { attempted: 1, completed: 1, failed: 1 });
    assert.deepEqual(stubs.inputs('archiveItems')[0]?.failedVolumes, {
      'batch-0-1-undefined': 'spec.awsElasticBlockStore names no volume',
    });
  });
});
