import { ROOT_CONTEXT, SpanKind, TraceFlags } from '@opentelemetry/api';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  SamplingDecision,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace-node';
import type { Sampler } from '@opentelemetry/sdk-trace-node';

/** A sampler that can also be asked about a trace that no process has begun. */
export interface RunSampler extends Sampler {
  /** The flags of a trace whose id is derived from a workflow's run id: the same answer in every worker. */
  flagsOf(traceId: string): TraceFlags;
}

function rootSampler({ OTEL_TRACES_SAMPLER: name = '', OTEL_TRACES_SAMPLER_ARG: ratio }: NodeJS.ProcessEnv): Sampler {
  if (name.endsWith('always_off')) return new AlwaysOffSampler();
  const share = Number(ratio ?? 1);
  if (!name.endsWith('traceidratio') || !(share >= 0 && share <= 1)) return new AlwaysOnSampler();
  return new TraceIdRatioBasedSampler(share);
}

/** The sampler that `OTEL_TRACES_SAMPLER` names; those of its names without `parentbased_` follow a parent as well. */
export function samplerOf(env: NodeJS.ProcessEnv): RunSampler {
  const root = rootSampler(env);
  const sampler = new ParentBasedSampler({ root });
  return {
    shouldSample: (...given) => sampler.shouldSample(...given),
    toString: () => sampler.toString(),
    flagsOf(traceId) {
      const { decision } = root.shouldSample(ROOT_CONTEXT, traceId, '', SpanKind.INTERNAL, {}, []);
      return decision === SamplingDecision.RECORD_AND_SAMPLED ? TraceFlags.SAMPLED : TraceFlags.NONE;
    },
  };
}
