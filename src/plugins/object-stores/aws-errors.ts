import { BowlineError, type ErrorCode } from '../../api/errors.ts';
import { connectionErrorCode } from './connection-errors.ts';

/** What the SDK throws. */
interface SdkError {
  readonly name?: string;
  readonly message?: string;
  readonly code?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
  readonly $retryable?: unknown;
}

const byName: Readonly<Record<string, ErrorCode>> = {
  NoSuchKey: 'NotFound',
  NotFound: 'NotFound',
  InvalidRange: 'NotFound',
  PreconditionFailed: 'AlreadyExists',
  AccessDenied: 'AccessDenied',
  InvalidAccessKeyId: 'AccessDenied',
  SignatureDoesNotMatch: 'AccessDenied',
  // Some of these come with status 400.
  ExpiredToken: 'AccessDenied',
  ExpiredTokenException: 'AccessDenied',
  InvalidToken: 'AccessDenied',
  TokenRefreshRequired: 'AccessDenied',
  CredentialsProviderError: 'AccessDenied',
  // What versitygw says of an unknown key, with status 404.
  XAdminUserNotFound: 'AccessDenied',
  SlowDown: 'Throttled',
  ThrottlingException: 'Throttled',
  ConditionalRequestConflict: 'Conflict',
  AbortError: 'Interrupted',
  // Not `NotFound`, which is said of objects.
  NoSuchBucket: 'InvalidConfig',
  InvalidBucketName: 'InvalidConfig',
  // The bucket is in another region than the one configured.
  PermanentRedirect: 'InvalidConfig',
  AuthorizationHeaderMalformed: 'InvalidConfig',
  IllegalLocationConstraintException: 'InvalidConfig',
  'KMS.NotFoundException': 'InvalidConfig',
  'KMS.DisabledException': 'InvalidConfig',
  'KMS.KMSInvalidStateException': 'InvalidConfig',
  NotImplemented: 'Unsupported',
  // 400, but of a connection that went idle.
  RequestTimeout: 'Unavailable',
  // 403, but the SDK sets its clock by the answer: the next request is right.
  RequestTimeTooSkewed: 'Unavailable',
};

const byStatus: Readonly<Record<number, ErrorCode>> = {
  301: 'InvalidConfig',
  307: 'InvalidConfig',
  401: 'AccessDenied',
  403: 'AccessDenied',
  404: 'NotFound',
  409: 'Conflict',
  412: 'AlreadyExists',
  416: 'NotFound',
  429: 'Throttled',
  501: 'Unsupported',
  503: 'Throttled',
};

/** Maps what S3 or the SDK says to the closed list of codes; the one place that does. */
export function awsError(tried: string, error: unknown): BowlineError {
  const { name = '', code, message, $metadata } = error as SdkError;
  if (name === 'BowlineError') return error as BowlineError;
  const status = $metadata?.httpStatusCode;
  const ours =
    byName[name] ??
    (status === undefined ? undefined : byStatus[status]) ??
    (status === undefined
      ? connectionErrorCode(code ?? '')
      : status < 500 && status >= 400
        ? 'Unsupported'
        : 'Unavailable');
  const said = [status, name === 'Error' || name === '' ? (code ?? message) : name].filter(Boolean).join(' ');
  return new BowlineError(ours, `${tried}: ${said}`, {
    cause: error,
    ...(status !== undefined && { status }),
    ...(message !== undefined && { detail: message }),
  });
}
