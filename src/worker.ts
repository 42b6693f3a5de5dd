import { Client, Connection } from '@temporalio/client';
import { makeTelemetryFilterString, NativeConnection, Runtime, Worker, type WorkerOptions } from '@temporalio/worker';
import type { Config } from './api/config.ts';
import type { Trace } from './api/trace.ts';
import { BowlineError } from './api/errors.ts';
import { createActivities } from './activities/index.ts';
import type { Dependencies } from './activities/dependencies.ts';
import { leaseInterceptors, type LeaseOptions } from './activities/lease.ts';
import { notificationUrl } from './activities/notification-url.ts';
import { openDataConverter } from './codec.ts';
import { secretsOf } from './config.ts';
import { serveHealth, type WorkerState } from './health.ts';
import { connect } from './kubernetes/http-client.ts';
import { createJsonLog } from './log/json-log.ts';
import { listCountedRuns } from './metrics/counted-runs.ts';
import { Metrics } from './metrics/metrics.ts';
import type { ItemActions } from './plugins/item-action-lists.ts';
import { loadRegistry, type Registry } from './plugins/registry.ts';
import { tracedProvider } from './plugins/traced-provider.ts';
import { registerSearchAttributes } from './search-attributes.ts';
import { serveSignedFiles } from './signed-files.ts';
import { connectionOptions } from './temporal-connection.ts';
import { loadTracing } from './tracing/load-tracing.ts';
import { workflowCode, workflowFile } from './workflow-code.ts';

/** A worker that has connected to everything it needs, not yet polling. */
export interface PreparedWorker {
  readonly worker: Worker;
  /** Velero's metrics and our own, in Prometheus' text format. Never rejects. */
  metrics(): Promise<string>;
  /** Closes the connections, once the worker has stopped. */
  close(): Promise<void>;
}

/**
 * Runs a worker until it is told to stop (SIGINT, SIGTERM): it then takes no new work and lets what it has end for 30 s.
 * `onConnected` is called once, before it polls. Meanwhile its health and metrics can be asked for, where the configuration says so.
 */
export async function runWorker(config: Config, onConnected: () => void = () => undefined): Promise<void> {
  installRuntime(config);
  let prepared: PreparedWorker | undefined;
  const health =
    config.health &&
    (await serveHealth(config.health.listen, {
      state: (): WorkerState => prepared?.worker.getState() ?? 'CONNECTING',
      metrics: () => prepared?.metrics(),
    }));
  try {
    const { worker, close } = (prepared = await prepareWorker(config));
    try {
      onConnected();
      await worker.run();
    } finally {
      await close();
    }
  } finally {
    await health?.close();
  }
}

/** The log of this process, the SDK's lines included, and the SDK's own metrics, served by itself. It has to be told before anything else of it is used. */
function installRuntime(config: Config): void {
  const logger = createJsonLog({ level: config.log?.level, secrets: secretsOf(config) });
  // What the SDK's own core has to say comes the same way.
  const logging = { forward: {}, filter: makeTelemetryFilterString({ core: 'WARN', other: 'ERROR' }) };
  if (config.metrics === undefined) return void Runtime.install({ logger, telemetryOptions: { logging } });
  const { host, port } = config.metrics.listen;
  const bindAddress = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  try {
    Runtime.install({ logger, telemetryOptions: { logging, metrics: { prometheus: { bindAddress } } } });
  } catch (cause) {
    const { message } = cause as Error;
    throw new BowlineError('InvalidConfig', `metrics.listen: listen at ${bindAddress}: ${message}`, { cause });
  }
}

/** What tests and benches put in the place of a worker's own. */
export interface WorkerParts {
  /** What its activities work with. */
  readonly dependencies?: Partial<Dependencies>;
  readonly leases?: Pick<LeaseOptions, 'heartbeatEveryMs' | 'leaseMs' | 'lateMs'>;
}

