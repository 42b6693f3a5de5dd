import assert from 'node:assert/strict';
import type { Readable } from 'node:stream';
import type { PutObjectInput } from '../../src/activities/put-object.ts';
import { BowlineError } from '../../src/api/errors.ts';
import { backupLayout } from '../../src/backup-format/layout.ts';
import { ActivityRunner } from '../support/activity-runner.ts';
import { holdBackup } from '../support/backup-in-store.ts';

const layout = backupLayout('nightly');

describe('putObject', () => {
  let runner: ActivityRunner;
  let input: PutObjectInput;

  beforeEach(async () => {
    runner = new ActivityRunner();
    const { run, plan } = await runner.prepareBackup();
    input = { run, plan, artifact: { type: 'contents', segments: [] } };
  });

  it('writes the artifact under its key, and tells its size and digest', async () => {
    const written = await runner.run('putObject', input);
    assert.equal(written.key, layout.contents);
    assert.equal(written.bytes, runner.store.objects.get(layout.contents)?.length);
    assert.match(written.sha256, /^[0-9a-f]{64}$/);
  });

  it('takes what an earlier attempt has written for its own', async () => {
    const first = await runner.run('putObject', input, { attempt: 1 });
    assert.deepEqual(await runner.run('putObject', input, { attempt: 2 }), first);
  });

  for (const [what, content] of [
    ['of another size', 'foreign'],
    ['that is empty', ''],
  ] as const) {
    it(`never overwrites an object ${what}`, async () => {
      await runner.store.putObject(layout.contents, Buffer.from(content));
      await assert.rejects(runner.run('putObject', input), { type: 'AlreadyExists', nonRetryable: true });
      assert.equal(runner.store.objects.get(layout.contents)?.toString(), content);
    });
  }

  it('never overwrites an object of the same size and another content', async () => {
    const { bytes } = await runner.run('putObject', input);
    const foreign = Buffer.alloc(bytes, 'x');
    await runner.store.putObject(layout.contents, foreign);
    await assert.rejects(runner.run('putObject', input), { type: 'AlreadyExists' });
    assert.deepEqual(runner.store.objects.get(layout.contents), foreign);
  });

  it('fails, to be repeated, when the store does not answer', async () => {
    runner.store.beforePut = (key) => {
      throw new BowlineError('Unavailable', `put ${key}: no answer`);
    };
    await assert.rejects(runner.run('putObject', input), { type: 'Unavailable', nonRetryable: false });
  });

  for (const type of ['contents', 'logs', 'results', 'resourceList'] as const) {
    it(`fails when something is gone that ${type} is made of, and writes nothing`, async () => {
      const gone = { key: 'gone', sha256: '', bytes: 1 };
      const report = { ...gone, types: ['log', 'items'], additionalItems: 0, warnings: 1, errors: 0 };
      const segment = { ...gone, items: 1, order: [0] };
      const artifact = { type, reports: [report], segments: [segment], closing: [] };
      await assert.rejects(runner.run('putObject', { ...input, artifact: artifact as never }), { type: 'NotFound' });
      assert.deepEqual(
        runner.store.keys().filter((key) => !key.includes('/staging/')),
        [],
      );
    });
  }

  it('lets what is written fail after the store has given up, without harm to the worker', async () => {
    const absent = { key: 'absent', sha256: 'f'.repeat(64), bytes: 1, items: 1, order: [0] };
    const failed = Promise.withResolvers<void>();
    runner.store.putObject = async (_key, body) => {
      (body as Readable).on('close', failed.resolve).resume();
      throw new BowlineError('Interrupted', 'put: interrupted');
    };
    const artifact = { type: 'contents' as const, segments: [absent] };
    await assert.rejects(runner.run('putObject', { ...input, artifact }), { type: 'Interrupted' });
    await failed.promise;
  });

  it('makes every artifact the same bytes each time', async () => {
    const segments = [await runner.store.putObject('segment', Buffer.from('segment'))].map((written) => ({
      ...written,
      key: 'segment',
      items: 1,
      order: [0, 0, 0],
    }));
    const log = { type: 'log', level: 'warning', time: '2026-01-02T03:04:05Z', message: 'careful' };
    const reports = [await runner.report([log], { warnings: 1 })];
    const artifacts: PutObjectInput['artifact'][] = [
      { type: 'contents', segments },
      { type: 'segments', segments, reports, contents: { bytes: 7, sha256: 'abc' } },
      { type: 'logs', reports, closing: [] },
      { type: 'results', reports, closing: [] },
      { type: 'resourceList', reports },
      { type: 'volumeSnapshots', volumes: [] },
      { type: 'volumeInfo', volumes: [] },
      { type: 'podVolumeBackups' },
      { type: 'itemOperations' },
      { type: 'metadata', status: { version: 1, formatVersion: '1.1.0', phase: 'Completed' } },
    ];
    for (const artifact of artifacts) {
      const first = await runner.run('putObject', { ...input, artifact });
      assert.deepEqual(await runner.run('putObject', { ...input, artifact }, { attempt: 2 }), first, artifact.type);
    }
    assert.equal(runner.store.keys(layout.directory).filter((key) => !key.includes('/staging/')).length, 10);
  });
});

