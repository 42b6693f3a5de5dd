import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { connect, RunError, type BowlineClient, type RunStatus } from '../../src/client/index.ts';
import { storeOf } from './records.ts';
import { eventually, startStubWorker, type StubWorker } from './stub-worker.ts';

describe('runs of the client', () => {
  let folder: string;
  let worker: StubWorker;
  let bowline: BowlineClient;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bowline-client-'));
    worker = await startStubWorker(folder);
    bowline = await connect(worker.config);
  });

  after(async () => {
    await bowline.close();
    await worker.stop();
    await rm(folder, { recursive: true });
  });

  it('starts a backup under its id, described without its hooks', async () => {
    const hooks = { resources: [{ name: 'freeze', pre: [{ exec: { command: ['login', 'hunter2'] } }] }] };
    const spec = { includedNamespaces: ['shop', 'web'], storageLocation: 'there', hooks };
    const handle = await bowline.backups.create({ name: 'shop', spec });
    assert.equal(handle.workflowId, `${worker.config.temporal.idPrefix}backup/shop`);
    const description = await worker.temporal.workflow.getHandle(handle.workflowId).describe();
    assert.equal(description.type, 'backup');
    assert.equal(description.taskQueue, worker.config.temporal.taskQueue);
    assert.equal(await description.staticSummary(), 'shop, web -> filesystem://there/prod');
    assert.equal(
      await description.staticDetails(),
      '**shop**\n\n- includedNamespaces: shop, web\n- storageLocation: there',
    );
    assert.deepEqual(await handle.request(), { name: 'shop', spec });
  });

  it('resolves with the result of a run that completes, also in part', async () => {
    const complete = await bowline.backups.create({ name: 'whole' });
    assert.equal((await complete.result()).phase, 'Completed');
    const { phase, errors } = await (await bowline.restores.create({ name: 'partly', spec: {} })).result();
    assert.deepEqual([phase, errors], ['PartiallyFailed', 1]);
  });

  it('may start a name again once its run has ended, and not before', async () => {
    const first = await bowline.backups.create({ name: 'waits-twice' });
    await assert.rejects(bowline.backups.create({ name: 'waits-twice' }), { code: 'AlreadyExists' });
    await first.cancel();
    await assert.rejects(first.result(), { code: 'Interrupted' });
    const second = await bowline.backups.create({ name: 'waits-twice' });
    await second.cancel();
  });

  it('deletes by a workflow of its own, whose argument is the name alone', async () => {
    const handle = await bowline.backups.delete('old');
    assert.equal(handle.workflowId, `${worker.config.temporal.idPrefix}delete-backup/old`);
    assert.equal((await handle.result()).name, 'old');
  });

  it('yields each change of the status and then ends', async () => {
    const handle = await bowline.backups.create({ name: 'steps-1' });
    const seen: RunStatus[] = [];
    for await (const status of handle.watch({ everyMs: 10 })) {
      if (status.phase === 'New') continue;
      seen.push(status);
      if (status.phase === 'InProgress') await worker.temporal.workflow.getHandle(handle.workflowId).signal('next');
    }
    assert.deepEqual(
      seen.map(({ phase, progress }) => `${phase} ${progress.doneItems}`),
      ['InProgress 1', 'InProgress 2', 'Completed 2'],
    );
    assert.equal((await handle.status()).phase, 'Completed');
  });

  it('yields a status once while it stays the same', async () => {
    const handle = await bowline.backups.create({ name: 'waits-same' });
    const seen: string[] = [];
    for await (const { phase } of handle.watch({ everyMs: 5, signal: AbortSignal.timeout(500) })) seen.push(phase);
    assert.deepEqual(seen, ['InProgress']);
    await handle.cancel();
  });

  it('stops watching when told to, and the run goes on', async () => {
    const handle = await bowline.backups.create({ name: 'waits-1' });
    const controller = new AbortController();
    const seen: string[] = [];
    for await (const { phase } of handle.watch({ everyMs: 60_000, signal: controller.signal })) {
      seen.push(phase);
      controller.abort();
    }
    assert.equal(seen.length, 1);
    assert.equal((await handle.status()).phase, 'InProgress');
    await handle.cancel();
  });

  const failures: { name: string; code: string; message: string; problems: string[] }[] = [
    {
      name: 'invalid-1',
      code: 'InvalidSpec',
      message: 'name: bad; spec.ttl: bad',
      problems: ['name: bad', 'spec.ttl: bad'],
    },
    { name: 'breaks-1', code: 'Unavailable', message: 'the unforeseen', problems: ['the unforeseen'] },
  ];
  for (const { name, ...expected } of failures) {
    it(`rejects with ${expected.code} for the run ${name}`, async () => {
      const handle = await bowline.backups.create({ name });
      await assert.rejects(handle.result(), (error) => {
        assert.ok(error instanceof RunError);
        const { code, message, problems } = error;
        assert.deepEqual({ code, message, problems }, expected);
        return true;
      });
    });
  }

  it('pauses and resumes a run, and tells since when', async () => {
    const handle = await bowline.backups.create({ name: 'steered-1' });
    const { pausedSince } = await handle.pause();
    assert.match(pausedSince ?? '', /^\d{4}-\d\d-\d\dT/);
    assert.equal((await handle.pause()).pausedSince, pausedSince);
    assert.equal((await bowline.backups.get('steered-1')).phase, 'Paused');
    assert.deepEqual(await handle.resume(), {});
    assert.equal((await bowline.backups.get('steered-1')).phase, 'InProgress');
    await handle.cancel();
  });

  it('changes how much a run works on at the same time, and tells all that is wrong with a wish', async () => {
    const handle = await bowline.restores.create({ name: 'steered-2', spec: {} });
    assert.deepEqual(await handle.setConcurrency({ batches: 3 }), { concurrency: { batches: 3 } });
    const problems = [
      'batches: expected a whole number from 1 to 50',
      'volumes: expected a whole number from 1 to 500',
    ];
    await assert.rejects(handle.setConcurrency({ batches: 51, volumes: 0 }), { code: 'InvalidSpec', problems });
    await handle.cancel();
  });

  it('rejects updates of runs that are about to end, that know none and that have ended', async () => {
    const handle = await bowline.backups.create({ name: 'steered-3' });
    const workflow = worker.temporal.workflow.getHandle(handle.workflowId);
    await workflow.signal('next');
    while ((await handle.status()).step !== 'ending');
    await assert.rejects(handle.pause(), { code: 'Unsupported', message: /backup steered-3: it is about to end/ });
    const deletion = await bowline.backups.delete('waits-deleted');
    await assert.rejects(deletion.pause(), { code: 'Unsupported', message: /^pause .*: No registered handler/ });
    await deletion.cancel();
    await workflow.signal('next');
    await handle.result();
    await assert.rejects(handle.pause(), { code: 'NotFound' });
  });

  it('rejects with Interrupted for a run that was cancelled or terminated', async () => {
    const cancelled = await bowline.backups.create({ name: 'waits-2' });
    await cancelled.cancel();
    await assert.rejects(cancelled.result(), { code: 'Interrupted', message: 'cancelled' });
    const terminated = await bowline.backups.create({ name: 'waits-3' });
    await worker.temporal.workflow.getHandle(terminated.workflowId).terminate();
    await assert.rejects(terminated.result(), { code: 'Interrupted', message: 'terminated' });
  });

  describe('that are dry', () => {
    const item = { groupResource: 'configmaps', namespace: 'shop', name: 'a' };
    const change = { ...item, action: 'create' as const };
    const complaint = { level: 'warning' as const, message: 'Additional item is not in the backup' };

    /** Puts a plan where the run `name` tells that it lies. Resolves with its digest. */
    async function holdPlan(name: string): Promise<string> {
      const lines = [{ change }, { complaint }].map((line) => JSON.stringify(line)).join('\n');
      const store = await storeOf(worker.config, 'here');
      return (await store.putObject(`restores/${name}/plan`, gzipSync(lines))).sha256;
    }

    it('give their plan, and end once it has been read', async () => {
      const sha256 = await holdPlan('plans-1');
      const planned = await bowline.restores.dryRun({ name: 'plans-1', spec: { sha256 } as object });
      assert.deepEqual([planned.changes, planned.complaints], [[change], [complaint]]);
      assert.equal(planned.result.phase, 'Completed');
      const { name } = planned.result;
      assert.equal(name, 'plans-1 spec dryRun');
    });

    it('reject where the plan is damaged, or gone, or the run fails', async () => {
      await holdPlan('plans-2');
      const damaged = bowline.restores.dryRun({ name: 'plans-2', spec: { sha256: 'another' } as object });
      await assert.rejects(damaged, { code: 'CorruptBackup', message: /its SHA-256 is not the one/ });
      await assert.rejects(bowline.restores.dryRun({ name: 'plans-3' }), { code: 'NotFound', message: /it is gone$/ });
      await assert.rejects(bowline.restores.dryRun({ name: 'invalid-dry' }), { code: 'InvalidSpec' });
      await assert.rejects(bowline.restores.dryRun({ name: 'whole-dry' }), { code: 'NotFound', message: /has ended/ });
    });

    it('stop waiting when told to', async () => {
      const signal = AbortSignal.timeout(300);
      await assert.rejects(bowline.restores.dryRun({ name: 'waits-dry' }, { signal }), { code: 'Interrupted' });
      await worker.temporal.workflow.getHandle(`${worker.config.temporal.idPrefix}restore/waits-dry`).cancel();
    });
  });

  it('tells why a step is tried again', async () => {
    const handle = await bowline.backups.create({ name: 'retries-1' });
    const troubles = await eventually(
      () => handle.troubles(),
      (found) => found.length > 0,
    );
    assert.deepEqual(troubles, ['get the moon: out of reach']);
    await handle.cancel();
  });

  it('has no status where no worker answers, and lists the run all the same', async () => {
    const taskQueue = `${worker.config.temporal.taskQueue}-deserted`;
    const deserted = await connect({ ...worker.config, temporal: { ...worker.config.temporal, taskQueue } });
    try {
      const handle = await deserted.backups.create({ name: 'lonely', spec: { storageLocation: 'there' } });
      await assert.rejects(handle.status(), { code: 'Unavailable', message: /no worker answers/ });
      const entry = await deserted.backups.get('lonely');
      assert.deepEqual([entry.phase, entry.location, entry.run], ['InProgress', 'there', undefined]);
      await worker.temporal.workflow.getHandle(handle.workflowId).terminate();
    } finally {
      await deserted.close();
    }
  });

  it('names the address where Temporal does not answer, and the namespace that it does not know', async () => {
    const { temporal } = worker.config;
    const unreachable = await connect({ ...worker.config, temporal: { ...temporal, address: '127.0.0.1:1' } });
    await assert.rejects(unreachable.backups.create({ name: 'a' }), { code: 'Unavailable', message: /127\.0\.0\.1:1/ });
    const unknown = await connect({ ...worker.config, temporal: { ...temporal, namespace: 'nowhere' } });
    await assert.rejects(unknown.backups.create({ name: 'a' }), { code: 'InvalidConfig', message: /nowhere/ });
    await unknown.close();
  });
});
