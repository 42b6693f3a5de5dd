import { Client, Connection, type WorkflowExecutionInfo, type WorkflowFailedError } from '@temporalio/client';
import type { Config } from '../api/config.ts';
import { BowlineError } from '../api/errors.ts';
import type { ValidatedLocations } from '../api/locations.ts';
import { openDataConverter } from '../codec.ts';
import type { Tracing } from '../tracing/open-tracing.ts';
import type { RunResult, RunStatus } from '../workflows/messages.ts';
import { runError } from './run-error.ts';
import { connectionOptions } from '../temporal-connection.ts';
import { RunHandle, type RunKind } from './run-handle.ts';
import { missingSearchAttributes, type SearchAttribute } from '../search-attributes.ts';
import { temporalError } from './temporal-error.ts';

/** Workflow types by the first part of their ids. */
const workflowTypes: Readonly<Record<RunKind, string>> = {
  backup: 'backup',
  restore: 'restore',
  'delete-backup': 'deleteBackup',
  'check-conformance': 'checkConformance',
};

/** The workflow that looks at all storage locations; its id begins with `validate-locations`, also where a schedule starts it. */
const validation = { type: 'validateLocations', id: 'validate-locations' };

/** How long a validation may take, a worker's coming included. */
const validateWithinSeconds = 120;

const connectSeconds = 5;

/** What starts a run, and what Temporal shows of it. */
interface RunRequest {
  readonly kind: RunKind;
  /** The workflow's one argument. */
  readonly request: { readonly name: string };
  /** One line for lists. */
  readonly summary: string;
  /** Markdown. */
  readonly details: string;
}

/** A run that Temporal knows of. */
export interface KnownRun {
  readonly name: string;
  readonly isRunning: boolean;
  readonly handle: RunHandle;
  /** RFC 3339. */
  readonly startTimestamp: string;
  readonly uid: string;
}

/** What a Temporal namespace has, of what runs need. */
export interface TemporalExamination {
  /** Such as `1.29.1`. */
  readonly serverVersion: string;
  /** How long Temporal remembers runs that have ended. */
  readonly retentionHours: number;
  /** Who asked the task queue for work within the last five minutes. */
  readonly workers: readonly string[];
  readonly missingSearchAttributes: readonly SearchAttribute[];
}

type ShownByTemporal = Pick<WorkflowExecutionInfo, 'workflowId' | 'runId' | 'taskQueue' | 'status' | 'startTime'>;

/** The runs, as Temporal has them. Connects on first use; a failure to connect is not remembered. */
export class Temporal {
  readonly #config: Config['temporal'];
  readonly #tracing: Tracing | undefined;
  #client: Promise<Client> | undefined;

  /** @param tracing makes spans of starts and queries; default: none are made */
  constructor(config: Config['temporal'], tracing?: Tracing) {
    this.#config = config;
    this.#tracing = tracing;
  }

  /** Temporal's own client, for what is no run. Rejects with `Unavailable`. */
  client(): Promise<Client> {
    return this.#connected();
  }

  /** Starts a run. Rejects with `AlreadyExists` while one of that kind and name is running. */
  async start<Status = RunStatus, Result = RunResult>({
    kind,
    request,
    summary,
    details,
  }: RunRequest): Promise<RunHandle<Status, Result>> {
    const client = await this.#connected();
    const { taskQueue } = this.#config;
    const workflowId = this.#id(kind, request.name);
    try {
      const handle = await client.workflow.start(workflowTypes[kind], {
        workflowId,
        taskQueue,
        args: [request],
        workflowIdConflictPolicy: 'FAIL',
        workflowIdReusePolicy: 'ALLOW_DUPLICATE',
        staticSummary: summary,
        staticDetails: details,
      });
      return new RunHandle({ kind, name: request.name, taskQueue, client, handle });
    } catch (error) {
      if ((error as Error).name === 'WorkflowExecutionAlreadyStartedError')
        throw new BowlineError('AlreadyExists', `start ${workflowId}: it is running already`, { cause: error });
      throw temporalError(`start ${workflowId}`, error);
    }
  }

  /** Validates all storage locations, or joins who does so already. Rejects with `Unavailable` if no worker does it in time. */
  async validateLocations(): Promise<ValidatedLocations> {
    const client = await this.#connected();
    const { taskQueue, idPrefix } = this.#config;
    try {
      return (await client.workflow.execute(validation.type, {
        workflowId: `${idPrefix}${validation.id}`,
        taskQueue,
        workflowIdConflictPolicy: 'USE_EXISTING',
        workflowExecutionTimeout: `${validateWithinSeconds} seconds`,
      })) as ValidatedLocations;
    } catch (error) {
      if ((error as Error).name !== 'WorkflowFailedError') throw temporalError(`start ${validation.id}`, error);
      const failed = error as WorkflowFailedError;
      if (failed.cause?.name !== 'TimeoutFailure') throw runError(failed);
      const message = `validate locations: no answer on task queue ${taskQueue} within ${validateWithinSeconds} s`;
      throw new BowlineError('Unavailable', message, { cause: error });
    }
  }

