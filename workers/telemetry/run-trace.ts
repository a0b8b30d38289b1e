import { ROOT_CONTEXT, isSpanContextValid, propagation, trace } from '@opentelemetry/api';
import type { Context, SpanContext } from '@opentelemetry/api';
import { defaultPayloadConverter } from '@temporalio/common';
import type { Headers } from '@temporalio/common';
import type { Tracing } from './tracing.js';

/**
 * Temporal header that carries a trace: a map as of the W3C's `traceparent`, under the name and in the form that
 * Temporal's own OpenTelemetry interceptors use in every language.
 */
export const traceHeader = '_tracer-data';

/** The trace that a header carries, if any. */
export function carriedTrace(carrier: Readonly<Record<string, string>> | undefined): SpanContext | undefined {
  if (carrier === undefined) return undefined;
  const carried = trace.getSpanContext(propagation.extract(ROOT_CONTEXT, carrier));
  return carried !== undefined && isSpanContextValid(carried) ? carried : undefined;
}

/** The carrier in the headers of a workflow or an activity; undefined for one that cannot be read. */
export function carrierOf(headers: Headers): Record<string, string> | undefined {
  const payload = headers[traceHeader];
  try {
    return payload === undefined ? undefined : defaultPayloadConverter.fromPayload(payload);
  } catch {
    return undefined;
  }
}

/**
 * The span of a workflow execution. Its id is the end of the run id, so that activities name their parent without the
 * workflow having to say it, and nothing random or of the time of day enters workflow code. Without a carrier, as of a
 * run that a schedule has started, the trace's id is the run id.
 */
export function workflowSpan(
  { sampler }: Pick<Tracing, 'sampler'>,
  runId: string,
  carried: SpanContext | undefined
): SpanContext {
  const hex = runId.replaceAll('-', '');
  const spanId = hex.slice(16);
  if (carried !== undefined) return { ...carried, spanId, isRemote: true };
  return { traceId: hex, spanId, traceFlags: sampler.flagsOf(hex), isRemote: true };
}

/** A context in which spans are children of the given one. */
export function under(parent: SpanContext | undefined): Context {
  return parent === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, parent);
}
