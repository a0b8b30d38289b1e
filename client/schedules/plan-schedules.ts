import type { Configuration } from '../../model/configuration.js';
import { usageGuardSchema } from '../../model/glue-usage/settings.js';
import { compile, loadModel } from '../../model/index.js';
import type { WarehousePlan } from '../../model/plan.js';
import type { EvaluationSchedule } from '../../model/schedule.js';
import { checkGates } from '../gate-rulesets.js';
import { readRuleset } from '../quality/ruleset-file.js';
import type { PlannedSchedule } from './definition.js';

/**
 * Compiles the model, or reads the ruleset, of each declared schedule.
 * @throws ModelError, or UsageError for rulesets, listing every problem of the first file that cannot be used.
 */
export function planSchedules({
  schedules,
  model,
  usageGuard = usageGuardSchema.parse({}),
}: Configuration): PlannedSchedule[] {
  const plans = new Map<string, WarehousePlan>();
  return schedules.map((declaration): PlannedSchedule => {
    if (declaration.glueUsage !== undefined) return { declaration, guard: usageGuard };
    if (declaration.evaluate !== undefined) return planEvaluation(declaration);
    const file = declaration.model ?? model;
    const plan = plans.get(file) ?? compile(loadModel(file));
    if (!plans.has(file)) checkGates(plan);
    plans.set(file, plan);
    return { declaration, plan };
  });
}

function planEvaluation(declaration: EvaluationSchedule): PlannedSchedule {
  const { file } = declaration.evaluate;
  if (file === undefined) return { declaration };
  // What is merely doubtful is told by `sluice dq lint`.
  return { declaration, ruleset: readRuleset(file, { note: () => undefined }).text };
}
