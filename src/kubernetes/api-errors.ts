import { BowlineError, type ErrorCode } from '../api/errors.ts';
import { parseJson } from '../api/json.ts';

/** What the API server says instead of an answer. Source: `meta/v1.Status`. */
interface Status {
  readonly reason?: string;
  readonly message?: string;
  readonly metadata?: { readonly continue?: string };
  readonly details?: { readonly retryAfterSeconds?: number };
}

/** An answer that is no success, as an error that names what was tried. */
export function apiError(
  tried: string,
  { status, body, retryAfter }: { status: number; body: string; retryAfter?: string },
): BowlineError {
  const said = parseStatus(body);
  const code = codeOf(status, said.reason);
  const seconds = Number(retryAfter ?? said.details?.retryAfterSeconds);
  const continueToken = said.metadata?.continue;
  return new BowlineError(code, `${tried}: ${status} ${said.reason ?? code}`, {
    status,
    detail: said.message ?? body.slice(0, 1_000),
    ...(seconds > 0 && { retryAfterMs: seconds * 1_000 }),
    ...(continueToken && { continueToken }),
  });
}

/** No answer at all: the call was aborted, or the server is out of reach. */
export function noAnswer(tried: string, cause: unknown, signal: AbortSignal | undefined): BowlineError {
  if (signal?.aborted) return new BowlineError('Interrupted', `${tried}: interrupted`, { cause });
  const { code, message } = cause as { code?: string; message?: string };
  return new BowlineError('Unavailable', `${tried}: no answer (${code ?? message ?? 'unknown'})`, { cause });
}

function codeOf(status: number, reason: string | undefined): ErrorCode {
  switch (status) {
    case 401:
    case 403:
      return 'AccessDenied';
    case 404:
      return 'NotFound';
    case 405:
    case 406:
    case 415:
      return 'Unsupported';
    case 409:
      return reason === 'AlreadyExists' ? 'AlreadyExists' : 'Conflict';
    case 410:
      return 'Expired';
    case 429:
      return 'Throttled';
    default:
      return status >= 500 ? 'Unavailable' : 'InvalidItem';
  }
}

function parseStatus(body: string): Status {
  try {
    const parsed = parseJson(body);
    return typeof parsed === 'object' && parsed !== null ? (parsed as Status) : {};
  } catch {
    return {};
  }
}
