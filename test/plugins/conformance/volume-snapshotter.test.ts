import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { VolumeSnapshotterSubject } from '../../../src/plugins/conformance/snapshot-run.ts';
import { volumeSnapshotterChecks } from '../../../src/plugins/conformance/volume-snapshotter.ts';
import type { VolumeSnapshotter } from '../../../src/plugins/volume-snapshotter.ts';
import { filesystem } from '../../../src/plugins/volume-snapshotters/filesystem.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { failuresOf, itHasDistinctTitles, withMethods } from './broken.ts';

/** What a snapshotter gets wrong, and one check at least that has to see it. */
const broken: Readonly<
  Record<string, { replace: (whole: VolumeSnapshotter) => Partial<VolumeSnapshotter>; fails: string }>
> = {
  'takes a snapshot for each call': {
    replace: (whole) => ({
      createSnapshot: (request, options) =>
        whole.createSnapshot({ ...request, owner: { ...request.owner, uid: randomUUID() } }, options),
    }),
    fails: 'the same owner gets the same snapshot, later as at the same time',
  },
  'takes one snapshot for all owners of a run': {
    replace: (whole) => ({
      createSnapshot: (request, options) =>
        whole.createSnapshot({ ...request, owner: { ...request.owner, persistentVolume: '' } }, options),
    }),
    fails: 'another owner gets another snapshot',
  },
  'lists what bears any of the tags': {
    replace: (whole) => ({ listSnapshots: (_tags, options) => whole.listSnapshots({}, options) }),
    fails: 'a list has the snapshots that bear all of the tags, with their volume and time',
  },
  'forgets the tags': {
    replace: (whole) => ({
      createSnapshot: (request, options) => whole.createSnapshot({ ...request, tags: {} }, options),
    }),
    fails: 'a list has the snapshots that bear all of the tags, with their volume and time',
  },
  'rejects a deletion of what is absent': {
    replace: (whole) => ({
      async deleteSnapshot(snapshotId, options) {
        await whole.snapshotStatus(snapshotId, options);
        await whole.deleteSnapshot(snapshotId, options);
      },
    }),
    fails: 'a deleted snapshot is gone, and its deletion may be repeated',
  },
  'makes a volume for each call': {
    replace: (whole) => ({
      createVolumeFromSnapshot: (request, options) =>
        whole.createVolumeFromSnapshot({ ...request, owner: { ...request.owner, uid: randomUUID() } }, options),
    }),
    fails: 'the same owner gets the same volume, later as at the same time, and another one another',
  },
  'takes every volume for its own': {
    replace: (whole) => ({ getVolumeId: (volume) => whole.getVolumeId(volume) || volume.metadata.name }),
    fails: 'getVolumeId is empty for a volume of another provider, or of none',
  },
  'points to a volume in a copy': {
    replace: (whole) => ({ setVolumeId: (volume, volumeId) => whole.setVolumeId(structuredClone(volume), volumeId) }),
    fails: 'a volume made from a snapshot becomes ready, and a PersistentVolume can point to it',
  },
  'forgets the IOPS': {
    replace: (whole) => ({
      getVolumeInfo: async (volumeId, zone, options) => {
        const { type } = await whole.getVolumeInfo(volumeId, zone, options);
        return { type, ...(!volumeId.includes('volumes') && { iops: 3_000 }) };
      },
    }),
    fails: 'a volume made from a snapshot becomes ready, and a PersistentVolume can point to it',
  },
  'drops what else a PersistentVolume says': {
    replace: (whole) => ({
      setVolumeId(volume, volumeId) {
        whole.setVolumeId(volume, volumeId);
        delete (volume['spec'] as { capacity?: object }).capacity;
        return volume;
      },
    }),
    fails: 'setVolumeId with its own volume changes nothing',
  },
  'makes volumes that nobody finds again': {
    replace: (whole) => ({
      createVolumeFromSnapshot: (request, options) => whole.createVolumeFromSnapshot({ ...request, tags: {} }, options),
    }),
    fails: 'a list of volumes has those that bear all of the tags',
  },
  'copies who owns a snapshot to its volume': {
    replace: (whole) => ({
      async createVolumeFromSnapshot(request, options) {
        const copied: Record<string, string> = {};
        for await (const { snapshotId, tags } of whole.listSnapshots({}))
          if (snapshotId === request.snapshotId) Object.assign(copied, tags);
        return whole.createVolumeFromSnapshot({ ...request, tags: { ...copied, ...request.tags } }, options);
      },
    }),
    fails: 'who owns a snapshot or a volume is never copied from one to the other',
  },
  'takes snapshots that fail': {
    replace: () => ({ snapshotStatus: async () => ({ phase: 'Failed', message: 'no space' }) }),
    fails: 'a snapshot becomes ready',
  },
  'calls ready what is not all there': {
    replace: () => ({ snapshotStatus: async () => ({ phase: 'Ready', percent: 43 }) }),
    fails: 'a snapshot becomes ready',
  },
  'does not hear the signal': {
    replace: (whole) => ({ deleteVolume: (volumeId) => whole.deleteVolume(volumeId) }),
    fails: 'a signal that fired before rejects everything with Interrupted',
  },
};

