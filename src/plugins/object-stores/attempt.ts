import { interrupted } from '../interruption.ts';
import type { CallOptions } from '../object-store.ts';

/**
 * What sends calls of a provider's SDK that take an `abortSignal`. A call rejects with `Interrupted` if its signal was aborted, else with what
 * `fault` makes of the SDK's error. It is sent once; `tried` names it in messages.
 */
export function attempts(fault: (tried: string, error: unknown) => Error) {
  return async <T>(
    tried: string,
    { signal }: CallOptions,
    send: (sent: { abortSignal?: AbortSignal }) => Promise<T>,
  ): Promise<T> => {
    try {
      return await send(signal ? { abortSignal: signal } : {});
    } catch (error) {
      throw signal?.aborted ? interrupted(tried, error) : fault(tried, error);
    }
  };
}
