import { BowlineError } from '../api/errors.ts';

/** What a call rejects with whose signal has fired. */
export function interrupted(tried: string, cause?: unknown): BowlineError {
  return new BowlineError('Interrupted', `${tried}: interrupted`, { cause });
}

/** @throws BowlineError `Interrupted` if the signal has fired */
export function throwIfInterrupted(tried: string, signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw interrupted(tried, signal.reason);
}

/** What `promise` gives, or `Interrupted` as soon as the signal fires: for what can't be told to stop. */
export async function unlessInterrupted<T>(
  tried: string,
  signal: AbortSignal | undefined,
  promise: Promise<T>,
): Promise<T> {
  if (!signal) return promise;
  const stopped = Promise.withResolvers<never>();
  const stop = (): void => stopped.reject(interrupted(tried, signal.reason));
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await Promise.race([promise, stopped.promise]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
