import { Context } from '@temporalio/activity';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import { BowlineError } from '../api/errors.ts';
import { toFailure } from './failures.ts';
import { Wakefulness } from './wakefulness.ts';

/** How often an activity tells Temporal that it lives, and hears of a cancellation. */
const heartbeatEveryMs = 2_000;

/**
 * After so long without a heartbeat another attempt may run: the limit stays below the heartbeat timeout of 10 s, so
 * that an attempt which was suspended gives up before it writes, instead of working beside its successor.
 */
const leaseMs = 8_000;

/**
 * A task that comes so long after it was handed out may have waited somewhere for so long that another worker was given it since.
 * Half of the heartbeat timeout: the rest is for clocks that differ.
 */
const lateMs = 5_000;

/** Asks Temporal, by a heartbeat, whether an attempt is still the current one; rejects if it is not. */
export type ConfirmAttempt = (taskToken: Uint8Array) => Promise<void>;

/** An attempt's right to write. */
class Lease {
  /** Each takes back something that the attempt has written. */
  readonly undo: (() => Promise<void>)[] = [];
  readonly #lost = new AbortController();
  readonly #now: () => number;
  #renewedAt: number;

  constructor(now: () => number) {
    this.#now = now;
    this.#renewedAt = now();
  }

  /** Renews the lease, unless it has run out. */
  renew(): void {
    if (!this.signal.aborted) this.#renewedAt = this.#now();
  }

  get signal(): AbortSignal {
    if (this.#now() - this.#renewedAt > leaseMs) this.#lost.abort();
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

/**
 * Keeps every activity's lease by heartbeats, and turns what it throws into a failure that workflows understand. `now` is the
 * clock, in milliseconds; default the machine's. An attempt that begins late begins only once it is confirmed; by default nobody is
 * asked.
 */
export function leaseInterceptors(now: () => number = Date.now, confirm?: ConfirmAttempt): ActivityInterceptorsFactory {
  const wakefulness = new Wakefulness(now, leaseMs);
  return (context) => ({
    inbound: {
      async execute(input, next) {
        const lease = new Lease(now);
        leases.set(context, lease);
        const timer = setInterval(() => {
          lease.renew();
          context.heartbeat();
        }, heartbeatEveryMs);
        try {
          if (wakefulness.hasJustWoken)
            throw new BowlineError('Interrupted', 'this worker was suspended until just now');
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
