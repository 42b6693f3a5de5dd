import assert from 'node:assert/strict';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { backupLayout, restoreLayout } from '../../src/backup-format/layout.ts';
import { connect, type BowlineClient } from '../../src/client/index.ts';
import type { ObjectStore } from '../../src/plugins/object-store.ts';
import { backupRecord, putBackup, putRestore, restoreRecord, results, storeOf } from './records.ts';
import { eventually, startStubWorker, type StubWorker } from './stub-worker.ts';

describe('catalogue of the client', () => {
  let folder: string;
  let worker: StubWorker;
  let bowline: BowlineClient;
  let [here, there] = [] as unknown as [ObjectStore, ObjectStore];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bowline-catalogue-'));
    worker = await startStubWorker(folder);
    bowline = await connect(worker.config);
    here = await storeOf(worker.config, 'here');
    there = await storeOf(worker.config, 'there');
    await putBackup(here, 'shop-1');
    await putBackup(here, 'stopped', { phase: 'Failed', failureReason: 'cancelled' });
    await putBackup(here, 'going');
    await here.putObject(backupLayout('going').deletion, new Uint8Array());
    await here.putObject(backupLayout('damaged').metadata, new TextEncoder().encode('{'));
    await here.putObject(`${backupLayout('cut-off').staging('uid-9')}batch-0`, new Uint8Array());
    await putBackup(there, 'far', { phase: 'PartiallyFailed', errors: 2, warnings: 1 });
    await putRestore(here, 'back-1');
    await putRestore(there, 'back-2');
    await here.putObject(restoreLayout('unfinished').usesMark('uid-3', 'shop-1'), new Uint8Array());
  });

  after(async () => {
    await bowline.close();
    await worker.stop();
    await rm(folder, { recursive: true });
  });

  it('(c.2.2) tells a backup that is being deleted from one whose deletion did not finish', async () => {
    assert.equal((await bowline.backups.get('going')).phase, 'DeletionFailed');
    await putBackup(here, 'waits-going');
    await here.putObject(backupLayout('waits-going').deletion, new Uint8Array());
    const handle = await bowline.backups.delete('waits-going');
    assert.equal((await bowline.backups.get('waits-going')).phase, 'Deleting');
    await handle.cancel();
    await assert.rejects(handle.result());
    assert.equal((await bowline.backups.get('waits-going')).phase, 'DeletionFailed');
    const address = '127.0.0.1:1';
    const alone = await connect({ ...worker.config, temporal: { ...worker.config.temporal, address } });
    assert.equal((await alone.backups.get('going')).phase, 'Deleting');
    await alone.close();
    for (const key of [backupLayout('waits-going').metadata, backupLayout('waits-going').deletion])
      await here.deleteObject(key);
  });

  it('lists what is finished in every location, and what runs', async () => {
    const handle = await bowline.backups.create({
      name: 'waits-listed',
      spec: { storageLocation: 'there', includedNamespaces: ['a'] },
    });
    const entries = await eventually(
      () => bowline.backups.list(),
      (found) => found.some(({ name }) => name === 'waits-listed'),
    );
    assert.deepEqual(
      entries.map(({ name, location, phase }) => [name, location, phase]),
      [
        ['damaged', 'here', 'Unreadable'],
        ['going', 'here', 'DeletionFailed'],
        ['shop-1', 'here', 'Completed'],
        ['stopped', 'here', 'Cancelled'],
        ['far', 'there', 'PartiallyFailed'],
        ['waits-listed', 'there', 'InProgress'],
      ],
    );
    const { record, run } = entries.at(-1)!;
    assert.deepEqual(record.spec, { storageLocation: 'there', includedNamespaces: ['a'] });
    assert.deepEqual(record.status?.progress, { totalItems: 4, itemsBackedUp: 3 });
    assert.equal(run?.step, 'working');
    assert.match(entries[0]!.record.status?.failureReason ?? '', /velero-backup\.json/);
    await handle.cancel();
  });

  it('lists a backup once while its run still clears up after having recorded it', async () => {
    await putBackup(here, 'waits-sealed');
    const handle = await bowline.backups.create({ name: 'waits-sealed' });
    await eventually(
      () => worker.temporal.workflow.count(`WorkflowId = '${handle.workflowId}'`),
      ({ count }) => count > 0,
    );
    const entries = await bowline.backups.list();
    assert.deepEqual(
      entries.filter(({ name }) => name === 'waits-sealed').map(({ phase }) => phase),
      ['Completed'],
    );
    await handle.cancel();
  });

  it('gets a finished backup from the store alone', async () => {
    const { temporal } = worker.config;
    const alone = await connect({ ...worker.config, temporal: { ...temporal, address: '127.0.0.1:1' } });
    const entry = await alone.backups.get('shop-1');
    assert.deepEqual(entry, {
      name: 'shop-1',
      location: 'here',
      phase: 'Completed',
      record: backupRecord('shop-1'),
    });
    assert.equal((await alone.backups.get('far')).location, 'there');
  });

  it('describes a backup with its results, resources, snapshots and size', async () => {
    const description = await bowline.backups.describe('shop-1');
    assert.deepEqual(description.results, results);
    assert.deepEqual(description.resources, { 'v1/Pod': ['shop/web', 'shop/db'] });
    assert.equal(description.volumeSnapshots?.[0]?.status.providerSnapshotID, 'snap-1');
    assert.deepEqual(description.volumeInfo, [{ pvName: 'pv-1', backupMethod: 'NativeSnapshot' }]);
    assert.equal(description.bytes, 2_048);
  });

  it('describes a failed backup, which has no tarball', async () => {
    const { metadata } = backupLayout('bare');
    await there.putObject(metadata, Buffer.from(JSON.stringify(backupRecord('bare', { phase: 'Failed' }))));
    const { phase, bytes, results: none } = await bowline.backups.describe('bare');
    assert.deepEqual([phase, bytes, none], ['Failed', undefined, undefined]);
  });

  it('streams the log of a finished backup, and has none of one that runs', async () => {
    const log = await text(await bowline.backups.logs('shop-1'));
    assert.equal(log, 'time="2026-01-02T03:04:05Z" level=info msg=hello backup=velero/shop-1\n');
    const handle = await bowline.backups.create({ name: 'waits-log' });
    await assert.rejects(bowline.backups.logs('waits-log'), { code: 'NotFound', message: /at its end/ });
    await handle.cancel();
  });

  it('rejects where a log is damaged', async () => {
    await here.putObject(backupLayout('torn').metadata, Buffer.from(JSON.stringify(backupRecord('torn'))));
    await here.putObject(backupLayout('torn').logs, Buffer.from('no gzip'));
    await assert.rejects(text(await bowline.backups.logs('torn')));
  });

  it('says what it searched, and why the last run failed, of a backup that is not there', async () => {
    await assert.rejects(bowline.backups.get('nowhere'), {
      code: 'NotFound',
      message: 'backup nowhere: not in the storage locations (here, there)',
    });
    const handle = await bowline.backups.create({ name: 'invalid-gone' });
    await assert.rejects(handle.result());
    await assert.rejects(bowline.backups.describe('invalid-gone'), {
      code: 'NotFound',
      message: /its last run failed: name: bad; spec\.ttl: bad$/,
    });
  });

  describe('while its first location is out of reach', () => {
    let partly: BowlineClient;

    before(async () => {
      const loop = join(folder, 'loop');
      await symlink(loop, loop);
      const [first, ...others] = worker.config.backupStorageLocations;
      const lost = { ...first!, name: 'lost', config: { path: loop } };
      partly = await connect({ ...worker.config, backupStorageLocations: [lost, first!, ...others] });
    });

    after(() => partly.close());

    it('finds what another location has, and what runs', async () => {
      assert.equal((await partly.backups.get('far')).location, 'there');
      assert.equal((await partly.backups.describe('shop-1')).bytes, 2_048);
      assert.equal((await partly.restores.get('back-2')).location, 'there');
      const handle = await partly.backups.create({ name: 'waits-partly' });
      assert.equal((await partly.backups.describe('waits-partly')).phase, 'InProgress');
      await handle.cancel();
    });

    it('does not call absent what it may have, nor leaves its backups out of a list', async () => {
      const outage = { code: 'Unavailable', message: /loop.*ELOOP/ };
      await assert.rejects(partly.backups.get('nowhere'), outage);
      await assert.rejects(partly.backups.logs('nowhere'), outage);
      await assert.rejects(partly.backups.list(), outage);
    });

    it('refuses to read a damaged record all the same', async () => {
      await assert.rejects(partly.backups.get('damaged'), { code: 'CorruptBackup' });
    });
  });

  it('refuses to read a damaged record, and a name that is no path segment', async () => {
    await assert.rejects(bowline.backups.get('damaged'), { code: 'CorruptBackup' });
    await assert.rejects(bowline.backups.get('../restores'), { code: 'InvalidSpec' });
  });

  it('lists, gets and describes restores by the records they left', async () => {
    const entries = await bowline.restores.list();
    assert.deepEqual(
      entries.map(({ name, location, phase }) => [name, location, phase]),
      [
        ['back-1', 'here', 'PartiallyFailed'],
        ['back-2', 'there', 'PartiallyFailed'],
      ],
    );
    assert.deepEqual((await bowline.restores.get('back-2')).record, restoreRecord('back-2'));
    const description = await bowline.restores.describe('back-1');
    assert.deepEqual(description.volumeInfo, [{ pvName: 'pv-1', restoreMethod: 'NativeSnapshot' }]);
    assert.deepEqual(description.resources, { 'v1/Pod': ['shop/web(created)'] });
    assert.deepEqual(description.results, results);
    assert.match(await text(await bowline.restores.logs('back-1')), /msg=hello restore=velero\/back-1/);
  });
});
