import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { RunStatus } from '../../src/workflows/messages.ts';
import { temporalServer } from '../support/servers.ts';
import { createApplication, type Application } from './application.ts';
import { createEnvironment, type Environment } from './environment.ts';

const run = promisify(execFile);

describe('the plain temporal command', function () {
  this.timeout(60_000);
  let environment: Environment;
  let application: Application;

  before(async () => {
    environment = await createEnvironment('temporal-cli');
    application = await createApplication(environment.kubernetes, 'temporal-cli', environment.folder);
    environment.startWorker();
  });

  after(() => environment.stop());

  async function temporal(...args: string[]): Promise<string> {
    const { cli, address } = await temporalServer();
    const { stdout } = await run(cli, [...args, '--address', address]);
    return stdout;
  }

  it('starts a backup with plain JSON, asks for its progress while it runs, and reads its result', async () => {
    const input = JSON.stringify({ name: 'by-hand', spec: { includedNamespaces: [application.namespace] } });
    const holding = environment.s3.hold({ method: 'PUT', path: /by-hand\.tar\.gz/, at: 'before' });
    await temporal(
      ...['workflow', 'start', '--type', 'backup', '--task-queue', environment.name],
      ...['--workflow-id', 'backup/by-hand', '--input', input],
    );
    const held = await holding;
    const answer = JSON.parse(
      await temporal('workflow', 'query', '--type', 'status', '--workflow-id', 'backup/by-hand', '--output', 'json'),
    ) as { queryResult: [RunStatus] };
    const [status] = answer.queryResult;
    assert.equal(status.phase, 'InProgress');
    assert.equal(status.step, 'sealing');
    assert.deepEqual(status.volumes, { attempted: 1, completed: 1, failed: 0 });
    assert.equal(status.progress.totalIsEstimate, false);
    assert.equal(status.progress.doneItems, status.progress.totalItems);
    assert.deepEqual(status.progress.resources['secrets'], { totalItems: 10, doneItems: 10 });
    held.release();

    const result = JSON.parse(
      await temporal('workflow', 'result', '--workflow-id', 'backup/by-hand', '--output', 'json'),
    ) as {
      status: string;
      result: { phase: string; errors: number };
    };
    assert.deepEqual([result.status, result.result.phase, result.result.errors], ['COMPLETED', 'Completed', 0]);
  });

  it('finds runs by their search attributes', async () => {
    const query = `BowlineKind = 'Backup' AND BowlineName = 'by-hand' AND BowlinePhase = 'Completed' AND BowlineItems > 20`;
    const [found] = JSON.parse(await temporal('workflow', 'list', '--query', query, '--output', 'json')) as {
      execution: { workflowId: string };
    }[];
    assert.equal(found?.execution.workflowId, 'backup/by-hand');
  });

  it('shows the current details and what the query answers', async () => {
    const metadata = await temporal('workflow', 'metadata', '--workflow-id', 'backup/by-hand');
    assert.match(metadata, /Backup by-hand/);
    assert.match(metadata, /secrets: 10 of 10/);
    assert.match(metadata, /What this run is doing/);
  });

  it('cancels a backup, which leaves no snapshot, no staging and a record that says so', async () => {
    const holding = environment.s3.hold({ method: 'PUT', path: /cancelled\.tar\.gz/, at: 'before' });
    const handle = await environment.start('backup', {
      name: 'cancelled',
      spec: { includedNamespaces: [application.namespace] },
    });
    const held = await holding;
    const snapshotsBefore = environment.snapshots().length;
    await temporal('workflow', 'cancel', '--workflow-id', 'backup/cancelled');
    await assert.rejects(handle.result(), (error: Error) => (error.cause as Error).name === 'CancelledFailure');
    held.release();
    assert.equal(environment.snapshots().length, snapshotsBefore - 2, 'the snapshot and its record are gone');
    const keys = (await environment.keys()).filter((key) => key.startsWith('backups/cancelled/'));
    assert.deepEqual(keys, [
      'backups/cancelled/cancelled-logs.gz',
      'backups/cancelled/cancelled-results.gz',
      'backups/cancelled/velero-backup.json',
    ]);
  });
});
