import { resolve } from 'node:path';
import { loadConfiguration } from '../model/configuration.js';
import type { Configuration } from '../model/configuration.js';
import { compile, loadModel } from '../model/index.js';
import type { WarehousePlan } from '../model/plan.js';
import type { WarehouseModel } from '../model/warehouse-model.js';
import type { CommandContext } from './command-context.js';
import { checkGates } from './gate-rulesets.js';

/** What a command that works on a model needs to know. */
export interface Settings {
  readonly configuration: Configuration;
  /** Absolute path of the model that {@link plan} was compiled from. */
  readonly modelFile: string;
  readonly model: WarehouseModel;
  readonly plan: WarehousePlan;
}

/**
 * Reads the configuration and compiles the model: the given one, else the configuration's.
 * @throws ConfigurationError, ModelError, and UsageError for rulesets of gates - which list every problem.
 */
export function loadSettings(context: CommandContext, model?: string): Settings {
  const configuration = loadConfiguration({ file: context.configFile, env: context.env });
  const modelFile = resolve(model ?? configuration.model);
  const valid = loadModel(modelFile);
  const plan = compile(valid);
  checkGates(plan);
  return { configuration: { ...configuration, model: modelFile }, modelFile, model: valid, plan };
}
