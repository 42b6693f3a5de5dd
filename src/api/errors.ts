/** Codes of faults that no repetition can mend. */
const permanentCodes = [
  'NotFound',
  'AlreadyExists',
  'AccessDenied',
  'InvalidConfig',
  'InvalidSpec',
  'InvalidItem',
  'Unsupported',
  'CorruptBackup',
  'ReadOnlyLocation',
] as const;

/** Codes of faults that may pass. `Expired` is a list that must be begun anew. */
const transientCodes = ['Conflict', 'Expired', 'Unavailable', 'Throttled', 'Interrupted'] as const;

/**
 * Every way in which something can fail, as callers, workflows and people see it. The list is closed:
 * each client maps what its server says to one of these.
 */
export type ErrorCode = (typeof permanentCodes)[number] | (typeof transientCodes)[number];

/** Details of a `BowlineError` beside its message. */
export interface BowlineErrorOptions {
  readonly cause?: unknown;
  /** The HTTP status that the server answered with. Absent if there was no answer at all. */
  readonly status?: number;
  /** What the server said, word for word. It may echo field values: for results and log files only, never for a failure. */
  readonly detail?: string;
  /** How long the server asked to wait, in milliseconds. */
  readonly retryAfterMs?: number;
  /** Where an expired list may go on (the 410 answer's own `metadata.continue`). */
  readonly continueToken?: string;
}

/**
 * The one error class. `message` says what was tried, on what and what came back, such as
 * `get s3://b/k: 403 AccessDenied`; it holds no object content, credential or signed URL, so that it may enter
 * a history. Callers test `code`, never the class or the text.
 */
export class BowlineError extends Error {
  readonly code: ErrorCode;
  readonly status: number | undefined;
  readonly detail: string | undefined;
  readonly retryAfterMs: number | undefined;
  readonly continueToken: string | undefined;

  constructor(code: ErrorCode, message: string, options: BowlineErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'BowlineError';
    this.code = code;
    this.status = options.status;
    this.detail = options.detail;
    this.retryAfterMs = options.retryAfterMs;
    this.continueToken = options.continueToken;
  }
}

/** The code of any thrown value, if it bears one of ours. */
export function errorCode(error: unknown): ErrorCode | undefined {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return isErrorCode(code) ? code : undefined;
}

/** Whether a repetition can't help. Errors without one of our codes are taken for passing faults. */
export function isPermanent(error: unknown): boolean {
  const code = errorCode(error);
  return code !== undefined && (permanentCodes as readonly string[]).includes(code);
}

/** The text of any thrown value that people should read: the server's own words where there are some. */
export function errorText(error: unknown): string {
  if (error instanceof Error) {
    const detail = (error as { detail?: unknown }).detail;
    return typeof detail === 'string' && detail !== '' ? `${error.message}: ${detail}` : error.message;
  }
  return String(error);
}

function isErrorCode(code: unknown): code is ErrorCode {
  return [...permanentCodes, ...transientCodes].some((known) => known === code);
}
