import { trace, type SpanContext } from '@opentelemetry/api';
import {
  OpenTelemetryInboundInterceptor,
  OpenTelemetryInternalsInterceptor,
  OpenTelemetryOutboundInterceptor,
} from '@temporalio/interceptors-opentelemetry/lib/workflow/index.js';
import type { WorkflowInterceptors } from '@temporalio/workflow';

/**
 * Makes spans of runs and of the activities and children that they start. Commands are what they were, but for a header that carries the trace.
 *
 * A query makes no span here, only where it is asked: ids of spans are drawn from the run's own random numbers, and a replay, to which nobody
 * puts the question again, would draw others than the activities were given.
 */
export const interceptors = (): WorkflowInterceptors => {
  const traced = new OpenTelemetryInboundInterceptor();
  let span: SpanContext | undefined;
  return {
    inbound: [
      {
        execute: (input, next) =>
          traced.execute(input, (given) => {
            span = trace.getActiveSpan()?.spanContext();
            return next(given);
          }),
      },
    ],
    outbound: [
      new OpenTelemetryOutboundInterceptor(),
      // For the SDK's own lines about the run's end, which come when its span is over.
      {
        getLogAttributes: (attributes, next) =>
          next(span ? { trace_id: span.traceId, span_id: span.spanId, ...attributes } : attributes),
      },
    ],
    internals: [new OpenTelemetryInternalsInterceptor()],
  };
};
