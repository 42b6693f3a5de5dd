import { BowlineError } from '../../api/errors.ts';
import { checkKeys, type ConfigKeys } from '../config-keys.ts';
import { urlProblems, type ConfigTexts } from '../config-values.ts';
import { googleAuth, parseJson, readGoogleCredentials, type GoogleCredentials } from '../google-credentials.ts';
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

/** The settings of the `gcp` volume snapshotter. Source: velero-plugin-for-gcp `volume_snapshotter.go`. */
export const gcpDiskKeys: ConfigKeys = {
  required: [],
  optional: ['snapshotLocation', 'snapshotType', 'project', 'volumeProject', 'credentialsFile', 'computeUrl'],
};
const scopes = ['https://www.googleapis.com/auth/compute'];
const snapshotTypes = ['STANDARD', 'ARCHIVE'];

/** No request takes longer, but for the one that waits for an operation, which answers after 2 minutes at the latest. */
const timeoutMs = 150_000;

/**
 * Makes a client. Credentials are those of `credentialsFile`, or the environment's own as Google's library finds them. @throws BowlineError `InvalidConfig` with all problems
 */
export async function openGcpClient(config: ConfigTexts): Promise<GcpClient> {
  const { credentialsFile, snapshotLocation, snapshotType = 'STANDARD' } = config;
  const { computeUrl = 'https://compute.googleapis.com/compute/v1', caCert } = config;
  const { credentials, problems } = await readGoogleCredentials(credentialsFile);
  checkKeys('gcp volume snapshotter', config, gcpDiskKeys, [
    ...problems,
    ...(caCert ? ['caCert: not taken by this provider; name its file in the variable NODE_EXTRA_CA_CERTS'] : []),
    ...urlProblems(config, ['computeUrl']),
    ...(snapshotTypes.includes(snapshotType.toUpperCase())
      ? []
      : [`snapshotType: expected ${snapshotTypes.join(' or ')}, got ${snapshotType}`]),
  ]);
  const auth = await googleAuth(credentials, { scopes, universeDomain: undefined });
  const volumeProject = config['volumeProject'] || (await projectOf(auth, credentials));
  return {
    volumeProject,
    snapshotProject: config['project'] || volumeProject,
    ...(snapshotLocation && { snapshotLocation }),
    snapshotType: snapshotType.toUpperCase(),

    async request<T>(tried: string, { method = 'GET', path, query = {}, body }: GcpRequest, { signal }: CallOptions) {
      throwIfInterrupted(tried, signal);
      const timeout = AbortSignal.timeout(timeoutMs);
      try {
        const headers = new Headers(await auth.getRequestHeaders(computeUrl));
        headers.set('content-type', 'application/json');
        const response = await fetch(`${computeUrl}/${path}?${new URLSearchParams(query).toString()}`, {
          method,
          headers,
          signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
          ...(body && { body: JSON.stringify(body) }),
        });
        const answer = parseJson(await response.text());
        if (response.ok && answer) return answer as T;
        const retryAfter = response.headers.get('retry-after');
        const refusal: GcpRefusal = { status: response.status, retryAfter, body: answer ?? {} };
        throw response.ok ? new BowlineError('Unavailable', `${tried}: no JSON`) : gcpRefusal(tried, refusal);
      } catch (error) {
        throw signal?.aborted ? interrupted(tried, error) : gcpError(tried, error);
      }
    },
  };
}

async function projectOf(
  auth: { getProjectId(): Promise<string> },
  credentials: GoogleCredentials | undefined,
): Promise<string> {
  const project = credentials ? credentials.project_id : await auth.getProjectId().catch(() => undefined);
  if (project) return project;
  throw new BowlineError(
    'InvalidConfig',
    'gcp volume snapshotter: the credentials name no project; expected volumeProject',
  );
}
