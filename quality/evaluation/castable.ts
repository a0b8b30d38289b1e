import type { Column } from './dataset.js';
import { RuleError } from './errors.js';
import { literal } from './identifiers.js';

const wholeOrDecimal = '[+-]?([0-9]+(\\.[0-9]*)?|\\.[0-9]+)';
const floating = `(${wholeOrDecimal}([eE][+-]?[0-9]+)?[dDfF]?|[+-]?(?i:nan|inf|infinity))`;
const day = '[+-]?[0-9]{4,7}(-[0-9]{1,2}(-[0-9]{1,2}';
const time =
  '[ T][0-9]{1,2}(:[0-9]{1,2}(:[0-9]{1,2}(\\.[0-9]{0,9})?)?)? *(Z|UTC|GMT|[+-][0-9]{1,2}(:?[0-9]{2})?|[A-Za-z_]+/[A-Za-z_/]+)?';

/** Formats of the tag `format` of ColumnDataType = "Date", of which the partial ones leave out the year or the day. */
const dateFormats = new Set(
  `dd-MM-yyyy MM-dd-yyyy yyyy-MM-dd dd/MM/yyyy MM/dd/yyyy yyyy/MM/dd
   MM-yyyy dd-MM MM-dd yyyy-MM MM/yyyy dd/MM MM/dd yyyy/MM`.split(/\s+/)
);

/**
 * SQL that is TRUE where Spark's CAST of the column to a DQDL type gives a value; NULL gives none.
 *
 * @param format the tag `format`, for dates in text.
 * @throws RuleError for a type DQDL does not know, or one that this column's type never casts to.
 */
export function castableSql(column: Column, dataType: string, format: string | undefined): string {
  const type = dataType.toUpperCase().replaceAll(' ', '');
  const decimal = /^DECIMAL\((\d+),(\d+)\)$/.exec(type);
  if (!/^(BOOLEAN|DATE|TIMESTAMP|INTEGER|DOUBLE|FLOAT|LONG)$/.test(type) && decimal === null) {
    throw new RuleError(`Unrecognized data type: ${dataType}`);
  }
  if (type === 'DATE' && format !== undefined) return inFormat(column, format);
  return column.kind === 'string' ? textCastable(column, type) : typedCastable(column, type);
}

function textCastable({ sql, type: own }: Column, type: string): string {
  const text = `trim(${own === 'VARCHAR' ? sql : `CAST(${sql} AS VARCHAR)`}, E' \\t\\n\\r')`;
  const like = (pattern: string): string => `regexp_full_match(${text}, ${literal(pattern)})`;
  if (type === 'INTEGER' || type === 'LONG') {
    // Spark drops the fraction and rejects exponents.
    const whole = `nullif(regexp_extract(${text}, '^[+-]?[0-9]+', 0), '')`;
    const fits = `TRY_CAST(coalesce(${whole}, '0') AS ${type === 'LONG' ? 'BIGINT' : 'INTEGER'}) IS NOT NULL`;
    return `(${like(wholeOrDecimal)} AND ${fits})`;
  }
  if (type === 'DOUBLE' || type === 'FLOAT') return like(floating);
  if (type === 'BOOLEAN') return like('(?i:t|true|y|yes|1|f|false|n|no|0)');
  if (type === 'DATE') return `(${like(`${day}([ T].*)?)?)?`)} AND ${isDay(text)})`;
  if (type === 'TIMESTAMP') {
    const hour = `coalesce(TRY_CAST(regexp_extract(${text}, '[ T]([0-9]{1,2})', 1) AS INTEGER), 0)`;
    return `(${like(`${day}(${time})?)?)?`)} AND ${isDay(text)} AND ${hour} < 24)`;
  }
  return `(${like(`${wholeOrDecimal}([eE][+-]?[0-9]+)?`)} AND TRY_CAST(${text} AS ${type}) IS NOT NULL)`;
}

/** `2024`, `2024-2` and `2024-2-9`, each a day of the calendar. */
function isDay(text: string): string {
  const part = (group: number): string =>
    `regexp_extract(${text}, '^([+-]?[0-9]+)(?:-([0-9]+))?(?:-([0-9]+))?', ${group})`;
  return `TRY_CAST(concat_ws('-', ${part(1)}, coalesce(nullif(${part(2)}, ''), '1'), coalesce(nullif(${part(3)}, ''), '1')) AS DATE) IS NOT NULL`;
}

const neverCasts: Partial<Record<Column['kind'], RegExp>> = {
  number: /^DATE$/,
  boolean: /^DATE$/,
  date: /^(BOOLEAN|INTEGER|LONG|DOUBLE|FLOAT|DECIMAL.*)$/,
  nested: /./,
  other: /./,
};

function typedCastable({ name, kind, sql, type: own }: Column, type: string): string {
  if (neverCasts[kind]?.test(type)) throw new RuleError(`Column ${name} of type ${own} cannot be cast to ${type}`);
  if (kind !== 'number' || !/^(INTEGER|LONG|DECIMAL.*)$/.test(type)) return `(${sql} IS NOT NULL)`;
  return `(TRY_CAST(${sql} AS ${type === 'LONG' ? 'BIGINT' : type}) IS NOT NULL)`;
}

function inFormat({ sql }: Column, format: string): string {
  if (!dateFormats.has(format)) return 'false';
  const parts = format.split(/[-/]/);
  const pattern = format.replace('yyyy', '([0-9]{4})').replace('MM', '([0-9]{2})').replace('dd', '([0-9]{2})');
  const text = `CAST(${sql} AS VARCHAR)`;
  const part = (name: string, otherwise: string): string => {
    const group = parts.indexOf(name) + 1;
    return group === 0 ? literal(otherwise) : `regexp_extract(${text}, ${literal(`^${pattern}$`)}, ${group})`;
  };
  // A year without 29 February would reject dd-MM of that day: 2000 has one.
  const iso = `concat_ws('-', ${part('yyyy', '2000')}, ${part('MM', '01')}, ${part('dd', '01')})`;
  return `(TRY_CAST(${iso} AS DATE) IS NOT NULL)`;
}
