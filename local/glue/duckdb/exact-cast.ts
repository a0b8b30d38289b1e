import { anchored, quoteLiteral } from './sql-text.js';

/*
 * Expressions that turn text into a typed value without losing anything. Each gives NULL when the text is not exactly
 * a value of the type; so for a text that is not NULL, a NULL result means "does not fit".
 */

const plainNumber = '-?[0-9]+(\\.[0-9]*)?';
const scientificNumber = '-?[0-9]+(\\.[0-9]*)?[eE][+-]?[0-9]{1,3}';

function matches(text: string, pattern: string): string {
  return `regexp_full_match(${text}, ${quoteLiteral(pattern)})`;
}

/** Writes a number with an exponent (`1.5E+3`) without one (`1500`), digit by digit: no binary arithmetic in between. */
function withoutExponent(text: string): string {
  const part = (group: number): string =>
    `regexp_extract(${text}, '(-?)([0-9]+)\\.?([0-9]*)[eE]([+-]?[0-9]+)', ${group})`;
  const digits = `(${part(2)} || ${part(3)})`;
  const point = `(length(${part(2)}) + CAST(${part(4)} AS INTEGER))`;
  return (
    `(${part(1)} || CASE WHEN ${point} <= 0 THEN '0.' || repeat('0', -${point}) || ${digits} ` +
    `WHEN ${point} >= length(${digits}) THEN ${digits} || repeat('0', ${point} - length(${digits})) ` +
    `ELSE left(${digits}, ${point}) || '.' || substr(${digits}, ${point} + 1) END)`
  );
}

/** Significant digits and power of ten of a number's text, such as `-125e-1` for `-12.50`. */
function canonical(text: string): string {
  const plain = `CASE WHEN ${matches(text, scientificNumber)} THEN ${withoutExponent(text)} ELSE ${text} END`;
  const fraction = `regexp_extract(${plain}, '\\.([0-9]*)$', 1)`;
  const digits = `ltrim(regexp_replace(${plain}, '[-.]', '', 'g'), '0')`;
  const exponent = `(length(${digits}) - length(rtrim(${digits}, '0')) - length(${fraction}))`;
  return `(regexp_extract(${plain}, '^-?') || rtrim(${digits}, '0') || 'e' || ${exponent})`;
}

/**
 * Casts text that matches `pattern` once written without exponent. The plain spelling is tried first and NULLs take no
 * further test: DuckDB evaluates a branch only for the rows that reach it, and nearly all are decided by the first.
 */
function exactNumber(text: string, pattern: string, duckType: string): string {
  const plain = withoutExponent(text);
  return (
    `CASE WHEN ${matches(text, pattern)} THEN TRY_CAST(${text} AS ${duckType}) WHEN ${text} IS NOT NULL THEN ` +
    `CASE WHEN ${matches(text, scientificNumber)} THEN CASE WHEN ${matches(plain, pattern)} THEN TRY_CAST(${plain} AS ${duckType}) END END END`
  );
}

function integer(text: string, duckType: string): string {
  return exactNumber(text, '-?[0-9]+(\\.0*)?', duckType);
}

function decimal(text: string, precision: number, scale: number): string {
  return exactNumber(text, `-?[0-9]+(\\.[0-9]{0,${scale}}0*)?`, `DECIMAL(${precision},${scale})`);
}

/** Up to 15 significant digits always survive a double (IEEE 754); more only when writing it out gives them back. */
function double(text: string): string {
  const value = `TRY_CAST(${text} AS DOUBLE)`;
  const significant = `length(trim(regexp_replace(regexp_replace(${text}, '[eE].*$', ''), '[-.]', '', 'g'), '0'))`;
  return (
    `CASE WHEN (${matches(text, plainNumber)} OR ${matches(text, scientificNumber)}) AND isfinite(${value}) ` +
    `AND (${value} <> 0 OR ${significant} = 0) ` +
    `AND (${significant} <= 15 OR ${canonical(text)} = ${canonical(`CAST(${value} AS VARCHAR)`)}) THEN ${value} END`
  );
}

// Year 0 does not exist in PostgreSQL and Redshift; offsets from UTC end at 18 hours (ISO 8601 as java.time reads it).
const datePattern = '([1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])-[0-9]{2}-[0-9]{2}';
const timePattern = '([01][0-9]|2[0-3]):[0-9]{2}(:[0-9]{2}(\\.[0-9]{1,6}0*)?)?';
const zonePattern = '(Z|z|[+-](0[0-9]|1[0-8])(:?[0-5][0-9])?)';

/**
 * ISO 8601; a zone is converted to UTC, a text without one is taken as UTC, a date as its midnight. The commonest
 * spellings, `2003-01-06T10:00:00` with or without `Z`, are told by writing the value out again, for a tenth of the cost.
 */
