import {
  diag,
  DiagLogLevel,
  SpanKind,
  SpanStatusCode,
  type SpanContext,
  trace as api,
  type ProxyTracerProvider,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import type { WorkflowClientInterceptor } from '@temporalio/client';
import { OpenTelemetryWorkflowClientInterceptor } from '@temporalio/interceptors-opentelemetry/lib/client/index.js';
import { OpenTelemetryActivityInboundInterceptor } from '@temporalio/interceptors-opentelemetry/lib/worker/index.js';
import type { ActivityInterceptorsFactory, InjectedSinks } from '@temporalio/worker';
import type { Sinks } from '@temporalio/workflow';
import type { Config } from '../api/config.ts';
import { errorCode } from '../api/errors.ts';
import type { Span, Trace } from '../api/trace.ts';
import { workflowSpans } from './workflow-spans.ts';

/** What spans are recorded with, by whom. */
export interface Tracing {
  /** For calls to servers: a span begins where one is under way, an activity's for example, and nowhere else. */
  readonly trace: Trace;
  /** For clients of Temporal: starts and queries are spans, and what is started goes on with their trace. */
  readonly client: WorkflowClientInterceptor;
  /** For workers: to be the outermost, so that it sees failures as histories have them. */
  readonly activity: ActivityInterceptorsFactory;
  /** For workers: takes the spans of workflows, which have no way out of their own. */
  readonly sinks: InjectedSinks<Sinks>;
  /** Sends what is left, for 5 s at the most. Never rejects. */
  close(): Promise<void>;
}

/** How long the last spans may take to be sent. */
const lastExportMs = 5_000;

/** OpenTelemetry keeps one provider per process: clients and workers in one share it. */
let opened:
  | { readonly provider: NodeTracerProvider; readonly tracing: Omit<Tracing, 'close'>; users: number }
  | undefined;

/**
 * Opens the export of spans. Of several in one process, the first one's settings hold. A program that has registered an OpenTelemetry of its own
 * keeps it: its spans and ours go where that sends them, but for those of workflows. Nothing is sent yet, and a receiver that is out of reach
 * concerns no run.
 */
export function openTracing(settings: NonNullable<Config['tracing']>, warn?: (message: string) => void): Tracing {
  if (warn) {
    const told = (message: string): void => warn(`tracing: ${message}`);
    const silent = (): void => undefined;
    diag.setLogger(
      { error: told, warn: told, info: silent, debug: silent, verbose: silent },
      { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
    );
  }
  const current = (opened ??= { ...open(settings), users: 0 });
  current.users++;
  return {
    ...current.tracing,
    async close() {
      if (--current.users > 0) return;
      opened = undefined;
      await current.provider.shutdown().catch(() => undefined);
      if (isRegistered(current.provider)) api.disable();
    },
  };
}

function open({ url, headers, serviceName }: NonNullable<Config['tracing']>) {
  const exporter = new OTLPTraceExporter({ url, headers: { ...headers }, timeoutMillis: lastExportMs });
  const processor = new BatchSpanProcessor(exporter, { exportTimeoutMillis: lastExportMs });
  const resource = defaultResource()
    .merge(detectResources({ detectors: [envDetector] }))
    .merge(resourceFromAttributes({ 'service.name': serviceName }));
  const provider = new NodeTracerProvider({ resource, spanProcessors: [processor] });
  provider.register();
  const tracing: Omit<Tracing, 'close'> = {
    trace: traceOfProcess(),
    client: new OpenTelemetryWorkflowClientInterceptor(),
    activity: activityInterceptors,
    sinks: workflowSpans(processor, resource),
  };
  return { provider, tracing };
}

/** Each attempt is a span, and is named in the lines of its log: also in the SDK's line of its failure, which comes when the span is over. */
const activityInterceptors: ActivityInterceptorsFactory = (context) => {
  const traced = new OpenTelemetryActivityInboundInterceptor(context);
  let span: SpanContext | undefined;
  return {
    inbound: {
      execute: (input, next) =>
        traced.execute(input, (given) => {
          span = api.getActiveSpan()?.spanContext();
          return next(given);
        }),
    },
    outbound: {
      getLogAttributes: (attributes, next) =>
        next(span ? { trace_id: span.traceId, span_id: span.spanId, ...attributes } : attributes),
    },
  };
};

function isRegistered(provider: NodeTracerProvider): boolean {
  return (api.getTracerProvider() as ProxyTracerProvider).getDelegate() === provider;
}

const unrecorded: Span = { set: () => undefined, end: () => undefined };

/** A failed call tells its code alone: messages name objects. */
function traceOfProcess(): Trace {
  const tracer = api.getTracer('bowline');
  return {
    begin(name, attributes) {
      if (api.getActiveSpan() === undefined) return unrecorded;
      const span = tracer.startSpan(name, { kind: SpanKind.CLIENT, attributes });
      return {
        set: (more) => void span.setAttributes(more),
        end(error) {
          if (error !== undefined) {
            span.setAttribute('error.type', errorCode(error) ?? 'Unexpected');
            span.setStatus({ code: SpanStatusCode.ERROR });
          }
          span.end();
        },
      };
    },
  };
}
