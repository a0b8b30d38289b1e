import type { ErrorClass } from './error-classes.js';

/**
 * Errors that mean another transaction was in the way, so that the whole transaction may be repeated: Redshift's
 * serializable isolation violation (1023), concurrent DDL, dropped and re-created tables, and PostgreSQL's spellings.
 */
const conflicts = [
  /\b1023\b/,
  /serializable isolation violation/i,
  /conflict with concurrent transaction/i,
  /could not open relation with OID/i,
  /could not serialize access/i,
  /could not complete because of conflict/i,
  /deadlock detected/i,
  /tuple concurrently (updated|deleted)/i,
  /duplicate key value violates unique constraint "pg_/i, // two sessions create the same schema or table
];

/** Class of a statement that Redshift ended FAILED, by its error text. */
export function statementErrorClass(message: string): ErrorClass {
  return conflicts.some((conflict) => conflict.test(message)) ? 'ConflictingTransaction' : 'Permanent';
}

/**
 * The text of a database error without the values that databases quote in it: what follows a colon in quotes, a quoted
 * value of a type, key tuples, and everything from DETAIL or CONTEXT on. Names of tables and columns stay.
 */
export function withoutValues(message: string): string {
  return message
    .replace(/\s*\n?\s*\b(DETAIL|CONTEXT|Details?):[\s\S]*$/, '')
    .replace(/: ["'][\s\S]*$/, ': …')
    .replace(/\b(value|string|literal) (["'])[\s\S]*?\2/gi, '$1 …')
    .replace(/=\([^)]*\)/g, '=(…)')
    .trim();
}
