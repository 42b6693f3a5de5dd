import { setTimeout as sleep } from 'node:timers/promises';
import {
  isGrpcCancelledError,
  isGrpcDeadlineError,
  type Client,
  type WorkflowExecutionDescription,
  type WorkflowHandle,
} from '@temporalio/client';
import type { Concurrency } from '../api/concurrency.ts';
import { BowlineError, errorCode } from '../api/errors.ts';
import { equalJson } from '../api/json.ts';
import {
  pauseUpdate,
  planTakenSignal,
  resumeUpdate,
  setConcurrencyUpdate,
  statusQuery,
  type RunResult,
  type RunStatus,
  type Steered,
} from '../workflows/messages.ts';
import { runError } from './run-error.ts';
import { temporalError } from './temporal-error.ts';
import { updateError } from './update-error.ts';

/** The first part of a run's workflow id. */
export type RunKind = 'backup' | 'restore' | 'delete-backup' | 'check-conformance';

/** How to watch a run. */
export interface WatchOptions {
  /** How often to ask, in milliseconds. Default 1,000. */
  readonly everyMs?: number;
  /** Ends the iteration. The run goes on. */
  readonly signal?: AbortSignal;
}

/** How long a worker may take to answer, in milliseconds. */
const answerWithinMs = 5_000;

/**
 * A run of a backup, a restore or a deletion, or of the checks of a storage location: a Temporal workflow, which goes on whether or
 * not anybody holds this.
 */
export class RunHandle<Status = RunStatus, Result = RunResult> {
  readonly kind: RunKind;
  /** The backup's, restore's or location's name. */
  readonly name: string;
  readonly workflowId: string;
  /** Where workers have to listen. */
  readonly taskQueue: string;
  readonly #client: Client;
  readonly #handle: WorkflowHandle;

  constructor(run: {
    readonly kind: RunKind;
    readonly name: string;
    readonly taskQueue: string;
    readonly client: Client;
    readonly handle: WorkflowHandle;
  }) {
    this.kind = run.kind;
    this.name = run.name;
    this.taskQueue = run.taskQueue;
    this.workflowId = run.handle.workflowId;
    this.#client = run.client;
    this.#handle = run.handle;
  }

