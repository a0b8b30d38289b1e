import type { Column } from './dataset.js';
import { RuleError } from './errors.js';

/** A column as DATE in UTC; text reads as ISO 8601, other text as NULL. @throws RuleError for other types. */
export function dateSql({ kind, type, sql, name }: Column): string {
  if (kind === 'date') return sql;
  if (kind === 'timestamp') return `CAST(${utc(type, sql)} AS DATE)`;
  if (kind === 'string') return `TRY_CAST(regexp_extract(trim(${sql}), '^[^ T]*', 0) AS DATE)`;
  throw new RuleError(`Column ${name} of type ${type} has no dates`);
}

/** A column as TIMESTAMP in UTC, days at midnight. @throws RuleError for types without dates. */
export function timestampSql({ kind, type, sql, name }: Column): string {
  if (kind === 'timestamp') return utc(type, sql);
  if (kind === 'date') return `CAST(${sql} AS TIMESTAMP)`;
  if (kind === 'string') return `(TRY_CAST(trim(${sql}) AS TIMESTAMPTZ) AT TIME ZONE 'UTC')`;
  throw new RuleError(`Column ${name} of type ${type} has no dates`);
}

function utc(type: string, sql: string): string {
  return type === 'TIMESTAMP WITH TIME ZONE' ? `(${sql} AT TIME ZONE 'UTC')` : sql;
}
