import type { GatePlan, WarehousePlan } from '../model/plan.js';
import { lint } from '../quality/index.js';
import { UsageError } from './errors.js';

/** Columns that a dataset has besides those that the model declares. */
const ownColumns: Readonly<Record<GatePlan['layer'], readonly string[]>> = {
  lake: ['sluice_written_at'],
  landing: [],
  dwh: [],
};

/**
 * Checks the rulesets of a plan's gates, against the columns of what they judge, before anything is started.
 * @throws UsageError with every fault as `gate NAME, line L, column C: message`.
 */
export function checkGates({ gates = [] }: Pick<WarehousePlan, 'gates'>): void {
  const problems = gates.flatMap(({ name, layer, columns, ruleset }) => {
    const names = [...columns.map((column) => column.name), ...ownColumns[layer]];
    return lint(ruleset, { columns: names })
      .findings.filter(({ severity }) => severity === 'error')
      .map(({ line, column, message }) => `gate ${name}, line ${line}, column ${column}: ${message}`);
  });
  if (problems.length > 0) throw new UsageError('The rulesets of quality gates cannot be used', problems);
}

/** What a gate does, on one line: for `sluice plan`. */
export function describeGate(gate: GatePlan): string {
  const { name, layer, dataset, action, minimumScore, critical, ruleset } = gate;
  const rules = lint(ruleset).ruleset?.rules.length ?? 0;
  const demands = [
    minimumScore === undefined ? 'every rule must pass' : `score at least ${minimumScore}`,
    ...(critical === undefined ? [] : [`rules labelled ${critical.label}=${critical.value} must pass`]),
  ];
  const what = action === 'ask' ? `ask, at most ${gate.approvalSeconds / 3600} h` : action;
  return `${name} on ${layer}.${dataset}: ${rules} rules, ${demands.join(', ')}; else ${what}`;
}
