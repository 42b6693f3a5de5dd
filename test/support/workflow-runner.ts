import { randomUUID } from 'node:crypto';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker';
import { registerSearchAttributes } from '../../src/search-attributes.ts';
import type { RunResult, RunStatus } from '../../src/workflows/messages.ts';
import './quiet-runtime.ts';
import type { StubActivities } from './stub-activities.ts';
import { workflowBundle } from './workflow-bundle.ts';

/** The events of one run. */
export type History = Awaited<ReturnType<WorkflowHandle['fetchHistory']>>;

/** A run that a test has started. */
export interface StartedRun<Result = RunResult, Status = RunStatus> extends WorkflowHandle {
  /** The run's name: unique, and part of the workflow's id. */
  readonly name: string;
  result(): Promise<Result>;
  status(): Promise<Status>;
}

/** How a run ended that could not finish. */
export interface FailedRun {
  readonly failure: Error;
  /** The answer to the query `status` afterwards. */
  readonly status: RunStatus;
  /** As Temporal has it: `FAILED`, `CANCELLED`. */
  readonly temporalStatus: string;
}

/** Starts a run with a spec; `others` are further members of its argument. */
export type StartRun = <Result = RunResult, Status = RunStatus>(
  type: keyof typeof idsByType,
  spec?: object,
  others?: object,
) => Promise<StartedRun<Result, Status>>;

const idsByType = {
  backup: 'backup',
  restore: 'restore',
  deleteBackup: 'delete-backup',
  checkConformance: 'check-conformance',
  validateLocations: 'validate-locations',
  expireBackups: 'expire-backups',
  scheduledBackup: 'scheduled-backup',
} as const;

/** Whether each task of a run is to begin with a replay of all before it: no worker keeps a workflow in memory. Three times as slow. */
const keepsNone = process.env['BOWLINE_TEST_CACHED_WORKFLOWS'] === '0';

/** A history comes whole where it has few events, however long these are. */
const mostHistoryBytes = 64 * 1024 * 1024;

/** Runs workflows on a real Temporal server, with stubs for activities. */
export class WorkflowRunner {
  readonly client: Client;
  readonly #connection: Connection;
  readonly #native: NativeConnection;

  constructor(connection: Connection, native: NativeConnection) {
    this.client = new Client({ connection });
    this.#connection = connection;
    this.#native = native;
  }

  static async connect({ address }: { readonly address: string }): Promise<WorkflowRunner> {
    const channelArgs = { 'grpc.max_receive_message_length': mostHistoryBytes };
    const connection = await Connection.connect({ address, channelArgs });
    await registerSearchAttributes(connection, 'default');
    return new WorkflowRunner(connection, await NativeConnection.connect({ address }));
  }

  async close(): Promise<void> {
    await this.#native.close();
    await this.#connection.close();
  }

  /**
   * Does `work` while a worker of its own runs with these activities. Then every history that came of it is replayed: it has to
   * lead the workflows' code to the same commands.
   */
  async run<T>(
    stubs: StubActivities,
    work: (start: StartRun) => Promise<T>,
    options: Partial<WorkerOptions> = {},
  ): Promise<T> {
    const taskQueue = `test-${randomUUID()}`;
    const worker = await Worker.create({
      connection: this.#native,
      taskQueue,
      workflowBundle: await workflowBundle(),
      // In this thread: one of its own would load all of Temporal's modules first, most of the time that a test takes.
      debugMode: true,
      activities: stubs.activities,
      maxHeartbeatThrottleInterval: '100 milliseconds',
      ...(keepsNone && { maxCachedWorkflows: 0 }),
      ...options,
    });
    const ids: string[] = [];
    const start: StartRun = async <Result, Status>(type: keyof typeof idsByType, spec?: object, others?: object) => {
      const name = `test-${randomUUID().slice(0, 13)}`;
      const workflowId = `${idsByType[type]}/${name}`;
      ids.push(workflowId);
      const args = [{ name, ...(spec && { spec }), ...others }];
      const handle = await this.client.workflow.start(type, { workflowId, taskQueue, args });
      const result = (): Promise<Result> => handle.result() as Promise<Result>;
      return { ...handle, name, result, status: () => handle.query<Status>('status') };
    };
    const result = await worker.runUntil(() => work(start));
    await this.#replay(ids);
    return result;
  }

  /** Runs a workflow to its failure; `meanwhile` is done while it runs. */
  fail(
    type: Parameters<StartRun>[0],
    stubs: StubActivities,
    meanwhile: (started: StartedRun) => Promise<unknown> = async () => undefined,
    others: object = {},
  ): Promise<FailedRun> {
    return this.run(stubs, async (start) => {
      const started = await start(type, undefined, others);
      await meanwhile(started);
      const failure: unknown = await started.result().then(
        () => new Error('it did not fail'),
        (error: Error) => error.cause,
      );
      const { status } = await started.describe();
      return { failure: failure as Error, status: await started.status(), temporalStatus: status.name };
    });
  }

  /** The histories of a workflow's runs in a row, the first one first. */
  async histories(workflowId: string, firstRunId?: string): Promise<History[]> {
    const found: History[] = [];
    let runId = firstRunId ?? (await this.#firstRunId(workflowId));
    while (runId) {
      const history = await this.client.workflow.getHandle(workflowId, runId).fetchHistory();
      found.push(history);
      const last = history.events?.at(-1);
      runId = last?.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId ?? '';
    }
    return found;
  }

  async #firstRunId(workflowId: string): Promise<string> {
    const [newest] = (await this.client.workflow.getHandle(workflowId).fetchHistory()).events ?? [];
    return newest?.workflowExecutionStartedEventAttributes?.firstExecutionRunId ?? '';
  }

  async #replay(workflowIds: readonly string[]): Promise<void> {
    const replayed: { workflowId: string; history: History }[] = [];
    for (const workflowId of workflowIds) {
      for (const history of await this.histories(workflowId)) replayed.push({ workflowId, history });
    }
    for (const { workflowId, runId } of replayed.flatMap(({ history }) => childrenOf(history)))
      replayed.push({ workflowId, history: await this.client.workflow.getHandle(workflowId, runId).fetchHistory() });
    const results = Worker.runReplayHistories({ workflowBundle: await workflowBundle() }, replayed);
    for await (const { workflowId, error } of results) {
      if (error) throw new Error(`replay of ${workflowId}`, { cause: error });
    }
  }
}

/** The children that a history tells of. */
export function childrenOf({ events }: History): { workflowId: string; runId: string }[] {
  return (events ?? []).flatMap(({ childWorkflowExecutionStartedEventAttributes: started }) =>
    started?.workflowExecution
      ? [{ workflowId: started.workflowExecution.workflowId ?? '', runId: started.workflowExecution.runId ?? '' }]
      : [],
  );
}
