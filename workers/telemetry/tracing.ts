import { context, propagation, trace } from '@opentelemetry/api';
import type { Span, SpanOptions, Tracer } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, NodeTracerProvider, RandomIdGenerator } from '@opentelemetry/sdk-trace-node';
import { projectVersion } from '../project-version.js';
import { samplerOf } from './sampler.js';
import type { RunSampler } from './sampler.js';

/** Gives the next span the ids that it must have, and all others random ones. */
class GivenIds extends RandomIdGenerator {
  next: { readonly traceId: string; readonly spanId: string } | undefined;
  override generateTraceId = this.#givenOr('traceId', new RandomIdGenerator().generateTraceId);
  override generateSpanId = this.#givenOr('spanId', new RandomIdGenerator().generateSpanId);

  #givenOr(kind: 'traceId' | 'spanId', random: () => string): () => string {
    return () => this.next?.[kind] ?? random();
  }
}

/** Traces of this process: one exporter, whoever in it makes spans. */
export interface Tracing {
  readonly tracer: Tracer;
  readonly sampler: RunSampler;
  /** Starts a span under ids that others can know without having been told. */
  startSpanAs(
    ids: { readonly traceId: string; readonly spanId: string },
    name: string,
    options: SpanOptions,
    parent: Parameters<Tracer['startSpan']>[2]
  ): Span;
  /** Sends what has ended; gives up after three seconds. Never rejects: a trace is no reason to fail. */
  flush(): Promise<void>;
}

const flushMs = 3_000;

let started: Tracing | undefined;

/**
 * Sets up traces for this process, once: OTLP over HTTP in JSON, configured by OpenTelemetry's own variables
 * (`OTEL_EXPORTER_OTLP_*`, `OTEL_SERVICE_NAME`, `OTEL_RESOURCE_ATTRIBUTES`, `OTEL_TRACES_SAMPLER`, `OTEL_BSP_*`).
 */
export function startTracing(): Tracing {
  if (started !== undefined) return started;
  const version = projectVersion();
  const idGenerator = new GivenIds();
  const sampler = samplerOf(process.env);
  const resource = defaultResource()
    .merge(resourceFromAttributes({ 'service.name': 'sluice', 'service.version': version }))
    .merge(detectResources({ detectors: [envDetector] }));
  const provider = new NodeTracerProvider({
    resource,
    idGenerator,
    sampler,
    spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())],
  });
  provider.register();
  const tracer = provider.getTracer('sluice', version);
  started = {
    tracer,
    sampler,
    startSpanAs(ids, name, options, parent) {
      idGenerator.next = ids;
      try {
        return tracer.startSpan(name, options, parent);
      } finally {
        idGenerator.next = undefined;
      }
    },
    async flush() {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, flushMs)));
      await Promise.race([provider.forceFlush().catch(() => undefined), late]);
      clearTimeout(timer);
    },
  };
  return started;
}

/** The active span as the carrier that travels with a workflow; undefined when there is none. */
export function activeCarrier(): Record<string, string> | undefined {
  if (trace.getActiveSpan() === undefined) return undefined;
  const carrier: Record<string, string> = {};
  propagation.inject(context.active(), carrier);
  return carrier;
}
