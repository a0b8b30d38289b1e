export { compile } from './compile.js';
export { ConfigurationError, loadConfiguration } from './configuration.js';
export type { Configuration, Deployment } from './configuration.js';
export { loadModel, parseModel } from './load-model.js';
export { ModelError } from './model-error.js';
export type { ModelProblem } from './model-error.js';
export { jsonSchema } from './shape.js';
export type * from './plan.js';
export type { WarehouseModel } from './warehouse-model.js';
