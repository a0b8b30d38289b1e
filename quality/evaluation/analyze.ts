import { formatAnalyzer } from '../syntax/format.js';
import type { Analyzer } from '../syntax/ast.js';
import { expectedBand, isOutside } from './anomaly.js';
import type { Workbench } from './check.js';
import type { AnalyzerResult, Observation } from './evaluation.js';
import { measuringRules } from './measuring.js';
import type { PreparedRule } from './prepared-rule.js';
import { prepareSimple } from './prepared-rule.js';

/** An analyzer whose needs stand in the shared scans. */
export interface PreparedAnalyzer {
  analyzer: Analyzer;
  parts: PreparedRule[];
}

/** Makes an analyzer ready. Never throws. */
export async function prepareAnalyzer(bench: Workbench, analyzer: Analyzer): Promise<PreparedAnalyzer> {
  const parts: PreparedRule[] = [];
  for (const rule of measuringRules(analyzer, bench.primary)) parts.push(await prepareSimple(bench, rule));
  return { analyzer, parts };
}

/** The metrics of an analyzer, once the scans have run. */
export async function analyzed({ analyzer, parts }: PreparedAnalyzer, name: string): Promise<AnalyzerResult> {
  const metrics: Record<string, number> = {};
  const messages = new Set<string>();
  for (const part of parts) {
    const outcome = await part.outcome();
    Object.assign(metrics, outcome.metrics);
    if (outcome.result === 'ERROR' && outcome.message !== undefined) messages.add(outcome.message);
  }
  const message = messages.size === 0 ? {} : { message: [...messages].join('\n') };
  return { name, analyzer: formatAnalyzer(analyzer), ...message, metrics };
}

/** The metrics that lie outside what their past predicts, each once. */
export async function observations(bench: Workbench, analyzers: readonly AnalyzerResult[]): Promise<Observation[]> {
  const found = new Map<string, Observation>();
  for (const [metric, actual] of analyzers.flatMap(({ metrics }) => Object.entries(metrics))) {
    const band = expectedBand((await bench.history?.values(metric)) ?? []);
    if (band !== undefined && isOutside(band, actual)) found.set(metric, { metric, actual, ...band });
  }
  return [...found.values()];
}
