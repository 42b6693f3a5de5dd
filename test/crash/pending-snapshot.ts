import assert from 'node:assert/strict';
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { decodeGzipJson, decodeVolumeSnapshots } from '../../src/backup-format/artifacts.ts';
import { backupLayout } from '../../src/backup-format/layout.ts';
import { loadConfig } from '../../src/config.ts';
import { connect } from '../../src/kubernetes/http-client.ts';
import { createRegistry } from '../../src/plugins/registry.ts';
import type { RunResult } from '../../src/workflows/messages.ts';
import { writeConfiguration } from '../../tools/stack/configuration.ts';
import { startFaultProxy, type FaultProxy } from '../../tools/stack/fault-proxy.ts';
import { ManualClock } from '../../tools/stack/provider-clock.ts';
import { providerDriver, type ProviderSnapshotterOptions } from '../../tools/stack/provider-snapshotter.ts';
import { startSnapshotProvider, type SnapshotProvider } from '../../tools/stack/snapshot-provider.ts';
import { freePort } from '../../tools/stack/server.ts';
import { startTemporal, type TemporalServer } from '../../tools/stack/temporal.ts';
import { object } from '../support/objects.ts';
import { kubernetesServer, s3Server } from '../support/servers.ts';
import { workflowBundleFile } from '../support/workflow-bundle.ts';

const name = 'snapshot-crash';
const workflowId = `backup/${name}`;
const crashes = 20;
const pendingMs = 30 * 60_000;
const workerScript = fileURLToPath(new URL('../../tools/stack/snapshot-worker.ts', import.meta.url));

describe('a snapshot that is pending for 30 minutes of its provider', function () {
  this.timeout(300_000);
  const clock = new ManualClock();
  let folder: string;
  let configuration: string;
  let provider: SnapshotProvider;
  let proxy: FaultProxy;
  let temporal: TemporalServer | undefined;
  let worker: ChildProcess | undefined;
  let port: number;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), `bowline-${name}-`));
    port = await freePort();
    // A list that lags: the attempt after the first crash does not find what the one before has made.
    provider = await startSnapshotProvider({ now: clock.now, pendingMs, indexLagMs: 60_000 });
    provider.addVolume('vol-a');
    proxy = await startFaultProxy(provider.url);
    const [cluster, s3] = await Promise.all([kubernetesServer(), s3Server()]);
    configuration = writeConfiguration({
      folder,
      kubernetes: cluster,
      temporal: { address: `127.0.0.1:${port}` },
      s3,
      bucket: name,
      settings: () => ({ volumeSnapshotLocations: [{ name: 'disks', provider: 'snapshot-provider' }] }),
    }).file;
    const kubernetes = await connect({ kubeconfig: cluster.kubeconfig });
    const volumes = (await kubernetes.discover()).find('persistentvolumes')!;
    await kubernetes.create(
      volumes,
      object('v1 PersistentVolume', name, {
        metadata: { labels: { test: name } },
        spec: {
          capacity: { storage: '1Gi' },
          accessModes: ['ReadWriteOnce'],
          csi: { driver: providerDriver, volumeHandle: 'vol-a' },
        },
      }),
    );
    await kubernetes.close();
  });

  after(async () => {
    await killAll();
    await proxy?.stop();
    await provider?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function startAll(): Promise<void> {
    temporal = await startTemporal({ databaseFile: join(folder, 'temporal.db'), port });
    const options: ProviderSnapshotterOptions = { url: proxy.url, pollAfterMs: 500 };
    const args = [configuration, await workflowBundleFile(), JSON.stringify(options)];
    worker = fork(workerScript, args, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
    const output: string[] = [];
    worker.stderr?.on('data', (chunk: Buffer) => output.push(chunk.toString()));
    const ended = once(worker, 'exit').then(() => Promise.reject(new Error(`the worker ended:\n${output.join('')}`)));
    ended.catch(() => undefined);
    await Promise.race([once(worker, 'message'), ended]);
  }

  async function killAll(): Promise<void> {
    const ended = worker && worker.exitCode === null && worker.signalCode === null ? once(worker, 'exit') : undefined;
    worker?.kill('SIGKILL');
    await Promise.all([ended, temporal?.kill()]);
  }

  /** Asks over a connection of its own: it would be slow to find a server that comes back. */
  async function ask<T>(question: (client: Client) => Promise<T>): Promise<T> {
    const connection = await Connection.connect({ address: `127.0.0.1:${port}` });
    try {
      return await question(new Client({ connection }));
    } finally {
      await connection.close();
    }
  }

  /** Which attempt of the wait is the next one; 0 while there is no wait. Attempts that were reported are part of the history. */
  async function waitAttempt(client: Client): Promise<number> {
    const { raw } = await client.workflow.getHandle(workflowId).describe();
    const wait = raw.pendingActivities?.find(({ activityType }) => activityType?.name === 'awaitSnapshot');
    return wait?.attempt ?? 0;
  }

  /** Resolves when the wait has got so far, with where it is. */
  async function waited(attempt: number): Promise<number> {
    return ask(async (client) => {
      for (;;) {
        const reached = await waitAttempt(client);
        if (reached >= attempt) return reached;
        await sleep(20);
      }
    });
  }

  it(`is taken once, though worker and Temporal are killed ${crashes + 1} times, and the backup completes`, async () => {
    await startAll();
    const accepted = proxy.hold({ method: 'POST', path: /^\/snapshots$/, at: 'after' });
    await ask((client) =>
      client.workflow.start('backup', {
        workflowId,
        taskQueue: 'bowline',
        args: [
          {
            name,
            spec: { includedResources: ['persistentvolumes'], labelSelector: { matchLabels: { test: name } } },
          },
        ],
      }),
    );
    await accepted;
    await killAll();

    let attempt = 1;
    for (let crash = 1; crash <= crashes; crash++) {
      await startAll();
      attempt = await waited(attempt + 1);
      await killAll();
      clock.advance(pendingMs / crashes);
    }
    assert.equal(provider.snapshots.size, 2, 'the crash made no double, so the test shows less than it should');

    await startAll();
    const result = await ask((client) => client.workflow.getHandle(workflowId).result() as Promise<RunResult>);
    assert.deepEqual([result.phase, result.volumes], ['Completed', { attempted: 1, completed: 1, failed: 0 }]);
    const recorded = await recordedSnapshots();
    assert.deepEqual([...provider.snapshots.keys()], recorded);
    assert.equal(recorded.length, 1);
  });

  async function recordedSnapshots(): Promise<string[]> {
    const config = await loadConfig({ file: configuration, env: {} });
    const store = await createRegistry().openObjectStore(config.backupStorageLocations[0]!);
    const chunks: Buffer[] = [];
    for await (const chunk of await store.getObject(backupLayout(name).volumeSnapshots)) chunks.push(chunk as Buffer);
    const snapshots = decodeVolumeSnapshots(await decodeGzipJson(Buffer.concat(chunks)));
    return snapshots.map(({ status }) => status.providerSnapshotID ?? '');
  }
});
