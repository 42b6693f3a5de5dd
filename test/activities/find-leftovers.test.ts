import assert from 'node:assert/strict';
import type { FoundLeftovers } from '../../src/activities/find-leftovers.ts';
import { ActivityRunner } from '../support/activity-runner.ts';
import { holdBackup } from '../support/backup-in-store.ts';

const old = '2026-01-01T03:04:05Z';
const young = '2026-01-01T03:04:06Z';

describe('findLeftovers', () => {
  let runner: ActivityRunner;

  beforeEach(() => (runner = new ActivityRunner()));

  async function put(key: string, modifiedAt = old): Promise<void> {
    await runner.store.putObject(key, Buffer.from('x'));
    runner.store.times.set(key, modifiedAt);
  }

  async function found(): Promise<string[]> {
    const { runs } = await runner.run('findLeftovers', { location: 'default' });
    return runs.map(({ kind, name, uid, location }) => `${kind} ${name} ${uid} ${location}`);
  }

  it('finds the runs that have something in staging and do not go on, each once', async () => {
    for (const key of ['plan-1', 'segment-1']) await put(`backups/nightly/staging/1-run/${key}`);
    await put('backups/nightly/staging/2-run/plan-1');
    await put('restores/again/staging/3-run/uses-nightly');
    await put('plugins/bowline-validate-4-run/1-1/k');
    assert.deepEqual(await found(), [
      'backup nightly 1-run default',
      'backup nightly 2-run default',
      'restore again 3-run default',
      'check default 4-run default',
    ]);
  });

  it('takes finished backups, restores, and what others keep for none', async () => {
    await holdBackup(runner.store, 'nightly', []);
    for (const key of ['restores/again/velero-restore.json', 'plugins/theirs/1', 'backups/a/b', 'backups/staging/c/d'])
      await put(key);
    for (const key of runner.store.objects.keys()) runner.store.times.set(key, old);
    assert.deepEqual(await found(), []);
  });

  for (const { id, key } of [
    { id: 'backup/nightly', key: 'backups/nightly/staging/1-run/plan-1' },
    { id: 'delete-backup/nightly', key: 'backups/nightly/staging/1-run/plan-1' },
    { id: 'restore/again', key: 'restores/again/staging/1-run/uses-nightly' },
    { id: 'check-conformance/default', key: 'plugins/bowline-validate-1-run/1-1/k' },
  ]) {
    it(`leaves alone what a running ${id} has, and no earlier run of that id`, async () => {
      await put(key);
      runner.running.add(id);
      assert.deepEqual(await found(), []);
      runner.firstRuns.set(id, 'another-run');
      assert.equal((await found()).length, 1);
    });
  }

  it('leaves alone all runs of an id that runs, where the server does not tell which one it is', async () => {
    await put('backups/nightly/staging/1-run/plan-1');
    runner.running.add('backup/nightly');
    runner.firstRuns.set('backup/nightly', '');
    assert.deepEqual(await found(), []);
  });

  it('leaves alone the runs of another installation, whose Temporal can not be asked', async () => {
    const others = new ActivityRunner({ installation: 'there/', store: async () => runner.store });
    await others.prepareBackup();
    await holdBackup(runner.store, 'nightly', []);
    await others.prepareRestore();
    for (const key of runner.store.objects.keys()) runner.store.times.set(key, old);
    assert.deepEqual(await found(), []);
    assert.equal((await others.run('findLeftovers', { location: 'default' })).runs.length, 2);
  });

  it('finds a run whose plan can not be read, for the sweep to tell of it', async () => {
    await put('backups/nightly/staging/1-run/plan-1-1');
    assert.deepEqual(await found(), ['backup nightly 1-run default']);
  });

  it('leaves alone a run of which anything has changed within a day', async () => {
    await put('backups/nightly/staging/1-run/plan-1');
    await put('backups/nightly/staging/1-run/segment-1', young);
    assert.deepEqual(await found(), []);
    runner.now = new Date('2026-01-02T03:04:06Z');
    assert.deepEqual(await found(), ['backup nightly 1-run default']);
  });

  it('takes the time from the configuration', async () => {
    await put('backups/nightly/staging/1-run/plan-1', '2026-01-02T03:04:05Z');
    const expiry = { removeLast: false, sweepAfter: '0s' };
    const hasty = new ActivityRunner({ config: { expiry }, store: async () => runner.store });
    assert.equal((await hasty.run('findLeftovers', { location: 'default' })).runs.length, 1);
  });

  it('finds so many of them, and says how many more there are', async () => {
    for (let index = 0; index < 55; index++) await put(`backups/b-${index}/staging/1-run/plan-1`);
    const { runs, more }: FoundLeftovers = await runner.run('findLeftovers', { location: 'default' });
    assert.deepEqual([runs.length, more], [50, 5]);
  });

  it('does not mind what goes while it looks', async () => {
    await put('backups/nightly/staging/1-run/plan-1');
    const stat = runner.store.statObject.bind(runner.store);
    runner.store.statObject = (key) => {
      runner.store.objects.delete(key);
      return stat(key);
    };
    assert.deepEqual(await found(), ['backup nightly 1-run default']);
  });
});

describe('sweepUploads', () => {
  let runner: ActivityRunner;

  beforeEach(() => (runner = new ActivityRunner()));

  function begin(key: string | undefined, startedAt = old): void {
    runner.store.uploads.add({ uploadId: `of-${key}`, startedAt, ...(key !== undefined && { key }) });
  }

  async function left(): Promise<string[]> {
    const before = runner.store.uploads.size;
    const ended = await runner.run('sweepUploads', { location: 'default' });
    assert.equal(before - runner.store.uploads.size, ended);
    return [...runner.store.uploads].map(({ key = 'unknown' }) => key);
  }

  it('ends old uploads of backups, restores and staging whose runs do not go on', async () => {
    const keys = ['backups/a/a.tar.gz', 'backups/a/staging/1-run/segment-1', 'restores/r/restore-r-logs.gz'];
    for (const key of [...keys, 'plugins/bowline-validate-1-run/1-1/k', undefined]) begin(key);
    assert.deepEqual(await left(), []);
  });

  it('leaves young ones, and those of others', async () => {
    begin('backups/a/a.tar.gz', young);
    begin(undefined, young);
    begin('photos/1');
    begin('backups/stray');
    assert.deepEqual(await left(), ['backups/a/a.tar.gz', 'unknown', 'photos/1', 'backups/stray']);
  });

  it('leaves those of a run that goes on', async () => {
    for (const key of ['backups/a/a.tar.gz', 'backups/a/staging/1-run/s', 'restores/r/restore-r-logs.gz']) begin(key);
    begin('backups/a/staging/0-run/s');
    for (const id of ['backup/a', 'restore/r']) runner.running.add(id);
    assert.deepEqual(await left(), ['backups/a/a.tar.gz', 'backups/a/staging/1-run/s', 'restores/r/restore-r-logs.gz']);
  });
});
