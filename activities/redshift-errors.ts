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
