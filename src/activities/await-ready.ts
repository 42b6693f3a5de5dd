import { activityInfo } from '@temporalio/activity';
import { BowlineError, errorCode } from '../api/errors.ts';
import type { ProvisioningStatus } from '../plugins/volume-snapshotter.ts';
import { notYet } from './failures.ts';

/** How long until a provider that names no time is asked again. */
const pollAfterMs = 5_000;

/** What is asked about something that a provider was told to make, and by which clock. */
export interface Wait {
  readonly ask: () => Promise<ProvisioningStatus>;
  /** For how long after the wait has begun the provider may not know it yet. Default 0. */
  readonly indexLagMs?: number | undefined;
  readonly now: () => Date;
}

/**
 * One question of a wait: ends when `what` is ready, such as `snapshot snap-1`. Until then it fails as retryable and says how far
 * it is. Rejects with `InvalidItem` if the provider has given up.
 */
export async function awaitReady(what: string, wait: Wait): Promise<void> {
  const { phase, message, percent, pollAfterMs: askAfterMs } = await statusOf(what, wait);
  if (phase === 'Failed') throw new BowlineError('InvalidItem', `${what} failed: ${message ?? 'no reason given'}`);
  if (phase !== 'Pending') return;
  const againInMs = askAfterMs ?? pollAfterMs;
  const state = percent === undefined ? 'is not ready' : `is ${percent} % done`;
  throw notYet(`${what} ${state}; asked again in ${Math.ceil(againInMs / 1_000)} s`, againInMs);
}

async function statusOf(what: string, { ask, indexLagMs = 0, now }: Wait): Promise<ProvisioningStatus> {
  try {
    return await ask();
  } catch (error) {
    const waitedMs = now().getTime() - activityInfo().scheduledTimestampMs;
    if (errorCode(error) !== 'NotFound' || waitedMs >= indexLagMs) throw error;
    throw notYet(`${what} is not known to the provider yet`, Math.min(pollAfterMs, indexLagMs - waitedMs));
  }
}
