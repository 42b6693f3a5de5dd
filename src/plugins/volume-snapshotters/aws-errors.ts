import { BowlineError, type ErrorCode } from '../../api/errors.ts';
import { connectionErrorCode } from '../object-stores/connection-errors.ts';

/** What the SDK throws. */
interface SdkError {
  readonly name?: string;
  readonly message?: string;
  readonly code?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

const byName: Readonly<Record<string, ErrorCode>> = {
  AuthFailure: 'AccessDenied',
  UnauthorizedOperation: 'AccessDenied',
  InvalidClientTokenId: 'AccessDenied',
  SignatureDoesNotMatch: 'AccessDenied',
  ExpiredToken: 'AccessDenied',
  RequestExpired: 'AccessDenied',
  OptInRequired: 'AccessDenied',
  Blocked: 'AccessDenied',
  CredentialsProviderError: 'AccessDenied',
  // The same token with another request: the configuration has changed meanwhile.
  IdempotentParameterMismatch: 'AlreadyExists',
  RequestLimitExceeded: 'Throttled',
  EC2ThrottledException: 'Throttled',
  Throttling: 'Throttled',
  ThrottlingException: 'Throttled',
  SnapshotCreationPerVolumeRateExceeded: 'Throttled',
  ConcurrentSnapshotLimitExceeded: 'Throttled',
  PendingSnapshotLimitExceeded: 'Throttled',
  VolumeInUse: 'Conflict',
  IncorrectState: 'Conflict',
  'IncorrectState.Volume': 'Conflict',
  InsufficientVolumeCapacity: 'Unavailable',
  AbortError: 'Interrupted',
};

const byStatus: Readonly<Record<number, ErrorCode>> = {
  401: 'AccessDenied',
  403: 'AccessDenied',
  429: 'Throttled',
};

/** Maps what EC2 or the SDK says to the closed list of codes; the one place that does, and so says what is permanent. */
export function ec2Error(tried: string, error: unknown): BowlineError {
  const { name = '', code, message, $metadata } = error as SdkError;
  if (name === 'BowlineError') return error as BowlineError;
  const status = $metadata?.httpStatusCode;
  const said = name === 'Error' || name === '' ? (code ?? 'no answer') : name;
  return new BowlineError(codeOf(said, status), `${tried}: ${[status, said].filter(Boolean).join(' ')}`, {
    cause: error,
    ...(status !== undefined && { status }),
    ...(message !== undefined && { detail: message }),
  });
}

function codeOf(said: string, status: number | undefined): ErrorCode {
  if (byName[said]) return byName[said];
  if (/\.(NotFound|Malformed)$/.test(said)) return 'NotFound';
  if (status === undefined) return connectionErrorCode(said);
  // Limits that only people lift, what is in use elsewhere, and what EC2 makes no sense of.
  return byStatus[status] ?? (status >= 400 && status < 500 ? 'Unsupported' : 'Unavailable');
}
