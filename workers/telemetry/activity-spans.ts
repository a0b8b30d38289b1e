import { SpanKind, SpanStatusCode, context, trace } from '@opentelemetry/api';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import type { StepInput } from '../../activities/run-scope.js';
import { carriedTrace, carrierOf, under, workflowSpan } from './run-trace.js';
import type { Tracing } from './tracing.js';

/** A span around each attempt of an activity, child of its workflow's. Attributes are identifiers, never arguments. */
export function activitySpans(tracing: Tracing): ActivityInterceptorsFactory {
  return ({ info }) => ({
    inbound: {
      async execute(input, next) {
        const { workflowExecution: { workflowId = '', runId = '' } = {} } = info;
        const parent = runId === '' ? undefined : workflowSpan(tracing, runId, carriedTrace(carrierOf(input.headers)));
        const { scope, stage, step } = (input.args[0] ?? {}) as Partial<StepInput>;
        const span = tracing.tracer.startSpan(
          `RunActivity:${info.activityType}`,
          {
            kind: SpanKind.SERVER,
            attributes: {
              temporalWorkflowID: workflowId,
              temporalRunID: runId,
              temporalActivityID: info.activityId,
              'temporal.activity.attempt': info.attempt,
              'sluice.pipeline': scope?.pipeline,
              'sluice.run_key': scope?.runKey,
              'sluice.stage': stage,
              'sluice.step': step,
            },
          },
          under(parent)
        );
        try {
          return await context.with(trace.setSpan(context.active(), span), () => next(input));
        } catch (error) {
          const name = error instanceof ApplicationFailure ? (error.type ?? 'ApplicationFailure') : undefined;
          span.setAttribute('error.type', name ?? (error instanceof Error ? error.name : 'unknown'));
          if (!(error instanceof CancelledFailure)) span.setStatus({ code: SpanStatusCode.ERROR });
          throw error;
        } finally {
          span.end();
        }
      },
    },
  });
}
