import type { SqlStatement } from '../plan.js';
import { literal, table } from './text.js';

/** The table that remembers what was deployed last, by model. */
export const assetsTable: SqlStatement = {
  name: 'sluice.assets',
  sql: `CREATE TABLE IF NOT EXISTS ${table('sluice', 'assets')} (
  "pipeline" varchar(128) NOT NULL,
  "setup_hash" varchar(64) NOT NULL,
  "version" varchar(64) NOT NULL,
  "deployed_at" timestamp NOT NULL
)
DISTSTYLE AUTO`,
};

/** Statements that record what was deployed, in place of what was before; `version` is Sluice's. */
export function recordAssets(pipeline: string, setupHash: string, version: string): SqlStatement[] {
  return [
    {
      name: 'forget what was deployed before',
      sql: `DELETE FROM ${table('sluice', 'assets')} WHERE "pipeline" = ${literal(pipeline)}`,
    },
    {
      name: 'record what was deployed',
      sql: `INSERT INTO ${table('sluice', 'assets')} ("pipeline", "setup_hash", "version", "deployed_at")
VALUES (${literal(pipeline)}, ${literal(setupHash)}, ${literal(version)}, SYSDATE)`,
    },
  ];
}

/** Asks what was deployed last: a row with `setup_hash` and `version`, or none. */
export function selectAssets(pipeline: string): string {
  return `SELECT a."setup_hash", a."version" FROM ${table('sluice', 'assets')} a WHERE a."pipeline" = ${literal(pipeline)}`;
}
