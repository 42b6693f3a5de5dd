import assert from 'node:assert/strict';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { backupLayout } from '../../src/backup-format/layout.ts';
import { connect, type BowlineClient } from '../../src/client/index.ts';
import type { ObjectStore } from '../../src/plugins/object-store.ts';
import { goldenBackups } from '../backup-format/golden.ts';
import { runCli } from '../cli/fake-cli.ts';
import { putBackup, storeOf } from './records.ts';
import { startStubWorker, type StubWorker } from './stub-worker.ts';

const golden = fileURLToPath(new URL('../golden/velero-1.18.1/shop/bucket', import.meta.url));

describe('backups found in a bucket, which a Velero made', () => {
  let folder: string;
  let worker: StubWorker;
  let bowline: BowlineClient;
  let store: ObjectStore;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bowline-found-'));
    await cp(golden, join(folder, 'here/prod'), { recursive: true });
    worker = await startStubWorker(folder);
    bowline = await connect(worker.config);
    store = await storeOf(worker.config, 'here');
  });

  after(async () => {
    await bowline.close();
    await worker.stop();
    await rm(folder, { recursive: true });
  });

  it('are listed under the location that holds them, whatever they call it themselves', async () => {
    const entries = await bowline.backups.list();
    assert.deepEqual(
      entries.map(({ name, location, phase }) => [name, location, phase]),
      goldenBackups.toSorted().map((name) => [name, 'here', 'Completed']),
    );
  });

  it('are described with all that their files tell', async () => {
    const { record, volumeInfo, volumeSnapshots, resources, results } = await bowline.backups.describe('shop-golden');
    assert.equal(record.status?.startTimestamp, '2026-11-23T17:08:09Z');
    assert.equal(volumeInfo?.[0]?.nativeSnapshotInfo?.snapshotHandle, 'snap-64ad807bb68e4d5df');
    assert.equal(volumeSnapshots?.length, 1);
    assert.deepEqual(resources?.['v1/Pod'], ['shop/db-admin']);
    assert.deepEqual(results, { errors: {}, warnings: {} });
    const { out } = await runCli(['backup', 'describe', 'shop-golden', '--details'], { backups: bowline.backups });
    assert.match(out, /\nSnapshot Move Data: +false\n/);
    assert.match(out, /\n {6}Snapshot ID: +snap-64ad807bb68e4d5df\n/);
    assert.match(out, /\n {4}- shop\/db-admin\n/);
  });

  it('have logs', async () => {
    const log = await text(await bowline.backups.logs('shop-selected'));
    assert.match(log, /^time=".*" level=info msg="Setting up backup temp file" backup=velero\/shop-selected /);
  });

  it('are compared with each other', async () => {
    const changes = { added: 0, removed: 0, changed: 0 };
    for await (const { change } of bowline.backups.diff('shop-selected', 'shop-golden')) changes[change]++;
    assert.deepEqual([changes.removed, changes.changed], [0, 0]);
    const { resources = {} } = await bowline.backups.describe('shop-golden');
    const items = Object.values(resources).flat().length;
    assert.equal(changes.added, items - 3);
    const { out } = await runCli(['backup', 'diff', 'everything', 'everything'], { backups: bowline.backups });
    assert.equal(out, 'No differences.\n');
    await assert.rejects(async () => {
      for await (const one of bowline.backups.diff('everything', 'none')) assert.ok(one);
    }, /backup none: not in the storage locations/);
  });

  it('are not shown while they are half-written, by Velero or by us', async () => {
    const { metadata, contents } = backupLayout('shop-golden');
    const backup = JSON.parse(await readFile(join(golden, metadata), 'utf8')) as { status: object };
    const put = async (name: string, phase: string, expiration: string): Promise<void> => {
      const status = { ...backup.status, phase, expiration };
      const body = JSON.stringify({ ...backup, metadata: { name }, status });
      await store.putObject(backupLayout(name).metadata, Buffer.from(body));
    };
    await put('waiting', 'WaitingForPluginOperations', '2999-01-01T00:00:00Z');
    await put('finalizing', 'FinalizingPartiallyFailed', '2999-01-01T00:00:00Z');
    await put('abandoned', 'Finalizing', '2020-01-01T00:00:00Z');
    await store.putObject(backupLayout('cut-off').contents, await readFile(join(golden, contents)));
    await store.putObject(backupLayout('cut-off').segments, Buffer.from('{}'));
    await store.putObject(`${backupLayout('working').staging('uid')}plan`, new Uint8Array());
    const names = (await bowline.backups.list()).map(({ name }) => name);
    assert.deepEqual(names.toSorted(), ['abandoned', ...goldenBackups].toSorted());
    for (const name of ['waiting', 'finalizing', 'abandoned', 'cut-off'])
      await rm(join(folder, 'here/prod/backups', name), { recursive: true });
  });

  it('made by an old version, with null for none and files missing, are described all the same', async () => {
    await cp(join(golden, 'backups/shop-selected'), join(folder, 'here/prod/backups/old'), { recursive: true });
    const { metadata } = backupLayout('old');
    const record = JSON.parse(await readFile(join(golden, backupLayout('shop-selected').metadata), 'utf8')) as {
      metadata: object;
      status: object;
    };
    const old = { ...record, metadata: { name: 'old' }, status: { phase: 'Completed', version: 1 } };
    await writeFile(join(folder, 'here/prod', metadata), JSON.stringify(old));
    const { volumeInfo, resources, phase } = await bowline.backups.describe('old');
    assert.deepEqual([volumeInfo, resources, phase], [undefined, undefined, 'Completed']);
    const { out } = await runCli(['backup', 'describe', 'old'], { backups: bowline.backups });
    assert.match(out, /\nStarted: +<n\/a>\n/);
  });

  it('stand beside those that another Bowline made', async () => {
    await putBackup(store, 'of-another');
    const found = (await bowline.backups.list()).find(({ name }) => name === 'of-another');
    assert.deepEqual([found?.location, found?.phase], ['here', 'Completed']);
  });
});
