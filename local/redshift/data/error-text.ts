import { DatabaseError } from 'pg';
import { RedshiftSqlError } from '../dialect/redshift-sql-error.js';
import { WarehouseUnreachableError } from './warehouse-connections.js';

const atomicContext =
  'COMMIT or TRUNCATE cannot be invoked from a procedure that is executing in an atomic context.\n' +
  '  Hint: Try calling the procedure as a top-level call i.e. not from within an explicit transaction block. Or, if this procedure (or one of its ancestors in the call chain) was created with SET config options, recreate the procedure without them.';

/** Redshift's wording, by SQLSTATE, where PostgreSQL's differs. */
const wording: Readonly<Record<string, (error: DatabaseError) => string>> = {
  '2D000': () => atomicContext,
  '23502': ({ column }) => `Cannot insert a NULL value into column ${column ?? ''}`,
  '23514': () => 'Value too long for character type', // the dialect has no CHECK: ours alone can be violated
  '428C9': () => 'cannot set an identity column to a value',
};

/** True when the server ended a statement because it was asked to. */
export function isCancellation(error: unknown): boolean {
  return error instanceof DatabaseError && error.code === '57014';
}

/**
 * A failure as the Data API's `Error` has it. PostgreSQL's DETAIL is left out: it quotes the failing row.
 * The call stack of procedures is kept, the statements in it are not.
 */
export function errorText(error: unknown): string {
  if (error instanceof RedshiftSqlError) return `ERROR: ${error.message}`;
  if (error instanceof WarehouseUnreachableError) {
    return error.cause instanceof DatabaseError ? `FATAL: ${error.cause.message}` : error.message;
  }
  if (!(error instanceof DatabaseError)) return `ERROR: ${error instanceof Error ? error.message : String(error)}`;
  const severity = error.severity === undefined || error.severity === 'ERROR' ? 'ERROR' : error.severity;
  const lines = [`${severity}: ${wording[error.code ?? '']?.(error) ?? error.message}`];
  if (error.hint !== undefined) lines.push(`  Hint: ${error.hint}`);
  const where = (error.where ?? '').split('\n').filter((line) => line.startsWith('PL/pgSQL function'));
  if (where.length > 0) lines.push(`  Where: ${where.join('\n')}`);
  return lines.join('\n');
}
