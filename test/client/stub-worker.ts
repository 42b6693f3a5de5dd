import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { bundleWorkflowCode, NativeConnection, Worker } from '@temporalio/worker';
import type { Config } from '../../src/api/config.ts';
import { parseConfig } from '../../src/config.ts';
import { temporalServer } from '../support/servers.ts';

const logger = { log() {}, trace() {}, debug() {}, info() {}, warn: console.warn, error: console.error };
const workflowsPath = fileURLToPath(new URL('./stub-workflows.ts', import.meta.url));
let bundling: ReturnType<typeof bundleWorkflowCode> | undefined;

/** A worker whose runs end as their names say, on a task queue and with an id prefix of its own. */
export interface StubWorker {
  readonly config: Config;
  /** Temporal's own client, to look behind ours. */
  readonly temporal: Client;
  stop(): Promise<void>;
}

/** Starts one; `folder` is to hold the buckets of its two storage locations, `here` and `there`. */
export async function startStubWorker(folder: string): Promise<StubWorker> {
  const { address } = await temporalServer();
  const unique = randomUUID().slice(0, 8);
  const location = (name: string): object => ({
    name,
    provider: 'velero.io/filesystem',
    objectStorage: { bucket: name, prefix: 'prod' },
    config: { path: folder },
  });
  const config = parseConfig(
    JSON.stringify({
      temporal: { address, taskQueue: unique, idPrefix: `${unique}/` },
      backupStorageLocations: [location('here'), location('there')],
    }),
    { file: 'the test', env: {} },
  );
  const [connection, native] = [await Connection.connect({ address }), await NativeConnection.connect({ address })];
  const workflowBundle = await (bundling ??= bundleWorkflowCode({ workflowsPath, logger }));
  const activities = {
    async absent() {
      throw new Error('get the moon: out of reach');
    },
  };
  const worker = await Worker.create({ connection: native, taskQueue: unique, workflowBundle, activities });
  const running = worker.run();
  return {
    config,
    temporal: new Client({ connection }),
    async stop() {
      worker.shutdown();
      await running;
      await native.close();
      await connection.close();
    },
  };
}

/** Asks until the answer is as wanted: Temporal shows some things a moment later. */
export async function eventually<T>(ask: () => Promise<T>, isWanted: (answer: T) => boolean): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (isWanted(answer)) return answer;
    await pause(50);
  }
}
