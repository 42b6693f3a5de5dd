import { BowlineError } from '../api/errors.ts';

/** What a call rejects with whose signal has fired. */
export function interrupted(tried: string, cause?: unknown): BowlineError {
  return new BowlineError('Interrupted', `${tried}: interrupted`, { cause });
}

/** @throws BowlineError `Interrupted` if the signal has fired */
export function throwIfInterrupted(tried: string, signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw interrupted(tried, signal.reason);
}
