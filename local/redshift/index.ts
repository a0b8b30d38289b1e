export { startPostgres } from './postgres/start-postgres.js';
export type { PostgresOptions, PostgresServer } from './postgres/start-postgres.js';
