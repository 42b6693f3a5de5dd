import type { Logger, LogLevel } from '@temporalio/worker';
import { pino } from 'pino';
import { createRedact } from './redact.ts';

/** How a process logs. */
export interface JsonLogOptions {
  /** What is less is not told. Default `info`. */
  readonly level?: 'debug' | 'info' | 'warn' | 'error' | undefined;
  /** Values that no line may hold, such as the process's own credentials. */
  readonly secrets?: readonly string[];
  /** Takes each line, with its end. Default: standard error, at once, so that a crash loses none. */
  readonly write?: (line: string) => void;
}

/** What a line may tell of where it comes from, by the SDK's names. Of all else, task tokens for example, nothing is told. */
const told: Readonly<Record<string, string>> = {
  namespace: 'namespace',
  taskQueue: 'taskQueue',
  workflowType: 'workflowType',
  workflowId: 'workflowId',
  runId: 'runId',
  workflowRunId: 'runId',
  activityType: 'activityType',
  activityId: 'activityId',
  attempt: 'attempt',
  durationMs: 'durationMs',
  item: 'item',
  sdkComponent: 'component',
  target: 'target',
  trace_id: 'traceId',
  span_id: 'spanId',
};

const levels: Readonly<Record<LogLevel, 'trace' | 'debug' | 'info' | 'warn' | 'error'>> = {
  TRACE: 'trace',
  DEBUG: 'debug',
  INFO: 'info',
  WARN: 'warn',
  ERROR: 'error',
};

/**
 * A log of one JSON object a line: `level`, `time` (RFC 3339), `message`, and of a run `workflowId`, `runId`, `activityType` and the like, with
 * `traceId` where it is traced. Each line is rid of credentials and of the queries of URLs before it is written.
 */
export function createJsonLog({ level = 'info', secrets = [], write }: JsonLogOptions = {}): Logger {
  const redact = createRedact(secrets);
  const log = pino(
    {
      level,
      messageKey: 'message',
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      hooks: { streamWrite: redact },
    },
    write ? { write } : pino.destination({ fd: 2, sync: true }),
  );
  const tell = (at: LogLevel, message: string, meta: object = {}): void => log[levels[at]](fieldsOf(meta), message);
  return {
    log: tell,
    trace: (message, meta) => tell('TRACE', message, meta),
    debug: (message, meta) => tell('DEBUG', message, meta),
    info: (message, meta) => tell('INFO', message, meta),
    warn: (message, meta) => tell('WARN', message, meta),
    error: (message, meta) => tell('ERROR', message, meta),
  };
}

function fieldsOf(meta: object): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(meta)) {
    const as = told[name];
    if (as !== undefined && ['string', 'number', 'boolean'].includes(typeof value)) fields[as] = value;
    if (name === 'error') fields['error'] = errorOf(value);
  }
  return fields;
}

/** Neither causes nor further properties: SDKs hang requests, with their headers, on what they throw. */
function errorOf(error: unknown): object | string {
  if (!(error instanceof Error)) return String(error);
  const { name, message, stack } = error;
  const { type } = error as { type?: unknown };
  return { name, ...(typeof type === 'string' && { type }), message, ...(stack !== undefined && { stack }) };
}