  /** What the newest validation that has ended found; none if Temporal never knew of one, or has forgotten it. */
  async validatedLocations(): Promise<ValidatedLocations | undefined> {
    const client = await this.#connected();
    const prefix = `${this.#config.idPrefix}${validation.id}`;
    const query = `WorkflowType = '${validation.type}' AND ExecutionStatus = 'Completed'`;
    try {
      for await (const { workflowId, runId } of client.workflow.list({ query })) {
        if (!workflowId.startsWith(prefix)) continue;
        return (await client.workflow.getHandle(workflowId, runId).result()) as ValidatedLocations;
      }
      return undefined;
    } catch (error) {
      throw temporalError(`look for validations of locations`, error);
    }
  }

  /** What Temporal itself says of what runs need there. Starts nothing. Rejects with `Unavailable` or `NotFound` (the namespace). */
  async examine(): Promise<TemporalExamination> {
    const client = await this.#connected();
    const { namespace, taskQueue } = this.#config;
    const { connection } = client;
    const deadline = Date.now() + connectSeconds * 1_000;
    try {
      return await connection.withDeadline(deadline, async () => {
        const { serverVersion } = await connection.workflowService.getSystemInfo({});
        const { config } = await connection.workflowService.describeNamespace({ namespace });
        const { pollers } = await connection.workflowService.describeTaskQueue({
          namespace,
          taskQueue: { name: taskQueue },
        });
        return {
          serverVersion: serverVersion ?? '',
          retentionHours: Number(config?.workflowExecutionRetentionTtl?.seconds ?? 0) / 3_600,
          workers: (pollers ?? []).map(({ identity }) => identity ?? ''),
          missingSearchAttributes: await missingSearchAttributes(connection, namespace),
        };
      });
    } catch (error) {
      throw temporalError(`examine Temporal's namespace ${namespace}`, error);
    }
  }

  /** The newest run of that kind and name, running or ended; none if Temporal never knew of one, or has forgotten it. */
  async find(kind: RunKind, name: string): Promise<KnownRun | undefined> {
    const client = await this.#connected();
    const workflowId = this.#id(kind, name);
    try {
      const info = await client.workflow.getHandle(workflowId).describe();
      return this.#known(client, { kind, name }, info);
    } catch (error) {
      if ((error as Error).name === 'WorkflowNotFoundError') return undefined;
      throw temporalError(`look for ${workflowId}`, error);
    }
  }

  /** The runs of a kind that have not ended, newest first. A run may be missing for a second after its start. */
  async running(kind: RunKind): Promise<KnownRun[]> {
    const client = await this.#connected();
    const prefix = this.#id(kind, '');
    const query = `WorkflowType = '${workflowTypes[kind]}' AND ExecutionStatus = 'Running'`;
    const runs: KnownRun[] = [];
    try {
      for await (const info of client.workflow.list({ query })) {
        if (!info.workflowId.startsWith(prefix)) continue;
        runs.push(this.#known(client, { kind, name: info.workflowId.slice(prefix.length) }, info));
      }
    } catch (error) {
      throw temporalError(`list running workflows of type ${workflowTypes[kind]}`, error);
    }
    return runs;
  }

  async close(): Promise<void> {
    const client = await this.#client?.catch(() => undefined);
    await client?.connection.close();
    await this.#tracing?.close();
  }

  #id(kind: RunKind, name: string): string {
    return `${this.#config.idPrefix}${kind}/${name}`;
  }

  #known(
    client: Client,
    { kind, name }: { kind: RunKind; name: string },
    { workflowId, runId, taskQueue, status, startTime }: ShownByTemporal,
  ): KnownRun {
    const handle = client.workflow.getHandle(workflowId);
    return {
      name,
      isRunning: status.name === 'RUNNING',
      handle: new RunHandle({ kind, name, taskQueue, client, handle }),
      startTimestamp: startTime.toISOString(),
      uid: runId,
    };
  }

  #connected(): Promise<Client> {
    if (this.#client === undefined) {
      const connecting = this.#connect();
      this.#client = connecting;
      connecting.catch(() => (this.#client = undefined));
    }
    return this.#client;
  }

  async #connect(): Promise<Client> {
    const { address, namespace, codec } = this.#config;
    const dataConverter = await openDataConverter(codec);
    try {
      const connection = await Connection.connect({
        ...connectionOptions(this.#config),
        connectTimeout: `${connectSeconds} seconds`,
      });
      const interceptors = this.#tracing && { workflow: [this.#tracing.client] };
      return new Client({ connection, namespace, dataConverter, ...(interceptors && { interceptors }) });
    } catch (cause) {
      throw new BowlineError('Unavailable', `connect to Temporal at ${address}: no answer within ${connectSeconds} s`, {
        cause,
      });
    }
  }
}
