import { BowlineError, type ErrorCode } from '../../api/errors.ts';
import { connectionErrorCode } from './connection-errors.ts';

/** What the SDK throws: of the store, of the authority that gives tokens, and of the connection. */
interface SdkError {
  readonly name?: string;
  readonly message?: string;
  readonly code?: string;
  readonly statusCode?: number;
  readonly response?: { readonly headers?: { get(name: string): string | undefined } };
}

const byCode: Readonly<Record<string, ErrorCode>> = {
  BlobNotFound: 'NotFound',
  InvalidRange: 'NotFound',
  BlobAlreadyExists: 'AlreadyExists',
  // Not `NotFound`, which is said of objects.
  ContainerNotFound: 'InvalidConfig',
  ContainerDisabled: 'InvalidConfig',
  InvalidResourceName: 'InvalidConfig',
  AuthenticationFailed: 'AccessDenied',
  InvalidAuthenticationInfo: 'AccessDenied',
  // With status 409, as all that follow: not to be taken for two writers that met.
  PublicAccessNotPermitted: 'AccessDenied',
  BlobImmutableDueToPolicy: 'AccessDenied',
  BlobArchived: 'Unsupported',
  SnapshotsPresent: 'Unsupported',
  // 412, but of a lease that somebody has and will give back.
  LeaseIdMissing: 'Conflict',
  // 503 when an account has more requests than it may.
  ServerBusy: 'Throttled',
};

const byStatus: Readonly<Record<number, ErrorCode>> = {
  401: 'AccessDenied',
  403: 'AccessDenied',
  404: 'NotFound',
  409: 'Conflict',
  412: 'AlreadyExists',
  416: 'NotFound',
  429: 'Throttled',
  503: 'Throttled',
};

const byName: Readonly<Record<string, ErrorCode>> = {
  AbortError: 'Interrupted',
  CredentialUnavailableError: 'AccessDenied',
  AuthenticationRequiredError: 'AccessDenied',
  AggregateAuthenticationError: 'AccessDenied',
};

/** Maps what Azure or the SDK says to the closed list of codes; the one place that does. */
export function azureError(tried: string, error: unknown): BowlineError {
  const { name = '', message = '', statusCode: status, response } = error as SdkError;
  if (name === 'BowlineError') return error as BowlineError;
  // The answer to a HEAD has no text, but this.
  const code = (error as SdkError).code || response?.headers?.get('x-ms-error-code') || '';
  const said = [status, code || (status === undefined ? name : '')].filter(Boolean).join(' ');
  return new BowlineError(codeOf({ name, code, status }), `${tried}: ${said}`, {
    cause: error,
    ...(status !== undefined && { status }),
    ...(message !== '' && { detail: message }),
  });
}

function codeOf({ name, code, status }: { name: string; code: string; status: number | undefined }): ErrorCode {
  const known = byCode[code] ?? byName[name];
  if (known) return known;
  if (status === undefined) return connectionErrorCode(code);
  // The authority answers 400 to a secret that is wrong or has expired.
  if (name === 'AuthenticationError' && status < 500) return 'AccessDenied';
  return byStatus[status] ?? (status < 500 && status >= 400 ? 'Unsupported' : 'Unavailable');
}
