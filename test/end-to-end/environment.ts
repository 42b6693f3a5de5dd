import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, Connection, type WorkflowHandleWithFirstExecutionRunId } from '@temporalio/client';
import type { Unstructured } from '../../src/api/unstructured.ts';
import { parseJson } from '../../src/api/json.ts';
import { readTarball } from '../../src/backup-format/tarball.ts';
import { loadConfig } from '../../src/config.ts';
import type { KubernetesClient } from '../../src/kubernetes/client.ts';
import { connect } from '../../src/kubernetes/http-client.ts';
import type { ObjectStore } from '../../src/plugins/object-store.ts';
import { createRegistry } from '../../src/plugins/registry.ts';
import type { RunResult } from '../../src/workflows/messages.ts';
import { writeConfiguration, type ConfigurationParts } from '../../tools/stack/configuration.ts';
import type { KubernetesServer } from '../../tools/stack/kubernetes.ts';
import { startFaultProxy, type FaultProxy } from '../../tools/stack/fault-proxy.ts';
import type { TemporalServer } from '../../tools/stack/temporal.ts';
import { startWorker, type WorkerProcess } from '../../tools/stack/worker.ts';
import { kubernetesServer, s3Server, temporalServer } from '../support/servers.ts';
import { workflowBundleFile } from '../support/workflow-bundle.ts';

/** A Bowline of a test's own on the run's shared servers: its bucket, task queue, snapshots and workers. */
export interface Environment {
  readonly name: string;
  /** The path of `bowline.yaml`. */
  readonly configuration: string;
  readonly folder: string;
  readonly kubernetes: KubernetesClient;
  readonly temporal: Client;
  readonly store: ObjectStore;
  /** In front of the S3 server and of the API server, as workers see them. */
  readonly s3: FaultProxy;
  readonly api: FaultProxy;
  startWorker(): WorkerProcess;
  /** Runs the command line in a process of its own. */
  bowline(...args: string[]): Promise<CommandResult>;
  /** The same, to be interrupted while it runs. */
  startBowline(...args: string[]): RunningCommand;
  start(
    workflow: string,
    request: { readonly name: string; readonly spec?: object },
  ): Promise<WorkflowHandleWithFirstExecutionRunId>;
  /** Starts a workflow and waits for its result. */
  run(workflow: string, request: { readonly name: string; readonly spec?: object }): Promise<RunResult>;
  /** Every key in the bucket, but for what the S3 server keeps for itself. */
  keys(): Promise<string[]>;
  /** Uploads in parts that were neither completed nor aborted. */
  uploads(): string[];
  readonly snapshotsFolder: string;
  /** Names in the snapshot location: one directory and one record per snapshot. */
  snapshots(): string[];
  /** Names of the volumes made from snapshots. */
  volumes(): string[];
  stop(): Promise<void>;
}

/** A command that has been started. */
export interface RunningCommand {
  /** Presses Ctrl-C. */
  interrupt(): void;
  readonly ended: Promise<CommandResult>;
}

/** How a command ended. */
export interface CommandResult {
  readonly code: number | null;
  /** Standard output and error, as they came. */
  readonly text: string;
}

export interface EnvironmentOptions {
  /** Whose bucket and snapshots to use. Default: own ones. */
  readonly storageOf?: Environment;
  /** A Temporal server of the test's own. Default: the run's. */
  readonly temporal?: Pick<TemporalServer, 'address'>;
  /** What the configuration file is to say beyond the usual. */
  readonly settings?: ConfigurationParts['settings'];
  /** Another cluster than the run's shared one. */
  readonly cluster?: KubernetesServer;
}

const workflowIds: Readonly<Record<string, string>> = {
  backup: 'backup',
  restore: 'restore',
  deleteBackup: 'delete-backup',
};

