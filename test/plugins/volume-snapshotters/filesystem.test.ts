import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { VolumeSnapshotterSubject } from '../../../src/plugins/conformance/snapshot-run.ts';
import { volumeSnapshotterChecks } from '../../../src/plugins/conformance/volume-snapshotter.ts';
import type { SnapshotRequest, VolumeRequest, VolumeSnapshotter } from '../../../src/plugins/volume-snapshotter.ts';
import { filesystem } from '../../../src/plugins/volume-snapshotters/filesystem.ts';
import { itConforms } from '../../support/it-conforms.ts';
import { temporaryFolder } from '../temporary-folder.ts';

async function subject(source: 'hostPath' | 'local'): Promise<VolumeSnapshotterSubject> {
  const folder = temporaryFolder();
  const volume = join(folder, 'volume');
  await mkdir(volume);
  return {
    snapshotter: await filesystem({ path: join(folder, 'snapshots') }),
    persistentVolume: {
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name: 'data' },
      spec: { capacity: { storage: '1Gi' }, [source]: { path: volume } },
    },
    zone: '',
    contents: {
      write: (volumeId, content) => writeFile(join(volumeId, 'content'), content),
      read: (volumeId) => readFile(join(volumeId, 'content'), 'utf8'),
    },
  };
}

for (const source of ['hostPath', 'local'] as const)
  describe(`volume snapshotter: filesystem, ${source}`, () => {
    itConforms(volumeSnapshotterChecks, () => subject(source), {
      'a volume made from a snapshot is in the zone that was asked for': 'directories have no zones',
    });
  });