describe('volume snapshotter checks', () => {
  itHasDistinctTitles(volumeSnapshotterChecks);

  async function open(
    replace: (whole: VolumeSnapshotter) => Partial<VolumeSnapshotter>,
  ): Promise<VolumeSnapshotterSubject> {
    const folder = temporaryFolder();
    const volume = join(folder, 'volume');
    await mkdir(volume);
    const whole = await filesystem({ path: join(folder, 'kept') });
    return {
      snapshotter: withMethods(whole, replace(whole)),
      persistentVolume: {
        apiVersion: 'v1',
        kind: 'PersistentVolume',
        metadata: { name: 'data' },
        spec: { capacity: { storage: '1Gi' }, hostPath: { path: volume } },
      },
      zone: '',
      contents: {
        write: (volumeId, content) => writeFile(join(volumeId, 'content'), content),
        read: (volumeId) => readFile(join(volumeId, 'content'), 'utf8'),
      },
    };
  }

  for (const [title, { replace, fails }] of Object.entries(broken))
    it(`find a snapshotter that ${title}`, async () => {
      const check = volumeSnapshotterChecks.filter((one) => one.title === fails);
      assert.deepEqual(await failuresOf(check, () => open(replace)), [fails]);
    });

  it('find a volume in another zone', async () => {
    const fails = 'a volume made from a snapshot is in the zone that was asked for';
    const subject = async (): Promise<VolumeSnapshotterSubject> => ({
      ...(await open(() => ({}))),
      zone: 'a',
      zoneOf: async () => 'b',
    });
    const check = volumeSnapshotterChecks.filter((one) => one.title === fails);
    assert.deepEqual(await failuresOf(check, subject), [fails]);
  });

  it('find a snapshot that follows its volume', async () => {
    const fails = 'a snapshot holds what was in the volume when it was asked for';
    const subject = async (): Promise<VolumeSnapshotterSubject> => {
      const whole = await open(() => ({}));
      const written = new Map<string, string>();
      const contents = {
        write: async (_volumeId: string, content: string) => void written.set('', content),
        read: async () => written.get('') ?? '',
      };
      return { ...whole, contents };
    };
    const check = volumeSnapshotterChecks.filter((one) => one.title === fails);
    assert.deepEqual(await failuresOf(check, subject), [fails]);
  });

  it('remove what they made, whether they pass or not', async () => {
    for (const replace of [() => ({}), broken['lists what bears any of the tags']?.replace ?? assert.fail()]) {
      const subject = await open(replace);
      await failuresOf(volumeSnapshotterChecks, async () => subject);
      for await (const { snapshotId } of subject.snapshotter.listSnapshots({})) assert.fail(snapshotId);
    }
  });
});