/** Connects to Temporal and the cluster and builds the worker. `options` override what it is made with; interceptors are added. */
export async function prepareWorker(
  config: Config,
  options: Partial<WorkerOptions> = {},
  { dependencies: others = {}, leases = {} }: WorkerParts = {},
): Promise<PreparedWorker> {
  const { interceptors, ...rest } = options;
  const registry = await loadRegistry(config);
  await Promise.all(config.notifications.map(notificationUrl));
  const dataConverter = await openDataConverter(config.temporal.codec);
  const { namespace, taskQueue, versioning, workflowBundle } = config.temporal;
  const warn = (message: string): void => Runtime.instance().logger.warn(message);
  const tracing = await loadTracing(config, warn);
  const workflows = workflowCode({ bundle: workflowBundle, traced: tracing !== undefined });
  const native = await NativeConnection.connect(connectionOptions(config.temporal));
  const connection = await Connection.connect(connectionOptions(config.temporal));
  const temporal = new Client({ connection, namespace, dataConverter });
  const kubernetes = await connect({ ...config.kubernetes, trace: tracing?.trace });
  const now = (): Date => new Date();
  const signedFiles = await serveSignedFiles(config.backupStorageLocations, { now, warn });
  const dependencies: Dependencies = {
    ...createProviders(config, { registry, trace: tracing?.trace }),
    config,
    kubernetes,
    isRunning: async (workflowId) => (await runningRun(temporal, workflowId)) !== undefined,
    runningRun: (workflowId) => runningRun(temporal, workflowId),
    installation: await installationOf(connection, config.temporal),
    searchAttributes: await registerSearchAttributes(connection, namespace),
    now,
    ...others,
  };
  const { idPrefix } = config.temporal;
  const metrics = new Metrics({
    locations: config.backupStorageLocations,
    openStore: dependencies.store,
    listRuns: (at) => listCountedRuns({ client: temporal, namespace, taskQueue, idPrefix }, at),
    now,
    warn,
  });
  const worker = await Worker.create({
    connection: native,
    namespace,
    taskQueue,
    ...(versioning && { workerDeploymentOptions: deploymentOptions(versioning) }),
    ...(options.workflowBundle === undefined && workflows.code),
    ...(tracing && { sinks: tracing.sinks }),
    dataConverter: { ...dataConverter, payloadConverterPath: workflowFile('payload-converter') },
    activities: createActivities(dependencies),
    interceptors: {
      ...workflows.interceptors,
      activity: [
        ...(tracing ? [tracing.activity] : []),
        leaseInterceptors({ ...leases, confirm: (taskToken) => confirm(temporal, taskToken) }),
        ...(interceptors?.activity ?? []),
      ],
    },
    maxHeartbeatThrottleInterval: '2 seconds',
    maxCachedWorkflows: 200,
    shutdownGraceTime: '30 seconds',
    ...rest,
  });
  return {
    worker,
    metrics: () => metrics.text(),
    async close() {
      await signedFiles.close();
      await kubernetes.close();
      await connection.close();
      await native.close();
      await tracing?.close();
    },
  };
}

async function installationOf(connection: Connection, { namespace, idPrefix }: Config['temporal']): Promise<string> {
  const { namespaceInfo } = await connection.workflowService.describeNamespace({ namespace });
  return `${namespaceInfo?.id ?? namespace}/${idPrefix}`;
}

/** A run stays with the build that began it, with all its children: what it replays is what it ran. */
function deploymentOptions({ deployment, buildId }: NonNullable<Config['temporal']['versioning']>) {
  const version = { deploymentName: deployment, buildId };
  return { useWorkerVersioning: true, version, defaultVersioningBehavior: 'PINNED' } as const;
}

/** Stores and snapshotters by location, each opened once, and the item actions. */
function createProviders(
  config: Config,
  { registry, trace }: { readonly registry: Registry; readonly trace: Trace | undefined },
): Pick<Dependencies, 'store' | 'openStore' | 'snapshotter' | keyof ItemActions> {
  const openStore: Dependencies['openStore'] = async (name) => {
    const location = registry.named(config.backupStorageLocations, name);
    return traced('ObjectStore', location, await registry.openObjectStore(location));
  };
  const traced = <T extends object>(
    contract: 'ObjectStore' | 'VolumeSnapshotter',
    { name, provider }: { readonly name: string; readonly provider: string },
    opened: T,
  ): T => {
    const attributes = { 'bowline.location': name, 'bowline.provider': provider };
    return trace === undefined ? opened : tracedProvider(opened, { trace, contract, attributes });
  };
  return {
    store: remembered(openStore),
    openStore,
    snapshotter: remembered(async (name) => {
      const location = registry.named(config.volumeSnapshotLocations, name);
      return traced('VolumeSnapshotter', location, await registry.openVolumeSnapshotter(location));
    }),
    backupItemActions: registry.backupItemActions,
    restoreItemActions: registry.restoreItemActions,
    deleteItemActions: registry.deleteItemActions,
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

/** Renews Temporal's own count of an attempt's time, unless the attempt is over. One that is to be cancelled is not. */
async function confirm(temporal: Client, taskToken: Uint8Array): Promise<void> {
  await temporal.activity.heartbeat(taskToken).catch((error: Error) => {
    if (error.name !== 'ActivityCancelledError') throw error;
  });
}

async function runningRun(temporal: Client, workflowId: string): Promise<string | undefined> {
  try {
    const { status, raw } = await temporal.workflow.getHandle(workflowId).describe();
    return status.name === 'RUNNING' ? (raw.workflowExecutionInfo?.firstRunId ?? '') : undefined;
  } catch (error) {
    if ((error as Error).name === 'WorkflowNotFoundError') return undefined;
    throw error;
  }
}
