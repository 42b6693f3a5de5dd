import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { activityInfo } from '@temporalio/activity';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import { temporalServer } from '../support/servers.ts';

describe('lease: what Temporal answers', () => {
  it('a heartbeat is refused of an attempt that timed out, and taken of its successor', async () => {
    const { address } = await temporalServer();
    const [connection, native] = [await Connection.connect({ address }), await NativeConnection.connect({ address })];
    const client = new Client({ connection });
    const taskQueue = `test-${randomUUID()}`;
    const outcomes: string[] = [];
    const first = Promise.withResolvers<Uint8Array>();
    const successor = Promise.withResolvers<void>();
    const heartbeat = (token: Uint8Array): Promise<string> =>
      client.activity.heartbeat(token).then(
        () => 'taken',
        (error: Error) => error.name,
      );
    const worker = await Worker.create({
      connection: native,
      taskQueue,
      workflowsPath: fileURLToPath(new URL('../support/one-activity.ts', import.meta.url)),
      activities: {
        async work() {
          const { attempt, taskToken } = activityInfo();
          if (attempt === 1) {
            first.resolve(taskToken);
            return successor.promise;
          }
          outcomes.push(await heartbeat(taskToken), await heartbeat(await first.promise));
          successor.resolve();
        },
      },
    });
    await worker.runUntil(
      client.workflow.execute('oneActivity', { taskQueue, workflowId: `lease-${randomUUID()}`, args: [] }),
    );
    await connection.close();
    await native.close();
    assert.deepEqual(outcomes, ['taken', 'ActivityNotFoundError']);
  });
});
