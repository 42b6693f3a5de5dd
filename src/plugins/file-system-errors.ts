import { BowlineError } from '../api/errors.ts';

const codes = {
  ENOENT: 'NotFound',
  ENOTDIR: 'NotFound',
  EISDIR: 'NotFound',
  EEXIST: 'AlreadyExists',
  EACCES: 'AccessDenied',
  EPERM: 'AccessDenied',
  EROFS: 'AccessDenied',
  ENAMETOOLONG: 'InvalidConfig',
} as const;

/** What the system calls a failure, such as `ENOENT`; `''` for failures of another kind. */
export function systemCode(error: unknown): string {
  const { code } = error as { readonly code?: unknown };
  return typeof code === 'string' ? code : '';
}

/** Maps what the file system says to the closed list of codes; the one place that does. Errors that are mapped already pass. */
export function fileSystemError(tried: string, error: unknown): BowlineError {
  const { name, message } = error as Error;
  if (name === 'BowlineError') return error as BowlineError;
  const code = systemCode(error);
  return new BowlineError(codes[code as keyof typeof codes] ?? 'Unavailable', `${tried}: ${code || message}`, {
    cause: error,
  });
}
