import { ContinueAsNew, proxySinks, workflowInfo } from '@temporalio/workflow';
import { defaultPayloadConverter } from '@temporalio/common';
import type { Payload } from '@temporalio/common';
import type { Sinks, WorkflowInterceptors } from '@temporalio/workflow';
import type { SearchAttributeName } from '../model/elt-run.js';

/** Of a workflow execution that has ended, for a span. */
export interface WorkflowEnd {
  /** Milliseconds since the epoch, by the workflow's clock. */
  readonly startedAt: number;
  readonly endedAt: number;
  /** Name of the error that ended it. */
  readonly error?: string;
  /** What the workflow's start carried of the trace that it is part of. */
  readonly carrier?: Readonly<Record<string, string>>;
}

/** Where workflows tell of their end. Outside of history: a worker without traces takes the calls and does nothing. */
export interface TracingSinks extends Sinks {
  tracing: { workflowEnded(end: WorkflowEnd): void };
}

const { tracing } = proxySinks<TracingSinks>();

/** Header of the trace, as Temporal's OpenTelemetry interceptors name it. */
const traceHeader = '_tracer-data';

/** What a header carries; undefined where another program wrote what is not ours to read. */
function readable(payload: Payload): Record<string, string> | undefined {
  try {
    return defaultPayloadConverter.fromPayload(payload);
  } catch {
    return undefined;
  }
}

/** Search attributes and memo of a run that its log lines carry. */
function logAttributes(): Record<string, unknown> {
  const { memo, typedSearchAttributes } = workflowInfo();
  const attribute = (name: SearchAttributeName): unknown => typedSearchAttributes.get({ name, type: 'KEYWORD' });
  return { pipeline: memo?.model, runKey: attribute('SluiceRunKey') ?? memo?.runKey, stage: attribute('SluiceStage') };
}

/**
 * Passes a trace on to activities, children and the next execution, unchanged, and tells when the execution has ended.
 * No command, timer, random number or turn of the event loop is added, so that histories replay with and without.
 */
export const interceptors = (): WorkflowInterceptors => {
  let carried: object = {};
  let carrier: Record<string, string> | undefined;
  const withTrace = <T extends { readonly headers: object }>(input: T): T => ({
    ...input,
    headers: { ...input.headers, ...carried },
  });
  return {
    inbound: [
      {
        execute(input, next) {
          const payload = input.headers[traceHeader];
          if (payload !== undefined) {
            carried = { [traceHeader]: payload };
            carrier = readable(payload);
          }
          const running = next(input);
          const ended = (error?: unknown): void => {
            const failed = error !== undefined && !(error instanceof ContinueAsNew);
            tracing.workflowEnded({
              startedAt: workflowInfo().startTime.getTime(),
              endedAt: Date.now(),
              ...(failed && { error: error instanceof Error ? error.name : 'unknown' }),
              carrier,
            });
          };
          running.then(() => ended(), ended);
          return running;
        },
      },
    ],
    outbound: [
      {
        scheduleActivity: (input, next) => next(withTrace(input)),
        scheduleLocalActivity: (input, next) => next(withTrace(input)),
        startChildWorkflowExecution: (input, next) => next(withTrace(input)),
        continueAsNew: (input, next) => next(withTrace(input)),
        getLogAttributes: (input, next) => next({ ...logAttributes(), ...input }),
      },
    ],
  };
};
