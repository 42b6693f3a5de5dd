import { isGrpcServiceError } from '@temporalio/client';
import { BowlineError, errorCode, type ErrorCode } from '../api/errors.ts';

/** Names of the SDK's errors, and codes of gRPC, that do not mean that Temporal, or a worker, is out of reach. */
const codes: Readonly<Record<string, ErrorCode>> = {
  WorkflowNotFoundError: 'NotFound',
  ScheduleNotFoundError: 'NotFound',
  ScheduleAlreadyRunning: 'AlreadyExists',
  NamespaceNotFoundError: 'InvalidConfig',
  3: 'InvalidSpec',
  5: 'NotFound',
  6: 'AlreadyExists',
  7: 'AccessDenied',
  8: 'Throttled',
  12: 'Unsupported',
  16: 'AccessDenied',
};

/** What Temporal answered instead of doing what was tried. */
export function temporalError(tried: string, error: unknown): BowlineError {
  if (errorCode(error) !== undefined) return error as BowlineError;
  const { name, message, cause } = error as Error;
  const refusal = [error, cause].find(isGrpcServiceError);
  const code = codes[name] ?? codes[refusal?.code ?? ''] ?? 'Unavailable';
  return new BowlineError(code, `${tried}: ${refusal?.details || message}`, { cause: error });
}
