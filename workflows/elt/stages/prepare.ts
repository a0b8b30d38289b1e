import type { SourceTable } from '../../../activities/dynamodb.js';
import type { SqlStatement } from '../../../model/plan.js';
import { describeSource } from '../activities.js';
import type { EltRun } from '../run.js';

// Limits of the Data API for BatchExecuteStatement: 40 statements; 100 KB of text, with room left for its encoding.
const maximumStatements = 40;
const maximumCharacters = 80_000;

/** Groups statements, in their order, into batches that the Data API takes. */
export function batches(statements: readonly SqlStatement[]): string[][] {
  const result: string[][] = [];
  let room = 0;
  for (const { sql } of statements) {
    const current = result.at(-1);
    if (current !== undefined && current.length < maximumStatements && sql.length <= room) {
      current.push(sql);
      room -= sql.length;
    } else {
      result.push([sql]);
      room = maximumCharacters - sql.length;
    }
  }
  return result;
}

/** Checks the source before anything is touched, then brings the warehouse's schemas, tables and procedures up to date. */
export async function prepare(run: EltRun): Promise<SourceTable> {
  const { plan } = run.input;
  const table = await run.sheet.step('source', () =>
    describeSource.executeWithOptions({ summary: `check ${plan.source.table}` }, [
      { ...run.at('prepare', 'source'), source: plan.source },
    ])
  );
  await run.transaction(
    'prepare',
    'setup',
    batches(plan.setup).map((sqls) => ({ sqls }))
  );
  return table;
}
