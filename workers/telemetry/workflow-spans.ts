import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import type { InjectedSinks } from '@temporalio/worker';
import type { TracingSinks } from '../../workflows/interceptors.js';
import { carriedTrace, under, workflowSpan } from './run-trace.js';
import type { Tracing } from './tracing.js';

/** Makes spans of workflow executions that have ended. */
export function workflowSpans(tracing: Tracing): InjectedSinks<TracingSinks> {
  return {
    tracing: {
      workflowEnded: {
        callDuringReplay: false,
        fn({ workflowId, runId, workflowType, parent }, { startedAt, endedAt, error, carrier }) {
          const carried = carriedTrace(carrier);
          const caller =
            parent === undefined || carried === undefined ? carried : workflowSpan(tracing, parent.runId, carried);
          const span = tracing.startSpanAs(
            workflowSpan(tracing, runId, carried),
            `RunWorkflow:${workflowType}`,
            {
              kind: SpanKind.SERVER,
              startTime: startedAt,
              attributes: { temporalWorkflowID: workflowId, temporalRunID: runId },
            },
            under(caller)
          );
          if (error !== undefined) span.setStatus({ code: SpanStatusCode.ERROR }).setAttribute('error.type', error);
          span.end(endedAt);
        },
      },
    },
  };
}