describe('volume snapshotter: filesystem', () => {
  let folder: string;
  let volumeId: string;
  let snapshots: string;
  let snapshotter: VolumeSnapshotter;

  beforeEach(async () => {
    folder = temporaryFolder();
    [volumeId, snapshots] = [join(folder, 'volume'), join(folder, 'kept/snapshots')];
    await mkdir(volumeId);
    await writeFile(join(volumeId, 'content'), 'content');
    snapshotter = await filesystem({ path: join(folder, 'kept') });
  });

  function snapshotRequest(others: Partial<SnapshotRequest> = {}): SnapshotRequest {
    return { volumeId, zone: '', tags: {}, owner: { uid: 'run-1', persistentVolume: 'data' }, ...others };
  }

  function volumeRequest(snapshotId: string, others: Partial<VolumeRequest> = {}): VolumeRequest {
    const owner = { uid: 'run-2', persistentVolume: 'data' };
    return { snapshotId, type: 'filesystem', zone: '', tags: {}, owner, ...others };
  }

  async function listed(tags: Record<string, string> = {}): Promise<string[]> {
    const found: string[] = [];
    for await (const { snapshotId } of snapshotter.listSnapshots(tags)) found.push(snapshotId);
    return found;
  }

  describe('snapshots', () => {
    it('are one copy and one record, however many ask at once, from however many processes', async () => {
      const other = await filesystem({ path: join(folder, 'kept') });
      const asked = [snapshotter, other, snapshotter, other].map((one) => one.createSnapshot(snapshotRequest()));
      const ids = new Set(await Promise.all(asked));
      assert.equal(ids.size, 1);
      const [snapshotId = ''] = ids;
      assert.deepEqual((await readdir(snapshots)).sort(), [snapshotId, `${snapshotId}.json`]);
    });

    it('keep the record that was written first', async () => {
      const snapshotId = await snapshotter.createSnapshot(snapshotRequest({ tags: { attempt: '1' } }));
      const record = await readFile(join(snapshots, `${snapshotId}.json`), 'utf8');
      await snapshotter.createSnapshot(snapshotRequest({ tags: { attempt: '2' } }));
      assert.equal(await readFile(join(snapshots, `${snapshotId}.json`), 'utf8'), record);
    });

    it('are not there while they have no record, and are taken over by the same owner', async () => {
      const snapshotId = await snapshotter.createSnapshot(snapshotRequest());
      await snapshotter.deleteSnapshot(snapshotId);
      await mkdir(join(snapshots, snapshotId));
      await writeFile(join(snapshots, snapshotId, 'content'), 'of the attempt before');

      assert.deepEqual(await listed(), []);
      await assert.rejects(snapshotter.snapshotStatus(snapshotId), { code: 'NotFound' });
      await assert.rejects(snapshotter.createVolumeFromSnapshot(volumeRequest(snapshotId)), { code: 'NotFound' });

      assert.equal(await snapshotter.createSnapshot(snapshotRequest()), snapshotId);
      assert.equal(await readFile(join(snapshots, snapshotId, 'content'), 'utf8'), 'of the attempt before');
      assert.deepEqual(await listed(), [snapshotId]);
    });

    it('do not count half copied, and go with all that attempts at them left', async () => {
      const snapshotId = await snapshotter.createSnapshot(snapshotRequest());
      await mkdir(join(snapshots, `${snapshotId}.partial-1/deep`), { recursive: true });
      await writeFile(join(snapshots, `${snapshotId}.partial-1/deep/content`), 'half');
      await snapshotter.deleteSnapshot(snapshotId);
      assert.deepEqual(await readdir(snapshots), []);
    });

    it('leave nothing when the signal fires during the copy', async () => {
      for (let index = 0; index < 500; index++) await writeFile(join(volumeId, `${index}`), 'x');
      const stop = new AbortController();
      const refused = assert.rejects(snapshotter.createSnapshot(snapshotRequest(), { signal: stop.signal }), {
        code: 'Interrupted',
      });
      while ((await readdir(snapshots)).length === 0) await new Promise(setImmediate);
      stop.abort();
      await refused;
      assert.deepEqual(await readdir(snapshots), []);
    });

    it('are listed by their tags, beside files of other kinds', async () => {
      const one = await snapshotter.createSnapshot(snapshotRequest({ tags: { run: '1', pv: 'data' } }));
      const owner = { uid: 'run-2', persistentVolume: 'data' };
      const two = await snapshotter.createSnapshot(snapshotRequest({ tags: { run: '2', pv: 'data' }, owner }));
      await writeFile(join(snapshots, 'notes.json'), 'not ours');
      await writeFile(join(snapshots, `${one}.json.partial-1`), '{');

      assert.deepEqual(await listed({ pv: 'data' }), [one, two].sort());
      assert.deepEqual(await listed({ run: '2' }), [two]);
      assert.deepEqual(await listed({ run: '3' }), []);
      assert.deepEqual(await listed({ run: '1', pv: 'other' }), []);
    });

    it('of ids that are none of ours are absent', async () => {
      for (const id of ['', 'snap-1', '../volume', 'snap-0123456789abcdef', '/etc']) {
        await snapshotter.deleteSnapshot(id);
        await assert.rejects(snapshotter.snapshotStatus(id), { code: 'NotFound' }, id);
        await assert.rejects(snapshotter.createVolumeFromSnapshot(volumeRequest(id)), { code: 'NotFound' }, id);
      }
      assert.deepEqual(await readdir(volumeId), ['content']);
    });
  });

  describe('volumes', () => {
    it('are whole, in volumesPath, named after the PersistentVolume', async () => {
      const volumesPath = join(folder, 'restored');
      snapshotter = await filesystem({ path: join(folder, 'kept'), volumesPath });
      const snapshotId = await snapshotter.createSnapshot(snapshotRequest());
      const made = await snapshotter.createVolumeFromSnapshot(volumeRequest(snapshotId));
      assert.equal(dirname(made), volumesPath);
      assert.match(made, /\/data-[0-9a-f]{8}$/);
      assert.equal(await readFile(join(made, 'content'), 'utf8'), 'content');
    });

    it('that are in use are not made anew for the same owner', async () => {
      const snapshotId = await snapshotter.createSnapshot(snapshotRequest());
      const made = await snapshotter.createVolumeFromSnapshot(volumeRequest(snapshotId));
      await writeFile(join(made, 'content'), 'written since');
      assert.equal(await snapshotter.createVolumeFromSnapshot(volumeRequest(snapshotId)), made);
      assert.equal(await readFile(join(made, 'content'), 'utf8'), 'written since');
    });

    it('may bear the longest of names, but none that leads elsewhere', async () => {
      const snapshotId = await snapshotter.createSnapshot(snapshotRequest());
      const owner = { uid: 'run-2', persistentVolume: 'v'.repeat(253) };
      const made = await snapshotter.createVolumeFromSnapshot(volumeRequest(snapshotId, { owner }));
      assert.equal(await readFile(join(made, 'content'), 'utf8'), 'content');

      const hostile = { uid: 'run-2', persistentVolume: '../../data' };
      await assert.rejects(snapshotter.createVolumeFromSnapshot(volumeRequest(snapshotId, { owner: hostile })), {
        code: 'AccessDenied',
      });
    });

    it('are listed by their tags while they are there, whole or not', async () => {
      const snapshotId = await snapshotter.createSnapshot(snapshotRequest());
      const made = await snapshotter.createVolumeFromSnapshot(volumeRequest(snapshotId, { tags: { run: '2' } }));
      const found: string[] = [];
      for await (const { volumeId: id } of snapshotter.listVolumes({ run: '2' })) found.push(id);
      assert.deepEqual(found, [made]);
      await rm(made, { recursive: true });
      for await (const { volumeId: id } of snapshotter.listVolumes({})) assert.fail(id);
    });

    it('that were not made here are not deleted', async () => {
      const made = join(folder, 'kept/volumes');
      for (const path of [volumeId, made, join(made, '..'), `${made}/../../volume`, 'volumes/x', '/', ''])
        await assert.rejects(snapshotter.deleteVolume(path), { code: 'AccessDenied' }, path);
      assert.deepEqual(await readdir(volumeId), ['content']);
    });
  });

  describe('allowedPaths', () => {
    beforeEach(async () => {
      await mkdir(join(folder, 'data/pv'), { recursive: true });
      await mkdir(join(folder, 'data-not'));
      snapshotter = await filesystem({
        path: join(folder, 'kept'),
        allowedPaths: `${join(folder, 'srv')}, ${join(folder, 'data')}`,
      });
    });

    it('lets through what lies below one of them', async () => {
      await snapshotter.createSnapshot(snapshotRequest({ volumeId: join(folder, 'data/pv') }));
    });

    it('lets through volumes made from snapshots, to be snapshotted in turn', async () => {
      const snapshotId = await snapshotter.createSnapshot(snapshotRequest({ volumeId: join(folder, 'data/pv') }));
      const made = await snapshotter.createVolumeFromSnapshot(volumeRequest(snapshotId));
      const owner = { uid: 'run-3', persistentVolume: 'data' };
      assert.notEqual(await snapshotter.createSnapshot(snapshotRequest({ volumeId: made, owner })), snapshotId);
    });

    it('refuses all others, by whatever way they are named', async () => {
      await symlink(volumeId, join(folder, 'data/link'));
      await symlink(folder, join(folder, 'data/up'));
      for (const path of ['data', 'data-not', 'volume', 'data/../volume', 'data/link', 'data/up/volume']) {
        const refused = { code: 'AccessDenied' };
        await assert.rejects(snapshotter.getVolumeInfo(join(folder, path), ''), refused, path);
        const request = snapshotRequest({ volumeId: `${folder}/${path}` });
        await assert.rejects(snapshotter.createSnapshot(request), refused, path);
      }
      assert.deepEqual(await listed(), []);
    });

    it('may be links themselves', async () => {
      await symlink(join(folder, 'data'), join(folder, 'linked'));
      snapshotter = await filesystem({ path: join(folder, 'kept'), allowedPaths: join(folder, 'linked') });
      await snapshotter.createSnapshot(snapshotRequest({ volumeId: join(folder, 'linked/pv') }));
    });
  });

  it('refuses a volume that holds the snapshots themselves', async () => {
    for (const holder of [folder, join(folder, 'kept'), snapshots])
      await assert.rejects(snapshotter.createSnapshot(snapshotRequest({ volumeId: holder })), { code: 'Unsupported' });
  });

  it('says NotFound of a volume that is not there, and of a file', async () => {
    for (const path of [join(folder, 'absent'), join(volumeId, 'content')])
      for (const ask of [
        () => snapshotter.getVolumeInfo(path, ''),
        () => snapshotter.createSnapshot(snapshotRequest({ volumeId: path })),
        () => snapshotter.volumeStatus(path),
      ])
        await assert.rejects(ask, { code: 'NotFound' });
  });

  it('says AccessDenied of a path that is not absolute', async () => {
    await assert.rejects(snapshotter.getVolumeInfo('volume', ''), { code: 'AccessDenied' });
  });

  describe('configuration', () => {
    it('names all unknown and missing keys at once', async () => {
      await assert.rejects(filesystem({ region: 'eu' }), {
        code: 'InvalidConfig',
        message: /invalid keys \[region\].*lacks \[path\]/,
      });
    });

    it('refuses paths that are not absolute, all at once', async () => {
      await assert.rejects(filesystem({ path: 'kept', volumesPath: 'volumes' }), {
        code: 'InvalidConfig',
        message: /got kept, volumes$/,
      });
    });

    it('says what is wrong with a path that can not be made', async () => {
      await assert.rejects(filesystem({ path: join(volumeId, 'content') }), (error: Error & { code?: string }) => {
        assert.match(error.message, /^open .*content: E/);
        return error.code !== undefined;
      });
    });
  });
});
