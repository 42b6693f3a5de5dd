import { loadClientConfigProfile, toClientOptions, type ClientConfigProfile } from '@temporalio/envconfig';
import type { Config } from './api/config.ts';
import { BowlineError } from './api/errors.ts';

/** What Temporal's own tools would connect by. */
export type TemporalProfile = Partial<
  Pick<Config['temporal'], 'address' | 'namespace' | 'apiKey' | 'tls' | 'metadata'>
>;

/**
 * Reads the variables `TEMPORAL_…` and the profile of Temporal's configuration file (`temporal.toml`) that they name, as the
 * `temporal` command does. Without either it is empty; keys of the file that other versions know are passed over.
 *
 * @throws BowlineError `InvalidConfig` if the file, its profile or a certificate can't be read; never with what is in it
 */
export function readTemporalProfile(env: NodeJS.ProcessEnv): TemporalProfile {
  const variables = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  try {
    const profile = loadClientConfigProfile({ overrideEnvVars: Object.fromEntries(variables) });
    assertWhole(profile);
    const { namespace, connectionOptions } = toClientOptions(profile);
    const { address, apiKey, tls, metadata } = connectionOptions;
    return {
      ...(address !== undefined && { address }),
      ...(namespace !== undefined && { namespace }),
      ...(apiKey !== undefined && { apiKey }),
      // An API key alone makes the SDK use TLS.
      ...(profile.tls !== undefined && tls && { tls: tls === true || present(tls) }),
      ...(profile.tls?.disabled === true && { tls: false }),
      ...(metadata && Object.keys(metadata).length > 0 && { metadata: metadata as Record<string, string> }),
    };
  } catch (cause) {
    throw new BowlineError('InvalidConfig', `Temporal's configuration: ${firstLine(cause as Error)}`, { cause });
  }
}

/** A certificate without its key, or a key alone, would connect without either. */
function assertWhole({ tls }: ClientConfigProfile): void {
  if ((tls?.clientCert === undefined) !== (tls?.clientKey === undefined))
    throw new Error('a client certificate and its key have to be given together');
}

function present<T extends object>(values: T): T {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as T;
}

/** Parsers show the lines of a file around their complaint, and an API key may stand there. */
function firstLine({ message }: Error): string {
  return message.split('\n')[0]!;
}
