export type { SearchAttributes } from './connection.js';
export { minimumServerVersion } from './executable.js';
export type { TemporalExecutable } from './executable.js';
export { findTemporalServer } from './find-temporal-server.js';
export type { FindTemporalOptions } from './find-temporal-server.js';
export { TemporalNotFoundError } from './sources.js';
export { startTemporalServer, TemporalStartError } from './start-temporal-server.js';
export type { StartTemporalOptions, TemporalServer } from './start-temporal-server.js';
