import type { Configuration } from '../../model/configuration.js';
import { compile, loadModel } from '../../model/index.js';
import type { WarehousePlan } from '../../model/plan.js';
import { checkGates } from '../gate-rulesets.js';
import type { PlannedSchedule } from './schedules.js';

/**
 * Compiles the model of each declared schedule.
 * @throws ModelError, or UsageError for rulesets of gates, listing every problem of the first model that cannot be used.
 */
export function planSchedules({ schedules, model }: Configuration): PlannedSchedule[] {
  const plans = new Map<string, WarehousePlan>();
  return schedules.map((declaration) => {
    const file = declaration.model ?? model;
    const plan = plans.get(file) ?? compile(loadModel(file));
    if (!plans.has(file)) checkGates(plan);
    plans.set(file, plan);
    return { declaration, plan };
  });
}
