import { Context } from '@temporalio/activity';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import { BowlineError } from '../api/errors.ts';
import { toFailure } from './failures.ts';

/** Asks Temporal, by a heartbeat, whether an attempt is still the current one; rejects if it is not. */
export type ConfirmAttempt = (taskToken: Uint8Array) => Promise<void>;

/** How leases are kept. */
export interface LeaseOptions {
  /** How often an activity tells Temporal that it lives, and hears of a cancellation. Default 2,000. */
  readonly heartbeatEveryMs?: number;
  /**
   * After so long without a heartbeat another attempt may run: it stays below the heartbeat timeout of 10 s, so that an attempt
   * which was suspended gives up before it writes, instead of working beside its successor. Default 8,000.
   */
  readonly leaseMs?: number;
  /**
   * A task that comes so long after it was scheduled may have waited somewhere, in the buffers of a suspended worker, until another
   * worker was given it: such an attempt begins only once it is confirmed. Default 5,000: half of the heartbeat timeout, the rest
   * being for clocks that differ.
   */
  readonly lateMs?: number;
  /** Default: nobody is asked. */
  readonly confirm?: ConfirmAttempt;
  /** The clock, in milliseconds. Default the machine's. */
  readonly now?: () => number;
}

/** An attempt's right to write. */
class Lease {
  /** Each takes back something that the attempt has written. */
  readonly undo: (() => Promise<void>)[] = [];
  readonly #lost = new AbortController();
  readonly #durationMs: number;
  readonly #now: () => number;
  #renewedAt: number;

  constructor(durationMs: number, now: () => number) {
    this.#durationMs = durationMs;
    this.#now = now;
    this.#renewedAt = now();
  }

  /** Renews the lease, unless it has run out. */
  renew(): void {
    if (!this.signal.aborted) this.#renewedAt = this.#now();
  }

  get signal(): AbortSignal {
    if (this.#now() - this.#renewedAt > this.#durationMs) this.#lost.abort();
    return this.#lost.signal;
  }
}

const leases = new WeakMap<Context, Lease>();

/**
 * Fires when the activity at hand is cancelled, or was suspended for so long that another attempt may have begun. Every
 * call that reads or writes takes it; `assertLease` asks it between calls. Outside a worker it never fires.
 */
export function activitySignal(): AbortSignal {
  const context = Context.current();
  const lease = leases.get(context);
  return lease === undefined ? context.cancellationSignal : AbortSignal.any([context.cancellationSignal, lease.signal]);
}

/**
 * Whether another attempt may have begun, and perhaps ended, while the one at hand still works: it was suspended for too long, or
 * the server no longer knows it.
 */
export function leaseIsLost(): boolean {
  const context = Context.current();
  const { notFound = false, timedOut = false } = context.cancellationDetails ?? {};
  return notFound || timedOut || (leases.get(context)?.signal.aborted ?? false);
}

/** Calls `undo` when the attempt at hand ends and has lost its lease. Asked for before the write that it takes back. */
export function undoIfLeaseIsLost(undo: () => Promise<void>): void {
  leases.get(Context.current())?.undo.push(undo);
}

/** @throws BowlineError `Interrupted` if the attempt at hand must not write any more */
export function assertLease(): void {
  if (leaseIsLost()) throw new BowlineError('Interrupted', 'this attempt was suspended past its heartbeat timeout');
}

/** Keeps every activity's lease by heartbeats, and turns what it throws into a failure that workflows understand. */
export function leaseInterceptors({
  heartbeatEveryMs = 2_000,
  leaseMs = 8_000,
  lateMs = 5_000,
  confirm,
  now = Date.now,
}: LeaseOptions = {}): ActivityInterceptorsFactory {
  return (context) => ({
    inbound: {
      async execute(input, next) {
        const lease = new Lease(leaseMs, now);
        leases.set(context, lease);
        const timer = setInterval(() => {
          lease.renew();
          context.heartbeat();
        }, heartbeatEveryMs);
        try {
          const { taskToken, currentAttemptScheduledTimestampMs } = context.info;
          if (confirm && now() - currentAttemptScheduledTimestampMs > lateMs) await confirmed(confirm, taskToken);
          return await next(input);
        } catch (error) {
          // A cancelled activity must end as cancelled, whatever the interrupted call made of it.
          if (context.cancellationSignal.aborted) await context.cancelled;
          throw toFailure(error);
        } finally {
          clearInterval(timer);
          if (leaseIsLost()) await Promise.allSettled(lease.undo.map((undo) => undo()));
        }
      },
    },
  });
}

async function confirmed(confirm: ConfirmAttempt, taskToken: Uint8Array): Promise<void> {
  try {
    await confirm(taskToken);
  } catch (error) {
    throw new BowlineError('Interrupted', 'this attempt came late and is not known to be the current one', {
      cause: error,
    });
  }
}
