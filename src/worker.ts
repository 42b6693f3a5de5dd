import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker';
import type { Config } from './api/config.ts';
import { createActivities } from './activities/index.ts';
import type { Dependencies } from './activities/dependencies.ts';
import { leaseInterceptor } from './activities/lease.ts';
import { openDataConverter } from './codec.ts';
import { connect } from './kubernetes/http-client.ts';
import { loadRegistry, type Registry } from './plugins/registry.ts';
import { registerSearchAttributes } from './search-attributes.ts';

/** A worker that has connected to everything it needs, not yet polling. */
export interface PreparedWorker {
  readonly worker: Worker;
  /** Closes the connections, once the worker has stopped. */
  close(): Promise<void>;
}

/**
 * Runs a worker until it is told to stop (SIGINT, SIGTERM): it then takes no new work and lets what it has end for 30 s.
 * `onConnected` is called once, before it polls.
 */
export async function runWorker(config: Config, onConnected: () => void = () => undefined): Promise<void> {
  const { worker, close } = await prepareWorker(config);
  try {
    onConnected();
    await worker.run();
  } finally {
    await close();
  }
}

/** Connects to Temporal and the cluster and builds the worker. `options` override what it is made with, for tests. */
export async function prepareWorker(config: Config, options: Partial<WorkerOptions> = {}): Promise<PreparedWorker> {
  const registry = await loadRegistry(config);
  const dataConverter = await openDataConverter(config.temporal.codec);
  const { address, namespace, taskQueue, apiKey, tls } = config.temporal;
  const secrets = { ...(apiKey !== undefined && { apiKey }), ...(tls !== undefined && { tls }) };
  const native = await NativeConnection.connect({ address, ...secrets });
  const connection = await Connection.connect({ address, ...secrets });
  const temporal = new Client({ connection, namespace, dataConverter });
  const kubernetes = await connect(config.kubernetes);
  const dependencies: Dependencies = {
    ...createProviders(config, registry),
    config,
    kubernetes,
    isRunning: (workflowId) => isRunning(temporal, workflowId),
    searchAttributes: await registerSearchAttributes(connection, namespace),
    now: () => new Date(),
  };
  const worker = await Worker.create({
    connection: native,
    namespace,
    taskQueue,
    ...workflows(),
    dataConverter: { ...dataConverter, payloadConverterPath: workflowFile('payload-converter') },
    activities: createActivities(dependencies),
    interceptors: { activity: [(context) => ({ inbound: leaseInterceptor(context) })] },
    maxHeartbeatThrottleInterval: '2 seconds',
    maxCachedWorkflows: 200,
    shutdownGraceTime: '30 seconds',
    ...options,
  });
  return {
    worker,
    async close() {
      await kubernetes.close();
      await connection.close();
      await native.close();
    },
  };
}

/** Stores and snapshotters by location, each opened once, and the item actions. */
function createProviders(
  config: Config,
  registry: Registry,
): Pick<Dependencies, 'store' | 'snapshotter' | 'backupItemActions' | 'restoreItemActions'> {
  return {
    store: remembered((name) => registry.openObjectStore(registry.named(config.backupStorageLocations, name))),
    snapshotter: remembered((name) =>
      registry.openVolumeSnapshotter(registry.named(config.volumeSnapshotLocations, name)),
    ),
    backupItemActions: registry.backupItemActions,
    restoreItemActions: registry.restoreItemActions,
  };
}

/** Opens once per name; a failure is not remembered. */
function remembered<T>(open: (name: string) => Promise<T>): (name: string) => Promise<T> {
  const opened = new Map<string, Promise<T>>();
  return (name) => {
    let promise = opened.get(name);
    if (promise === undefined) {
      promise = open(name);
      opened.set(name, promise);
      promise.catch(() => opened.delete(name));
    }
    return promise;
  };
}

/** The prebuilt bundle where there is one (an installed package), else the sources. */
function workflows(): Pick<WorkerOptions, 'workflowBundle' | 'workflowsPath'> {
  const codePath = fileURLToPath(new URL('./workflow-bundle.js', import.meta.url));
  if (existsSync(codePath)) return { workflowBundle: { codePath } };
  return { workflowsPath: workflowFile('index') };
}

function workflowFile(name: string): string {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  return fileURLToPath(new URL(`./workflows/${name}.${extension}`, import.meta.url));
}

async function isRunning(temporal: Client, workflowId: string): Promise<boolean> {
  try {
    return (await temporal.workflow.getHandle(workflowId).describe()).status.name === 'RUNNING';
  } catch (error) {
    if ((error as Error).name === 'WorkflowNotFoundError') return false;
    throw error;
  }
}
