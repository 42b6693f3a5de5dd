import assert from 'node:assert/strict';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { connect } from '../../src/client/index.ts';
import { parseConfig } from '../../src/config.ts';
import { freePort } from '../../tools/stack/server.ts';
import { startTemporal, type TemporalServer } from '../../tools/stack/temporal.ts';
import { temporaryFolder } from '../plugins/temporary-folder.ts';
import { eventually } from './stub-worker.ts';

const everyMs = 2_000;
const missed = 5;

describe('a schedule, after an outage of Temporal', function () {
  this.timeout(120_000);
  let server: TemporalServer;

  after(() => server.stop());

  it('makes one backup of all that it missed', async () => {
    const options = { databaseFile: join(temporaryFolder(), 'temporal.db'), port: await freePort() };
    server = await startTemporal(options);
    const { address } = server;
    const config = parseConfig(JSON.stringify({ temporal: { address } }), { file: 'the test', env: {} });
    const bowline = await connect(config);
    const { schedules } = bowline;
    await schedules.create({ name: 'storm', schedule: `@every ${everyMs / 1_000}s` });
    await eventually(
      () => schedules.get('storm'),
      ({ running }) => running.length === 1,
    );
    const connection = await Connection.connect({ address });
    const temporal = new Client({ connection });
    for await (const { workflowId } of temporal.workflow.list()) {
      if (workflowId.startsWith('scheduled-backup/')) await temporal.workflow.getHandle(workflowId).terminate();
    }
    await Promise.all([connection.close(), bowline.close(), server.kill()]);
    // The times pass, with nobody to see to them.
    const end = Date.now() + missed * everyMs;
    while (Date.now() < end) await pause(end - Date.now());

    server = await startTemporal(options);
    const again = await connect(config);
    const { recent, skipped } = await eventually(
      () => again.schedules.get('storm'),
      (entry) => entry.skipped >= missed - 1,
    );
    assert.equal(recent.length, 2, `the one before, and one of all others; ${skipped} were skipped`);
    await again.close();
  });
});
