import { activityInfo } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { parseGoDuration } from '../api/duration.ts';
import { errorCode, isPermanent } from '../api/errors.ts';
import type { Dependencies } from './dependencies.ts';

/**
 * Runs the first step of a run. A cluster or store that stays out of reach for longer than `config.outOfReachTimeout` fails the
 * run for good, with what it said last: nothing has begun yet, and whoever started the run should hear of it. Later steps
 * go on trying for as long as their own timeouts allow.
 */
export async function orGiveUp<T>({ config, now }: Dependencies, prepare: () => Promise<T>): Promise<T> {
  try {
    return await prepare();
  } catch (error) {
    const code = errorCode(error);
    if (code === undefined || code === 'Interrupted' || isPermanent(error)) throw error;
    const waitedMs = now().getTime() - activityInfo().scheduledTimestampMs;
    if (waitedMs < (parseGoDuration(config.outOfReachTimeout) ?? 0)) throw error;
    const message = `${(error as Error).message}; tried for ${Math.round(waitedMs / 1_000)} s`;
    throw ApplicationFailure.create({ message, type: code, nonRetryable: true });
  }
}
