import type { ActivityInterceptorsFactory, InjectedSinks } from '@temporalio/worker';
import type { TracingSinks } from '../../workflows/interceptors.js';
import { activityLogs } from './activity-logs.js';
import { tracesWanted } from './traces-wanted.js';

/** What a worker is given so that its work can be watched. */
export interface WorkerTelemetry {
  /** The outermost interceptors of activities. */
  readonly activity: ActivityInterceptorsFactory[];
  /** What workflows tell the worker, outside of history. */
  readonly sinks: InjectedSinks<TracingSinks>;
  /** Makes spans of the calls of AWS clients. */
  trace(clients: object): void;
  /** Sends what has not been sent yet. */
  flush(): Promise<void>;
}

const ignored: InjectedSinks<TracingSinks> = { tracing: { workflowEnded: { fn: () => undefined } } };

/** Loads OpenTelemetry only where the environment asks for traces; log lines carry their run in any case. */
export async function workerTelemetry(env: NodeJS.ProcessEnv): Promise<WorkerTelemetry> {
  if (!tracesWanted(env)) {
    return { activity: [activityLogs], sinks: ignored, trace: () => undefined, flush: () => Promise.resolve() };
  }
  const [{ startTracing }, { activitySpans }, { workflowSpans }, { traceAwsCalls }] = await Promise.all([
    import('./tracing.js'),
    import('./activity-spans.js'),
    import('./workflow-spans.js'),
    import('./aws-spans.js'),
  ]);
  const tracing = startTracing();
  return {
    activity: [activitySpans(tracing), activityLogs],
    sinks: workflowSpans(tracing),
    trace: (clients) => traceAwsCalls(tracing, clients),
    flush: () => tracing.flush(),
  };
}
