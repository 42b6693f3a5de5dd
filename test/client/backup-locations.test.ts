import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type BowlineClient, type ConformanceStatus } from '../../src/client/index.ts';
import { eventually, startStubWorker, type StubWorker } from './stub-worker.ts';

describe('backup locations of the client', () => {
  let folder: string;
  let worker: StubWorker;
  let bowline: BowlineClient;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bowline-locations-'));
    worker = await startStubWorker(folder);
    bowline = await connect(worker.config);
  });

  after(async () => {
    await bowline.close();
    await worker.stop();
    await rm(folder, { recursive: true });
  });

  it('tells what is configured, and nothing more while nobody has looked', async () => {
    const expected = worker.config.backupStorageLocations.map((location) => ({ name: location.name, location }));
    assert.deepEqual(bowline.backupLocations.configured(), expected);
    assert.deepEqual(await bowline.backupLocations.list(), expected);
  });

  it('has a worker look, and afterwards tells what it found', async () => {
    const [here, there] = await bowline.backupLocations.validate();
    assert.deepEqual([here?.name, here?.status?.phase], ['here', 'Available']);
    assert.deepEqual([there?.name, there?.status], ['there', undefined]);
    const listed = await eventually(
      () => bowline.backupLocations.list(),
      (entries) => entries[0]?.status !== undefined,
    );
    assert.deepEqual(listed, [here, there]);
  });

  it('tells what the newest found, whoever started it', async () => {
    const { idPrefix, taskQueue } = worker.config.temporal;
    const workflowId = `${idPrefix}validate-locations-2026-01-02T03:04:05Z`;
    const { locations } = (await worker.temporal.workflow.execute('validateLocations', { workflowId, taskQueue })) as {
      locations: { lastValidationTime: string }[];
    };
    await eventually(
      () => bowline.backupLocations.list(),
      ([here]) => here?.status?.lastValidationTime === locations[0]?.lastValidationTime,
    );
  });

  it('starts the checks of a location, and follows them', async () => {
    const handle = await bowline.backupLocations.checkConformance('here');
    assert.equal(handle.workflowId, `${worker.config.temporal.idPrefix}check-conformance/here`);
    const seen: ConformanceStatus[] = [];
    for await (const status of handle.watch({ everyMs: 10 })) seen.push(status);
    assert.equal(seen.at(-1)?.checks[0]?.title, 'a');
    assert.equal((await handle.result()).passed, 1);
  });

  it('does not start those of one that is not configured', async () => {
    await assert.rejects(bowline.backupLocations.checkConformance('nowhere'), {
      code: 'NotFound',
      message: 'backup location nowhere: not configured; known are here, there',
    });
  });
});
