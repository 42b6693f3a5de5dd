import { BowlineError, type ErrorCode } from '../../api/errors.ts';
import { connectionErrorCode } from './connection-errors.ts';

/** What the SDK throws: of the store, of the authority that gives tokens, and of the connection. */
interface SdkError {
  readonly name?: string;
  readonly message?: string;
  readonly code?: string | number;
  readonly status?: number;
  readonly errors?: readonly { readonly reason?: string }[];
  readonly response?: { readonly data?: unknown; readonly status?: number };
}

const byReason: Readonly<Record<string, ErrorCode>> = {
  conditionNotMet: 'AlreadyExists',
  rateLimitExceeded: 'Throttled',
  userRateLimitExceeded: 'Throttled',
  quotaExceeded: 'Throttled',
  // The authority's, with status 400: a key that is none of the account's any more, or a clock that is wrong.
  invalid_grant: 'AccessDenied',
  invalid_client: 'AccessDenied',
  unauthorized_client: 'AccessDenied',
};

const byStatus: Readonly<Record<number, ErrorCode>> = {
  401: 'AccessDenied',
  403: 'AccessDenied',
  404: 'NotFound',
  409: 'Conflict',
  412: 'AlreadyExists',
  416: 'NotFound',
  408: 'Unavailable',
  429: 'Throttled',
};

/** Faults that the SDK tells in words alone, by how those begin. */
const byWords: readonly (readonly [start: string, said: string, code: ErrorCode])[] = [
  ['Could not load the default credentials', 'no credentials', 'AccessDenied'],
  ['Cannot sign data without', 'nobody who signs', 'Unsupported'],
  ['Permission ', 'no permission', 'AccessDenied'],
];

/** Maps what Google Cloud or the SDK says to the closed list of codes; the one place that does. */
export function gcpError(tried: string, error: unknown): BowlineError {
  const { name = '', message = '' } = error as SdkError;
  if (name === 'BowlineError') return error as BowlineError;
  const { status, reason } = answerOf(error as SdkError);
  const [, words, wordsCode] = byWords.find(([start]) => message.startsWith(start)) ?? [];
  const said = [status, reason || words || (status === undefined ? name : '')].filter(Boolean).join(' ');
  return new BowlineError(wordsCode ?? codeOf(status, reason), `${tried}: ${said}`, {
    cause: error,
    ...(status !== undefined && { status }),
    ...(message !== '' && { detail: message }),
  });
}

function codeOf(status: number | undefined, reason: string): ErrorCode {
  const known = byReason[reason];
  if (known) return known;
  if (status === undefined) return connectionErrorCode(reason);
  return byStatus[status] ?? (status < 500 && status >= 400 ? 'Unsupported' : 'Unavailable');
}

/** The status is here or there; the reason too: in a list, in the answer's text, or a connection's code. */
function answerOf({ code, status, errors, response }: SdkError): { status: number | undefined; reason: string } {
  const found = [status, response?.status, code].map(Number).find((one) => one >= 100 && one < 600);
  const { error } = (typeof response?.data === 'object' ? (response.data ?? {}) : {}) as {
    readonly error?: string | { readonly errors?: readonly { readonly reason?: string }[] };
  };
  const told = typeof error === 'string' ? error : error?.errors?.[0]?.reason;
  const connection = typeof code === 'string' && !/^\d+$/.test(code) ? code : undefined;
  return { status: found, reason: errors?.[0]?.reason ?? told ?? connection ?? '' };
}