  /** What the run is doing. Answered by a worker, also after the run has ended: rejects with `Unavailable` if none does within 5 s. */
  async status({ signal }: Pick<WatchOptions, 'signal'> = {}): Promise<Status> {
    const query = (): Promise<Status> => this.#handle.query<Status>(statusQuery.name);
    try {
      return await this.#client.withDeadline(Date.now() + answerWithinMs, () =>
        signal ? this.#client.withAbortSignal(signal, query) : query(),
      );
    } catch (error) {
      const tried = `ask ${this.workflowId} for its status`;
      if (signal?.aborted) throw new BowlineError('Interrupted', `${tried}: interrupted`, { cause: error });
      // A call that the deadline ends is also seen as cancelled, by the server.
      if (isGrpcDeadlineError(error) || isGrpcCancelledError(error))
        throw new BowlineError('Unavailable', `${tried}: no worker answers`, { cause: error });
      throw temporalError(tried, error);
    }
  }

  /**
   * Yields the status, and again each time it has changed, until the run has ended; the last one is that of its end. While no worker
   * answers it yields nothing and goes on asking. Rejects if Temporal itself does not answer.
   */
  async *watch({ everyMs = 1_000, signal }: WatchOptions = {}): AsyncGenerator<Status, void, undefined> {
    let last: Status | undefined;
    while (!signal?.aborted) {
      const isRunning = await this.#isRunning();
      const status = await this.status({ ...(signal && { signal }) }).catch(whereUnanswered);
      if (status !== undefined && !equalJson(status, last)) yield (last = status);
      if (!isRunning) return;
      await sleep(everyMs, undefined, { ...(signal && { signal }) }).catch(() => undefined);
    }
  }

  /**
   * Waits for the end. Resolves for `Completed` and `PartiallyFailed`; else rejects with a `RunError` whose code and message are
   * those of the failure (`InvalidSpec` with all `problems`, `AlreadyExists`, …), `Interrupted` if the run was cancelled.
   */
  async result(): Promise<Result> {
    try {
      return (await this.#handle.result()) as Result;
    } catch (error) {
      if ((error as Error).name === 'WorkflowFailedError') throw runError(error as Parameters<typeof runError>[0]);
      throw temporalError(`wait for ${this.workflowId}`, error);
    }
  }

  /** Why steps that failed, and are being tried again, did so last. Empty when all goes well. */
  async troubles(): Promise<string[]> {
    const { raw } = await this.#describe();
    return (raw.pendingActivities ?? []).flatMap(({ lastFailure }) => lastFailure?.message ?? []);
  }

  /** Asks the run to stop. It then removes what it made, and `result` rejects with `Interrupted`. Safe to repeat. */
  async cancel(): Promise<void> {
    await this.#handle.cancel().catch((error: unknown) => {
      throw temporalError(`cancel ${this.workflowId}`, error);
    });
  }

  /**
   * Has a backup or a restore begin nothing new until it is resumed; what is under way ends. Safe to repeat: the answer tells since when
   * it is paused. Rejects with `NotFound` if it has ended, `Unsupported` if it is about to or can't be paused, `Unavailable` if no worker
   * answers within 5 s: it may then be paused all the same, once one does.
   */
  pause(): Promise<Steered> {
    return this.#update(`pause ${this.workflowId}`, () => this.#handle.executeUpdate(pauseUpdate));
  }

  /** Has a paused backup or restore go on. Safe to repeat. Rejects as `pause`. */
  resume(): Promise<Steered> {
    return this.#update(`resume ${this.workflowId}`, () => this.#handle.executeUpdate(resumeUpdate));
  }

  /**
   * Changes how much a backup or a restore works on at the same time; what is under way is not stopped. What is not named stays. Safe to
   * repeat. Rejects with `InvalidSpec` and all `problems`, and as `pause`.
   */
  setConcurrency(concurrency: Partial<Concurrency>): Promise<Steered> {
    return this.#update(`set the concurrency of ${this.workflowId}`, () =>
      this.#handle.executeUpdate(setConcurrencyUpdate, { args: [concurrency] }),
    );
  }

  /** Tells a dry run that its plan has been read: it removes it then, and ends. Safe to repeat. */
  async takePlan(): Promise<void> {
    await this.#handle.signal(planTakenSignal).catch((error: unknown) => {
      throw temporalError(`tell ${this.workflowId} that its plan is taken`, error);
    });
  }

  /** The workflow's one argument, from the first event of its history. */
  async request(): Promise<unknown> {
    const { workflowService, options } = this.#client;
    try {
      const { history } = await workflowService.getWorkflowExecutionHistory({
        namespace: options.namespace,
        execution: { workflowId: this.workflowId },
        maximumPageSize: 1,
      });
      const [payload] = history?.events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads ?? [];
      return payload && options.loadedDataConverter.payloadConverter.fromPayload(payload);
    } catch (error) {
      throw temporalError(`read the request of ${this.workflowId}`, error);
    }
  }

  async #update(tried: string, update: () => Promise<Steered>): Promise<Steered> {
    try {
      return await this.#client.withDeadline(Date.now() + answerWithinMs, update);
    } catch (error) {
      throw updateError(tried, error);
    }
  }

  async #isRunning(): Promise<boolean> {
    return (await this.#describe()).status.name === 'RUNNING';
  }

  async #describe(): Promise<WorkflowExecutionDescription> {
    return this.#handle.describe().catch((error: unknown) => {
      throw temporalError(`look for ${this.workflowId}`, error);
    });
  }
}

function whereUnanswered(error: unknown): undefined {
  if (errorCode(error) === 'Unavailable' || errorCode(error) === 'Interrupted') return undefined;
  throw error;
}