function timestamp(text: string): string {
  const common = `TRY_CAST(${text} AS TIMESTAMP)`;
  const spelled = `CAST(${common} AS VARCHAR) = replace(rtrim(${text}, 'Z'), 'T', ' ')`;
  // DuckDB takes `+02` and `+02:00` but not `+0200`; TIMESTAMPTZ applies the offset, which TIMESTAMP would drop.
  // Nor does it take a zone after minutes.
  const seconds = `regexp_replace(upper(${text}), '^(.{11}[0-9]{2}:[0-9]{2})([Z+-])', '\\1:00\\2')`;
  const zoned = `TRY_CAST(TRY_CAST(regexp_replace(${seconds}, '([+-][0-9]{2})([0-9]{2})$', '\\1:\\2') AS TIMESTAMPTZ) AS TIMESTAMP)`;
  return (
    `CASE WHEN strlen(${text}) BETWEEN 19 AND 20 AND substr(${text}, 5, 1) = '-' AND ${spelled} THEN ${common} ` +
    `WHEN ${matches(text, `${datePattern}[Tt ]${timePattern}${zonePattern}`)} ` +
    `THEN CASE WHEN ${zoned} >= TIMESTAMP '0001-01-01' AND year(${zoned}) <= 9999 THEN ${zoned} END ` +
    `WHEN ${matches(text, `${datePattern}([Tt ]${timePattern})?`)} THEN TRY_CAST(upper(${text}) AS TIMESTAMP) END`
  );
}

/** `YYYY-MM-DD`, or a timestamp that is exactly midnight UTC. */
function date(text: string): string {
  const moment = timestamp(text);
  return (
    `CASE WHEN ${matches(text, datePattern)} THEN TRY_CAST(${text} AS DATE) ` +
    `WHEN date_trunc('day', ${moment}) = ${moment} THEN CAST(${moment} AS DATE) END`
  );
}

/** At most `bytes` bytes of UTF-8, and no NUL character: neither PostgreSQL nor Redshift can store one. */
function varchar(text: string, bytes: number): string {
  return `CASE WHEN strlen(${text}) <= ${bytes} AND NOT contains(${text}, chr(0)) THEN ${text} END`;
}

const integerTypes: Readonly<Record<string, string>> = {
  tinyint: 'TINYINT',
  smallint: 'SMALLINT',
  int: 'INTEGER',
  integer: 'INTEGER',
  bigint: 'BIGINT',
};

/** A DuckDB type and the expression that casts a text to it, NULL where it does not fit exactly. */
export interface ExactCast {
  readonly duckType: string;
  cast(text: string): string;
}

/**
 * The cast for a lake type (Hive's spelling) or a landing type (Redshift's spelling), scalar ones only.
 * `binary` expects base64, as exports hold it. Returns undefined for a type that is not supported.
 */
export function exactCast(type: string): ExactCast | undefined {
  const name = type.trim().toLowerCase();
  const integerType = integerTypes[name];
  if (integerType !== undefined) return { duckType: integerType, cast: (text) => integer(text, integerType) };
  const decimalType = /^(?:decimal|numeric)\((\d+),\s*(\d+)\)$/.exec(name);
  if (decimalType !== null) {
    const [precision, scale] = [Number(decimalType[1]), Number(decimalType[2])];
    if (precision < 1 || precision > 38 || scale > precision) return undefined;
    return { duckType: `DECIMAL(${precision},${scale})`, cast: (text) => decimal(text, precision, scale) };
  }
  const varcharType = /^varchar\((\d+)\)$/.exec(name);
  if (varcharType !== null) return { duckType: 'VARCHAR', cast: (text) => varchar(text, Number(varcharType[1])) };
  switch (name) {
    case 'string':
      return { duckType: 'VARCHAR', cast: (text) => text };
    case 'double':
    case 'double precision':
      return { duckType: 'DOUBLE', cast: double };
    case 'boolean':
      return { duckType: 'BOOLEAN', cast: (text) => `CASE ${text} WHEN 'true' THEN true WHEN 'false' THEN false END` };
    case 'binary':
      return { duckType: 'BLOB', cast: (text) => `TRY(from_base64(${text}))` };
    case 'date':
      return { duckType: 'DATE', cast: date };
    case 'timestamp':
      return { duckType: 'TIMESTAMP', cast: timestamp };
    default:
      return undefined;
  }
}

/** SQL that cuts the group of `pattern` from a key, NULL when the whole key does not match. */
export function keyPart(text: string, pattern: string): string {
  const whole = quoteLiteral(anchored(pattern));
  const part = `regexp_extract(${text}, ${whole}, 1)`;
  // An empty part may be that of a key or mean that there is no match.
  return `CASE WHEN ${part} <> '' THEN ${part} WHEN regexp_full_match(${text}, ${whole}) THEN '' END`;
}