describe('verifyArtifacts', () => {
  it('fails for good if an artifact is not there, or not of the size that was written', async () => {
    const runner = new ActivityRunner();
    const { run, plan } = await runner.prepareBackup();
    const written = await runner.run('putObject', { run, plan, artifact: { type: 'itemOperations' } });
    await runner.run('verifyArtifacts', { run, artifacts: [written] });

    runner.store.objects.set(written.key, Buffer.from('cut off'));
    await assert.rejects(runner.run('verifyArtifacts', { run, artifacts: [written] }), {
      type: 'CorruptBackup',
      nonRetryable: true,
    });
    runner.store.objects.delete(written.key);
    await assert.rejects(runner.run('verifyArtifacts', { run, artifacts: [written] }), { type: 'NotFound' });
  });

  it('fails for good if an artifact is of the size that was written, and of another content', async () => {
    const runner = new ActivityRunner();
    const { run, plan } = await runner.prepareBackup();
    const written = await runner.run('putObject', { run, plan, artifact: { type: 'itemOperations' } });
    runner.store.objects.set(written.key, Buffer.alloc(written.bytes, 'x'));
    await assert.rejects(runner.run('verifyArtifacts', { run, artifacts: [written] }), {
      type: 'CorruptBackup',
      nonRetryable: true,
      message: /its SHA-256 is [0-9a-f]{64}, [0-9a-f]{64} was written$/,
    });
  });
});

describe('deleteArtifacts', () => {
  it('removes those of a backup from its location, and accepts that they are gone', async () => {
    const runner = new ActivityRunner();
    const { run, plan } = await runner.prepareBackup();
    await runner.run('putObject', { run, plan, artifact: { type: 'itemOperations' } });
    for (let attempt = 1; attempt <= 2; attempt++)
      await runner.run('deleteArtifacts', { run, types: ['metadata', 'itemOperations'] }, { attempt });
    assert.deepEqual(
      runner.store.keys().filter((key) => !key.includes('/staging/')),
      [],
    );
  });

  it("removes a restore's own and none of the backup's", async () => {
    const runner = new ActivityRunner();
    await holdBackup(runner.store, 'nightly', []);
    const before = runner.store.keys();
    const { run, plan } = await runner.prepareRestore();
    await runner.run('putObject', { run, plan, artifact: { type: 'itemOperations' } });
    await runner.run('deleteArtifacts', { run, types: ['itemOperations'] });
    await runner.run('deleteStaging', run);
    assert.deepEqual(runner.store.keys(), before);
  });
});

describe('deleteStaging', () => {
  it("removes the run's staging, and nothing of another run or beside it", async () => {
    const runner = new ActivityRunner();
    const { run } = await runner.prepareBackup();
    const others = ['backups/nightly/staging/other-run/plan', 'backups/nightly/nightly.tar.gz', 'backups/nightly-2/x'];
    for (const key of others) await runner.store.putObject(key, Buffer.from('x'));
    for (let attempt = 1; attempt <= 2; attempt++) await runner.run('deleteStaging', run, { attempt });
    assert.deepEqual(runner.store.keys(), others.toSorted());
  });
});
