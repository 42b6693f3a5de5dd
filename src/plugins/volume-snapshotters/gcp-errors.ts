import { BowlineError, type ErrorCode } from '../../api/errors.ts';

/** An answer of the Compute Engine API that says no. */
export interface GcpRefusal {
  readonly status: number;
  readonly retryAfter: string | null;
  readonly body: {
    readonly error?: {
      readonly message?: string;
      readonly status?: string;
      readonly errors?: readonly { readonly reason?: string }[];
    };
  };
}

/** What `fetch` and Google's library throw. */
interface ThrownError extends Error {
  readonly code?: string | number;
  readonly status?: number;
  readonly cause?: { readonly code?: string };
}

/** By the reason in an answer, or the code of an operation that failed. */
const byReason: Readonly<Record<string, ErrorCode>> = {
  rateLimitExceeded: 'Throttled',
  userRateLimitExceeded: 'Throttled',
  operationRateExceeded: 'Throttled',
  RATE_LIMIT_EXCEEDED: 'Throttled',
  RESOURCE_OPERATION_RATE_EXCEEDED: 'Throttled',
  resourceNotReady: 'Conflict',
  resourceInUseByAnotherResource: 'Conflict',
  RESOURCE_NOT_READY: 'Conflict',
  RESOURCE_IN_USE_BY_ANOTHER_RESOURCE: 'Conflict',
  // Limits that only people lift.
  quotaExceeded: 'Unsupported',
  QUOTA_EXCEEDED: 'Unsupported',
  RESOURCE_NOT_FOUND: 'NotFound',
  PERMISSIONS_ERROR: 'AccessDenied',
};

const byStatus: Readonly<Record<number, ErrorCode>> = {
  401: 'AccessDenied',
  403: 'AccessDenied',
  404: 'NotFound',
  408: 'Unavailable',
  409: 'AlreadyExists',
  412: 'Conflict',
  429: 'Throttled',
};

/** Maps a refusal to the closed list of codes; with the other two, the one place that does, and so says what is permanent. */
export function gcpRefusal(tried: string, { status, retryAfter, body: { error = {} } }: GcpRefusal): BowlineError {
  const reason = error.errors?.[0]?.reason ?? error.status ?? '';
  const code = byReason[reason] ?? byStatus[status] ?? (status >= 400 && status < 500 ? 'Unsupported' : 'Unavailable');
  const seconds = Number(retryAfter);
  return new BowlineError(code, `${tried}: ${[status, reason].filter(Boolean).join(' ')}`, {
    status,
    ...(error.message !== undefined && { detail: error.message }),
    ...(seconds > 0 && { retryAfterMs: seconds * 1_000 }),
  });
}

/** The failure of an operation that had been accepted. */
export function gcpOperationFailure(tried: string, code: string): BowlineError {
  return new BowlineError(byReason[code] ?? 'Unavailable', `${tried}: ${code}`);
}

/** Maps what no server answered with: a connection, a token, the credentials themselves. */
export function gcpError(tried: string, error: unknown): BowlineError {
  const { name, message, status, cause, code } = error as ThrownError;
  if (name === 'BowlineError') return error as BowlineError;
  const said = `${code ?? cause?.code ?? status ?? name}`;
  // Of tokens: the authority says no, the key is none, or there is nobody to ask for.
  const isDenied =
    [400, 401, 403].includes(Number(status)) ||
    said.startsWith('ERR_OSSL') ||
    message.startsWith('Could not load the default credentials');
  return new BowlineError(isDenied ? 'AccessDenied' : 'Unavailable', `${tried}: ${said}`, {
    cause: error,
    detail: message,
  });
}
