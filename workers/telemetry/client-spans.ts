import { SpanKind, context, trace } from '@opentelemetry/api';
import type { WorkflowClientInterceptor } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { markFailed } from './failed-span.js';
import { traceHeader } from './run-trace.js';
import { activeCarrier } from './tracing.js';
import type { Tracing } from './tracing.js';

/** A span around each start of a workflow, which travels with the workflow. */
export function clientSpans({ tracer }: Tracing): WorkflowClientInterceptor {
  return {
    startWithDetails: async (input, next) => {
      const span = tracer.startSpan(`StartWorkflow:${input.workflowType}`, {
        kind: SpanKind.CLIENT,
        attributes: { temporalWorkflowID: input.options.workflowId },
      });
      return await context.with(trace.setSpan(context.active(), span), async () => {
        try {
          const carrier = defaultPayloadConverter.toPayload(activeCarrier());
          return await next({ ...input, headers: { ...input.headers, [traceHeader]: carrier } });
        } catch (error) {
          markFailed(span, error);
          throw error;
        } finally {
          span.end();
        }
      });
    },
  };
}
