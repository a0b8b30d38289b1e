import { SpanKind, context, trace } from '@opentelemetry/api';
import { markFailed } from './failed-span.js';
import type { Tracing } from './tracing.js';

/** Runs a command of the CLI in a span of its own, and sends what ended before the process does. */
export async function inCommandSpan<T>(tracing: Tracing, command: string, run: () => Promise<T>): Promise<T> {
  const span = tracing.tracer.startSpan(`sluice ${command}`, { kind: SpanKind.INTERNAL });
  try {
    return await context.with(trace.setSpan(context.active(), span), run);
  } catch (error) {
    markFailed(span, error);
    throw error;
  } finally {
    span.end();
    await tracing.flush();
  }
}
