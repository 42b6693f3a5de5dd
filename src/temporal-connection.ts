import type { Config } from './api/config.ts';

/** What the SDK's connections are made with, those of workers and those of clients. */
export function connectionOptions({
  address,
  apiKey,
  tls,
  metadata,
}: Config['temporal']): Pick<Config['temporal'], 'address' | 'apiKey' | 'tls'> & { metadata?: Record<string, string> } {
  return {
    address,
    ...(apiKey !== undefined && { apiKey }),
    ...(tls !== undefined && { tls }),
    ...(metadata !== undefined && { metadata: { ...metadata } }),
  };
}
