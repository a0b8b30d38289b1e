export { createRedshiftData } from './data/redshift-data.js';
export type { RedshiftDataOptions } from './data/redshift-data.js';
export { startPostgres } from './postgres/start-postgres.js';
export type { PostgresOptions, PostgresServer } from './postgres/start-postgres.js';
