import { Context } from '@temporalio/activity';
import type { ActivityInboundCallsInterceptor } from '@temporalio/worker';
import { BowlineError } from '../api/errors.ts';
import { toFailure } from './failures.ts';

/** How often an activity tells Temporal that it lives, and hears of a cancellation. */
const heartbeatEveryMs = 2_000;

/**
 * After so long without a heartbeat another attempt may run: the limit stays below the heartbeat timeout of 10 s, so
 * that an attempt which was suspended gives up before it writes, instead of working beside its successor.
 */
const leaseMs = 8_000;

/**
 * A task that comes so long after it was handed out may have come to a worker that was suspended, or over a connection that
 * was, and have been given to another one since. Half of the heartbeat timeout: the rest is for clocks that differ.
 */
const lateMs = 5_000;

/** An attempt's right to write. */
class Lease {
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

/** Whether the attempt at hand was suspended for so long that another one may have begun, and perhaps ended, meanwhile. */
export function leaseIsLost(): boolean {
  return leases.get(Context.current())?.signal.aborted ?? false;
}

/** @throws BowlineError `Interrupted` if the attempt at hand must not write any more */
export function assertLease(): void {
  if (leaseIsLost()) throw new BowlineError('Interrupted', 'this attempt was suspended past its heartbeat timeout');
}

/** What leases are made by. */
export interface LeaseOptions {
  /** The clock, in milliseconds since 1970. Default: the machine's. */
  readonly now?: () => number;
  /** Asks Temporal, by a heartbeat, whether an attempt is still its own; rejects if it is not. Default: nobody is asked. */
  readonly confirm?: (taskToken: Uint8Array) => Promise<void>;
}

/**
 * Keeps every activity's lease by heartbeats, and turns what it throws into a failure that workflows understand. An attempt that
 * begins late begins only once it is confirmed.
 */
export function leaseInterceptor(
  context: Context,
  { now = Date.now, confirm }: LeaseOptions = {},
): ActivityInboundCallsInterceptor {
  return {
    async execute(input, next) {
      const lease = new Lease(now);
      leases.set(context, lease);
      const timer = setInterval(() => {
        lease.renew();
        context.heartbeat();
      }, heartbeatEveryMs);
      try {
        const { taskToken, currentAttemptScheduledTimestampMs } = context.info;
        if (confirm && now() - currentAttemptScheduledTimestampMs > lateMs) await confirmed(() => confirm(taskToken));
        return await next(input);
      } catch (error) {
        // A cancelled activity must end as cancelled, whatever the interrupted call made of it.
        if (context.cancellationSignal.aborted) await context.cancelled;
        throw toFailure(error);
      } finally {
        clearInterval(timer);
      }
    },
  };
}

async function confirmed(confirm: () => Promise<void>): Promise<void> {
  try {
    await confirm();
  } catch (error) {
    throw new BowlineError('Interrupted', 'this attempt came late and is not known to be the current one', {
      cause: error,
    });
  }
}
