import assert from 'node:assert/strict';
import type { RunResult } from '../../src/workflows/messages.ts';
import { createApplication } from './application.ts';
import { createEnvironment, type Environment } from './environment.ts';

describe('a worker that is told to stop', function () {
  this.timeout(120_000);
  let environment: Environment;

  before(async () => {
    environment = await createEnvironment('drain');
  });

  after(() => environment.stop());

  it('finishes the step that it is at, and the next worker repeats nothing', async () => {
    const { namespace } = await createApplication(environment.kubernetes, 'drain', environment.folder);
    const worker = environment.startWorker();
    const holding = environment.s3.hold({ method: 'PUT', path: /\.tar\.gz/, at: 'before' });
    const handle = await environment.start('backup', { name: 'drain', spec: { includedNamespaces: [namespace] } });
    const held = await holding;
    const stopped = worker.kill('SIGTERM');
    held.release();
    await stopped;

    environment.startWorker();
    assert.equal(((await handle.result()) as RunResult).phase, 'Completed');
    const { events } = await handle.fetchHistory();
    const attempts = (events ?? []).flatMap(
      ({ activityTaskStartedEventAttributes: started }) => started?.attempt ?? [],
    );
    assert.deepEqual(new Set(attempts), new Set([1]));
  });
});
