export { runWorker, startWorker } from './worker.js';
export type { SluiceWorker, StartWorkerOptions } from './worker.js';
export {
  NamespaceError,
  SearchAttributeError,
  TemporalConnectionError,
  TemporalUnreachableError,
} from './temporal-errors.js';
export { LineageTargetError } from './lineage-target.js';
export { ListenAddressError } from './listen-address-error.js';
export type { WorkerLogLevel } from './runtime.js';
