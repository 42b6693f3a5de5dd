import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import type { ArchivedItems, ArchiveItemsInput } from '../../src/activities/archive-items.ts';
import type { BackupBatchItem } from '../../src/activities/backup-batch.ts';
import { SegmentWriter } from '../../src/backup-format/segment-writer.ts';
import { endMember, readTarball, versionMember } from '../../src/backup-format/tarball.ts';
import { ActivityRunner } from '../support/activity-runner.ts';
import { object } from '../support/objects.ts';

const items: BackupBatchItem[] = [
  { groupResource: 'pods', version: 'v1', item: object('v1 Pod', 'shop/web', { spec: { replicas: 3 } }) },
  { groupResource: 'persistentvolumes', version: 'v1', item: object('v1 PersistentVolume', 'pv-1') },
  { groupResource: 'persistentvolumes', version: 'v1', item: object('v1 PersistentVolume', 'pv-2') },
];

describe('archiveItems', () => {
  let runner: ActivityRunner;
  let input: ArchiveItemsInput;

  beforeEach(async () => {
    runner = new ActivityRunner();
    const { run, plan } = await runner.prepareBackup();
    const batch = await runner.batch(items);
    input = { run, plan, step: 'archive-3', order: [0, 0, 1], batch, failedVolumes: {}, unknownVolumes: [] };
  });

  async function pathsIn({ segment }: ArchivedItems): Promise<string[]> {
    const body = runner.store.objects.get(segment!.key)!;
    const tarball = Readable.from([await versionMember(new Date(0)), body, await endMember()]);
    const paths: string[] = [];
    for await (const { groupResource, namespace, name } of readTarball(tarball))
      paths.push(`${groupResource}/${namespace}/${name}`);
    return paths;
  }

  it('writes the items as a segment, and tells where it stands and what is in it', async () => {
    const archived = await runner.run('archiveItems', input);
    assert.deepEqual(await pathsIn(archived), ['pods/shop/web', 'persistentvolumes//pv-1', 'persistentvolumes//pv-2']);
    assert.deepEqual([archived.segment?.items, archived.segment?.order], [3, [0, 0, 1]]);
    assert.deepEqual(archived.archived, { pods: 1, persistentvolumes: 2 });
    const [line] = runner.lines(archived.report, 'members');
    assert.deepEqual(line?.order, [0, 0, 1]);
    assert.equal(
      line?.members.reduce((bytes, { length }) => bytes + length, 0),
      archived.segment?.bytes,
    );
  });

  it('stamps every entry with the start of the backup', async () => {
    const writer = new SegmentWriter({ mtime: runner.now });
    for (const { groupResource, version, item } of items) {
      const { name, namespace = '' } = item.metadata;
      await writer.add({ groupResource, version, preferred: true, namespace, name, body: JSON.stringify(item) });
    }
    runner.now = new Date('2026-01-02T04:00:00Z');
    const { segment } = await runner.run('archiveItems', input);
    assert.deepEqual(runner.store.objects.get(segment!.key), (await writer.finish()).body);
  });

  it('leaves out a pod one of whose hooks failed, which has been reported by then', async () => {
    const failedPods = [
      { namespace: 'shop', name: 'web' },
      { namespace: 'shop', name: 'pv-1' },
    ];
    const archived = await runner.run('archiveItems', { ...input, failedPods });
    assert.deepEqual(await pathsIn(archived), ['persistentvolumes//pv-1', 'persistentvolumes//pv-2']);
    assert.deepEqual([archived.archived, archived.report.errors], [{ persistentvolumes: 2 }, 0]);
  });

  it('leaves out a PersistentVolume whose snapshot failed, with an error', async () => {
    const archived = await runner.run('archiveItems', { ...input, failedVolumes: { 'pv-1': 'quota exceeded' } });
    assert.deepEqual(await pathsIn(archived), ['pods/shop/web', 'persistentvolumes//pv-2']);
    assert.deepEqual(archived.archived, { pods: 1, persistentvolumes: 1 });
    assert.deepEqual(runner.complaints(archived.report), [
      'error persistentvolumes//pv-1: Error taking snapshot of volume',
    ]);
    assert.equal(runner.lines(archived.report, 'log')[0]?.error, 'quota exceeded');
  });

  it('makes no segment of nothing', async () => {
    const archived = await runner.run('archiveItems', { ...input, batch: await runner.batch([]) });
    assert.deepEqual([archived.segment, archived.archived], [undefined, {}]);
  });

  it('gives the same bytes for the same batch at every attempt, under a key of its own each', async () => {
    const first = await runner.run('archiveItems', input, { attempt: 1 });
    runner.now = new Date('2026-01-02T04:00:00Z');
    const second = await runner.run('archiveItems', input, { attempt: 2 });
    assert.equal(first.segment?.sha256, second.segment?.sha256);
    assert.notEqual(first.segment?.key, second.segment?.key);
    assert.notEqual(first.report.key, second.report.key);
  });
});
