import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { WorkflowHandle } from '@temporalio/client';
import { startWorker, type WorkerProcess } from '../../tools/stack/worker.ts';
import { temporalServer } from '../support/servers.ts';
import { eventually } from '../tools/stack/eventually.ts';
import { createEnvironment, type Environment } from './environment.ts';

const deployment = 'versioned-bowline';

describe('workers with a version', function () {
  // Each worker compiles the workflows.
  this.timeout(180_000);
  let environment: Environment;
  const workers: WorkerProcess[] = [];

  before(async () => {
    environment = await createEnvironment('worker-versioning', {
      settings: ({ temporal }) => ({ temporal: { ...(temporal as object), versioning: { deployment, buildId: '1' } } }),
    });
  });
  after(async () => {
    await Promise.all(workers.map((worker) => worker.kill()));
    await environment.stop();
  });

  /** Starts a worker of a build, and sends new runs to it, as the guide says. */
  async function deploy(buildId: string): Promise<void> {
    workers.push(startWorker(environment.configuration, { BOWLINE_TEMPORAL_VERSIONING_BUILD_ID: buildId }));
    const { cli, address } = await temporalServer();
    const version = ['--deployment-name', deployment, '--build-id', buildId, '--yes', '--address', address];
    await eventually(`build ${buildId} is current`, () =>
      promisify(execFile)(cli, ['worker', 'deployment', 'set-current-version', ...version]).then(
        () => true,
        () => false,
      ),
    );
  }

  async function buildOf(handle: WorkflowHandle): Promise<string | undefined> {
    const { raw } = await handle.describe();
    return raw.workflowExecutionInfo?.versioningInfo?.deploymentVersion?.buildId ?? undefined;
  }

  it('end a run with the build that began it, and begin new ones with the current build', async () => {
    await deploy('1');
    const holding = environment.s3.hold({ method: 'PUT', path: /old\.tar\.gz/, at: 'before' });
    const spec = { includedNamespaces: ['default'] };
    const old = await environment.start('backup', { name: 'old', spec });
    const held = await holding;

    await deploy('2');
    const young = await environment.start('backup', { name: 'young', spec });
    assert.equal(((await young.result()) as { phase: string }).phase, 'Completed');
    assert.equal(await buildOf(young), '2');

    held.release();
    assert.equal(((await old.result()) as { phase: string }).phase, 'Completed');
    assert.equal(await buildOf(old), '1');
  });
});
