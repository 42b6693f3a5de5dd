import { ApplicationFailure, condition, setHandler } from '@temporalio/workflow';
import { concurrencyProblems, type Concurrency } from '../api/concurrency.ts';
import type { RunSettings } from '../api/run.ts';
import { pauseUpdate, resumeUpdate, setConcurrencyUpdate, updateDescriptions, type Steered } from './messages.ts';
import type { Progress } from './progress.ts';

/**
 * Takes the updates by which people steer a run. What they ask for is in the run's status, and travels with it from one Temporal run
 * to the next.
 *
 * Whoever begins something asks before: `if (steering.isPaused) await steering.resumed();`. Asking alone takes no turn of the event
 * loop, so that a run that is never paused goes the very way it went before there were pauses.
 */
export class Steering {
  readonly #progress: Progress;
  #isClosed = false;

  constructor(progress: Progress) {
    this.#progress = progress;
    const refuseAtTheEnd = (): void => this.#refuseAtTheEnd();
    setHandler(pauseUpdate, () => this.#pause(), {
      validator: refuseAtTheEnd,
      description: updateDescriptions.pause,
    });
    setHandler(resumeUpdate, () => this.#resume(), { description: updateDescriptions.resume });
    setHandler(setConcurrencyUpdate, (wish) => this.#setConcurrency(wish), {
      validator(wish) {
        refuse(concurrencyProblems(wish));
        refuseAtTheEnd();
      },
      description: updateDescriptions.setConcurrency,
    });
  }

  /** Takes what the run has been prepared with, where nothing else has been asked for. */
  prepared({ concurrency }: Pick<RunSettings, 'concurrency'>): void {
    this.#progress.concurrency({ batches: concurrency.batches, ...this.#progress.status.concurrency });
  }

  get isPaused(): boolean {
    return this.#progress.status.pausedSince !== undefined;
  }

  /** Waits until the run is not paused. Rejects if it is cancelled. */
  resumed(): Promise<void> {
    return condition(() => !this.isPaused);
  }

  /** How many batches may be worked on at the same time. */
  get batches(): number {
    return this.#progress.status.concurrency?.batches ?? 1;
  }

  /** How many may be begun: none while the run is paused. */
  get openBatches(): number {
    return this.isPaused ? 0 : this.batches;
  }

  /** How many volumes each location may have begun; its own limit where nobody has asked for another. */
  get volumes(): number | undefined {
    return this.#progress.status.concurrency?.volumes;
  }

  /** From here on nothing can be held back any more; a pause ends. */
  close(): void {
    this.#isClosed = true;
    if (this.isPaused) this.#progress.paused(undefined);
  }

  #pause(): Steered {
    if (!this.isPaused) this.#progress.paused(new Date(Date.now()).toISOString());
    return this.#answer;
  }

  #resume(): Steered {
    if (this.isPaused) this.#progress.paused(undefined);
    return this.#answer;
  }

  #setConcurrency(wish: Partial<Concurrency>): Steered {
    this.#progress.concurrency({ ...this.#progress.status.concurrency, ...wish });
    return this.#answer;
  }

  get #answer(): Steered {
    const { pausedSince, concurrency } = this.#progress.status;
    return { ...(pausedSince !== undefined && { pausedSince }), ...(concurrency && { concurrency }) };
  }

  #refuseAtTheEnd(): void {
    if (!this.#isClosed) return;
    const { kind, name } = this.#progress.status;
    const message = `${kind.toLowerCase()} ${name}: it is about to end, and can't be steered any more`;
    throw ApplicationFailure.nonRetryable(message, 'Unsupported');
  }
}

function refuse(problems: string[]): void {
  if (problems.length === 0) return;
  const [message, type] = [problems.join('; '), 'InvalidSpec'];
  throw ApplicationFailure.create({ message, type, nonRetryable: true, details: [problems] });
}
