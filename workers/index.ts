export { runWorker, startWorker, TemporalConnectionError } from './worker.js';
export type { SluiceWorker, StartWorkerOptions } from './worker.js';
export { NamespaceError, SearchAttributeError } from './search-attributes.js';
export type { WorkerLogLevel } from './runtime.js';
