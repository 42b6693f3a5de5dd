import { BowlineError, type ErrorCode } from '../../api/errors.ts';

/** What the SDKs throw: the management client, its pollers, and what gets tokens. */
interface SdkError {
  readonly name?: string;
  readonly code?: string;
  readonly statusCode?: number;
  readonly message?: string;
  readonly response?: { readonly headers?: { get(name: string): string | undefined } };
  readonly errorResponse?: { readonly error?: string };
}

const byCode: Readonly<Record<string, ErrorCode>> = {
  // Of tokens: the secret is wrong, or there is no identity at all.
  AuthenticationError: 'AccessDenied',
  AggregateAuthenticationError: 'AccessDenied',
  CredentialUnavailableError: 'AccessDenied',
  AuthenticationRequiredError: 'AccessDenied',
  ScopeLocked: 'AccessDenied',
  SubscriptionNotFound: 'InvalidConfig',
  InvalidSubscriptionId: 'InvalidConfig',
  PropertyChangeNotAllowed: 'AlreadyExists',
  // Limits that only people lift.
  QuotaExceeded: 'Unsupported',
  OperationNotAllowed: 'Unsupported',
  SnapshotCountExceeded: 'Unsupported',
  SkuNotAvailable: 'Unsupported',
  AbortError: 'Interrupted',
};

const byStatus: Readonly<Record<number, ErrorCode>> = {
  401: 'AccessDenied',
  403: 'AccessDenied',
  404: 'NotFound',
  408: 'Unavailable',
  409: 'Conflict',
  412: 'AlreadyExists',
  429: 'Throttled',
};

/** Maps what Azure or its SDKs say to the closed list of codes; the one place that does, and so says what is permanent. */
export function azureError(tried: string, error: unknown): BowlineError {
  const { name = '', statusCode, message = '', response } = error as SdkError;
  if (name === 'BowlineError') return error as BowlineError;
  const said = saidBy(error as SdkError);
  const code =
    byCode[said] ??
    byCode[name] ??
    (statusCode === undefined ? undefined : byStatus[statusCode]) ??
    (statusCode !== undefined && statusCode >= 400 && statusCode < 500 ? 'Unsupported' : 'Unavailable');
  const retryAfter = Number(response?.headers?.get('retry-after'));
  return new BowlineError(code, `${tried}: ${[statusCode, said].filter(Boolean).join(' ')}`, {
    cause: error,
    ...(statusCode !== undefined && { status: statusCode }),
    ...(message !== '' && { detail: message }),
    ...(retryAfter > 0 && { retryAfterMs: retryAfter * 1_000 }),
  });
}

/** The code in the answer; of a failed operation, whose code only the poller's text holds, the one in there. */
function saidBy({ name, code, message, errorResponse }: SdkError): string {
  const ofOperation = /^The long-running operation has failed\. (\w+)\./.exec(message ?? '')?.[1];
  const ofToken = errorResponse?.error;
  return ofOperation ?? code ?? [name, ofToken].filter(Boolean).join(' ');
}
