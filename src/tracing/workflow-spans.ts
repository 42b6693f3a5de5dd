import { createTraceState, type SpanContext } from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import type { ReadableSpan, SpanProcessor } from '@opentelemetry/sdk-trace-node';
import type { SerializableSpan } from '@temporalio/interceptors-opentelemetry/lib/workflow/definitions.js';
import type { InjectedSinks } from '@temporalio/worker';
import type { Sinks, WorkflowInfo } from '@temporalio/workflow';

/**
 * Takes the spans that workflows hand out, each once, and passes them on to a processor. The interceptors' own sink
 * (`makeWorkflowExporter`) makes spans of OpenTelemetry's first version, and puts all that the SDK knows of a run, its memo too, beside them.
 */
export function workflowSpans(processor: SpanProcessor, resource: Resource): InjectedSinks<Sinks> {
  return {
    exporter: {
      export: {
        fn({ workflowId, runId, workflowType }: WorkflowInfo, spans: readonly SerializableSpan[]) {
          const run = { temporalWorkflowId: workflowId, run_id: runId, temporalWorkflowType: workflowType };
          for (const span of spans) processor.onEnd(readable(span, { resource, run }));
        },
      },
    },
  };
}

function readable(
  { spanContext, parentSpanId, instrumentationLibrary, attributes, ...rest }: SerializableSpan,
  { resource, run }: { readonly resource: Resource; readonly run: Readonly<Record<string, string>> },
): ReadableSpan {
  const { traceState, ...ids } = spanContext;
  const context: SpanContext = { ...ids, ...(traceState && { traceState: createTraceState(traceState) }) };
  return {
    ...rest,
    attributes: { ...attributes, ...run },
    resource,
    spanContext: () => context,
    ...(parentSpanId !== undefined && { parentSpanContext: { ...context, spanId: parentSpanId } }),
    instrumentationScope: instrumentationLibrary,
  };
}