/** Makes an environment; `name` has to be unique within the run of tests. */
export async function createEnvironment(
  name: string,
  { storageOf, settings, temporal: own, cluster: ownCluster }: EnvironmentOptions = {},
): Promise<Environment> {
  const folder = mkdtempSync(join(tmpdir(), `bowline-${name}-`));
  const [cluster, s3, temporalAt] = await Promise.all([
    ownCluster ?? kubernetesServer(),
    s3Server(),
    own ?? temporalServer(),
  ]);
  const [s3Proxy, apiProxy] = await Promise.all([startFaultProxy(s3.endpoint), startFaultProxy(cluster.url)]);
  const kubeconfig = join(folder, 'kubeconfig');
  writeFileSync(kubeconfig, throughProxy(readFileSync(cluster.kubeconfig, 'utf8'), apiProxy));
  const { file, snapshots, volumes } = writeConfiguration({
    folder,
    kubernetes: { kubeconfig },
    temporal: temporalAt,
    s3: { ...s3, endpoint: s3Proxy.url },
    bucket: storageOf?.name ?? name,
    ...(storageOf && { snapshots: storageOf.snapshotsFolder }),
    taskQueue: name,
    workflowBundle: await workflowBundleFile(),
    ...(settings && { settings }),
  });
  const config = await loadConfig({ file, env: {} });
  const kubernetes = await connect({ kubeconfig: cluster.kubeconfig });
  const connection = await Connection.connect({ address: temporalAt.address });
  const temporal = new Client({ connection });
  const store = await createRegistry().openObjectStore(config.backupStorageLocations[0]!);
  const workers: WorkerProcess[] = [];

  async function start(workflow: string, request: { readonly name: string; readonly spec?: object }) {
    const workflowId = `${workflowIds[workflow]}/${request.name}`;
    return temporal.workflow.start(workflow, { taskQueue: name, workflowId, args: [request] });
  }

  return {
    name,
    configuration: file,
    folder,
    kubernetes,
    temporal,
    store,
    s3: s3Proxy,
    api: apiProxy,
    startWorker() {
      const worker = startWorker(file);
      workers.push(worker);
      return worker;
    },
    bowline: (...args) => startCommand([...args, '--config', file]).ended,
    startBowline: (...args) => startCommand([...args, '--config', file]),
    start,
    run: async (workflow, request) => (await (await start(workflow, request)).result()) as RunResult,
    async keys() {
      const keys: string[] = [];
      for await (const key of store.listObjects('')) keys.push(key);
      return keys;
    },
    uploads() {
      const folder = join(s3.root, storageOf?.name ?? name, '.sgwtmp', 'multipart');
      if (!existsSync(folder)) return [];
      // Of each key, a folder that the server may leave empty.
      return readdirSync(folder).flatMap((key) => readdirSync(join(folder, key)).map((upload) => `${key}/${upload}`));
    },
    snapshotsFolder: snapshots,
    snapshots: () => (existsSync(join(snapshots, 'snapshots')) ? readdirSync(join(snapshots, 'snapshots')).sort() : []),
    volumes: () => (existsSync(volumes) ? readdirSync(volumes) : []),
    async stop() {
      await Promise.all(workers.map((worker) => worker.kill()));
      await Promise.all([kubernetes.close(), s3Proxy.stop(), apiProxy.stop()]);
      // A server of the test's own may have been killed: a call that is tried again once its connection is closed throws in a timer, where
      // nobody can catch it. Such calls end by themselves.
      if (own === undefined) await connection.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const cli = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

function startCommand(args: readonly string[]): RunningCommand {
  const child = spawn(process.execPath, [cli, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
  return {
    interrupt: () => void child.kill('SIGINT'),
    ended: once(child, 'close').then(([code]) => ({ code: code as number | null, text })),
  };
}

/** A kubeconfig whose server is the proxy; plain HTTP is only allowed where certificates are not checked anyway. */
function throughProxy(kubeconfig: string, { url }: FaultProxy): string {
  const config = JSON.parse(kubeconfig) as { clusters: { cluster: object }[] };
  config.clusters[0]!.cluster = { server: url, 'insecure-skip-tls-verify': true };
  return JSON.stringify(config);
}

/** The items of a backup's tarball by path, to be compared with another's. */
export async function readBackup({ store }: Environment, name: string): Promise<Map<string, Unstructured>> {
  const items = new Map<string, Unstructured>();
  for await (const item of readTarball(await store.getObject(`backups/${name}/${name}.tar.gz`))) {
    const { groupResource, namespace, name: itemName, body } = item;
    items.set(`${groupResource}/${namespace}/${itemName}`, parseJson(body.toString('utf8')) as unknown as Unstructured);
  }
  return items;
}
