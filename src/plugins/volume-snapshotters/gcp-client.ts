import { BowlineError } from '../../api/errors.ts';
import { checkKeys } from '../config-keys.ts';
import { urlProblems, type ConfigTexts } from '../config-values.ts';
import { gcpCredentialsProblems, openGcpCredentials, type GcpCredentials } from '../gcp-credentials.ts';
import { interrupted, throwIfInterrupted } from '../interruption.ts';
import type { CallOptions } from '../object-store.ts';
import { gcpError, gcpRefusal, type GcpRefusal } from './gcp-errors.ts';

/** A request to the Compute Engine API. */
export interface GcpRequest {
  readonly method?: 'GET' | 'POST' | 'DELETE';
  /** Below the API's address, such as `projects/p/global/snapshots`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: object;
}

/** What a location's configuration comes to. */
export interface GcpClient {
  /** Where the disks lie, and where the snapshots. */
  readonly volumeProject: string;
  readonly snapshotProject: string;
  /** Where snapshots' bytes are kept. Default: Google's. */
  readonly snapshotLocation?: string;
  readonly snapshotType: string;
  /** Sends a request. Rejects with what the answer's status and reason mean, and with `Interrupted` if the signal fires. */
  readonly request: <T>(tried: string, request: GcpRequest, options: CallOptions) => Promise<T>;
}

const optional = ['snapshotLocation', 'snapshotType', 'project', 'volumeProject', 'credentialsFile', 'computeUrl'];
const snapshotTypes = ['STANDARD', 'ARCHIVE'];

/** No request takes longer, but for the one that waits for an operation, which answers after 2 minutes at the latest. */
const timeoutMs = 150_000;

/**
 * Makes a client. Credentials are those of `credentialsFile`, or the environment's own as
 * Google finds them. @throws BowlineError `InvalidConfig` with all problems
 */
export async function openGcpClient(config: ConfigTexts): Promise<GcpClient> {
  const { credentialsFile, snapshotLocation, snapshotType = 'STANDARD' } = config;
  const { computeUrl = 'https://compute.googleapis.com/compute/v1' } = config;
  checkKeys('gcp volume snapshotter', config, { required: [], optional }, [
    ...(await gcpCredentialsProblems(credentialsFile)),
    ...urlProblems(config, ['computeUrl']),
    ...(snapshotTypes.includes(snapshotType.toUpperCase())
      ? []
      : [`snapshotType: expected ${snapshotTypes.join(' or ')}, got ${snapshotType}`]),
  ]);
  const credentials = await openGcpCredentials(credentialsFile, 'https://www.googleapis.com/auth/compute');
  const volumeProject = config['volumeProject'] || (await projectOf(credentials));
  return {
    volumeProject,
    snapshotProject: config['project'] || volumeProject,
    ...(snapshotLocation && { snapshotLocation }),
    snapshotType: snapshotType.toUpperCase(),

    async request<T>(tried: string, { method = 'GET', path, query = {}, body }: GcpRequest, { signal }: CallOptions) {
      throwIfInterrupted(tried, signal);
      const timeout = AbortSignal.timeout(timeoutMs);
      try {
        const headers = new Headers(await credentials.headers(computeUrl));
        headers.set('content-type', 'application/json');
        const response = await fetch(`${computeUrl}/${path}?${new URLSearchParams(query).toString()}`, {
          method,
          headers,
          signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
          ...(body && { body: JSON.stringify(body) }),
        });
        const answer: unknown = await response.json().catch(() => ({}));
        if (response.ok) return answer as T;
        const retryAfter = response.headers.get('retry-after');
        throw gcpRefusal(tried, { status: response.status, retryAfter, body: answer as GcpRefusal['body'] });
      } catch (error) {
        throw signal?.aborted ? interrupted(tried, error) : gcpError(tried, error);
      }
    },
  };
}

async function projectOf(credentials: GcpCredentials): Promise<string> {
  try {
    return await credentials.project();
  } catch (error) {
    const message = 'gcp volume snapshotter: the credentials name no project; expected volumeProject';
    throw new BowlineError('InvalidConfig', message, { cause: error });
  }
}
