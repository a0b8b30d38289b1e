import type { SimpleRule } from '../../syntax/ast.js';
import { enoughPast, expectedBand, isOutside } from '../anomaly.js';
import type { Check, Verdict, Workbench } from '../check.js';
import { RuleError } from '../errors.js';
import { measuringRule } from '../measuring.js';
import { doubleText } from '../numbers.js';

const metrics = new Set(
  `RowCount Completeness Uniqueness Mean Sum StandardDeviation Entropy DistinctValuesCount UniqueValueRatio ColumnLength
   ColumnValues ColumnCorrelation CustomSQL ColumnCount`.split(/\s+/)
);

/** DetectAnomalies: a metric's value lies where its past predicts it; with too little past it passes. */
export async function detectAnomalies(
  bench: Workbench,
  rule: SimpleRule,
  compile: (bench: Workbench, rule: SimpleRule) => Promise<Check>
): Promise<Check> {
  const [metric, ...columns] = rule.parameters;
  const name = metric!.value;
  if (!metrics.has(name))
    throw new RuleError(`DetectAnomalies knows no metric ${name}: there are ${[...metrics].join(', ')}`);
  const check = await compile(bench, measuringRule(name === 'CustomSQL' ? 'CustomSql' : name, columns, rule.at));
  return { judge: async () => judge(bench, (await check.judge()).metrics) };
}

async function judge(bench: Workbench, values: Record<string, number>): Promise<Verdict> {
  const messages: string[] = [];
  let passed = Object.keys(values).length > 0;
  if (!passed) messages.push('There is no value to compare with the past');
  for (const [key, value] of Object.entries(values)) {
    const past = (await bench.history?.values(key)) ?? [];
    const band = expectedBand(past);
    if (band === undefined) {
      messages.push(`${key}: not enough past values yet, ${past.length} of ${enoughPast}`);
    } else if (isOutside(band, value)) {
      passed = false;
      const [lower, upper] = [doubleText(band.lower), doubleText(band.upper)];
      messages.push(`${key}: ${doubleText(value)} is an anomaly, expected ${lower} to ${upper}`);
    }
  }
  return { passed, ...(messages.length > 0 && { message: messages.join('\n') }), metrics: values };
}
