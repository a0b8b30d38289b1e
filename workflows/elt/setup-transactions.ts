import type { Transaction } from '../../activities/redshift.js';
import type { SqlStatement } from '../../model/plan.js';

// Limits of the Data API for BatchExecuteStatement: 40 statements; 100 KB of text, with room left for its encoding.
const maximumStatements = 40;
const maximumCharacters = 80_000;

/** Groups the warehouse's setup statements, in their order, into transactions that the Data API takes. */
export function setupTransactions(statements: readonly SqlStatement[]): Transaction[] {
  const batches: string[][] = [];
  let room = 0;
  for (const { sql } of statements) {
    const current = batches.at(-1);
    if (current !== undefined && current.length < maximumStatements && sql.length <= room) {
      current.push(sql);
      room -= sql.length;
    } else {
      batches.push([sql]);
      room = maximumCharacters - sql.length;
    }
  }
  return batches.map((sqls, index) => ({ step: `setup ${index + 1}/${batches.length}`, sqls }));
}
