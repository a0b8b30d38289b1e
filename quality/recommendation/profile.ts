import type { DuckDBConnection } from '@duckdb/node-api';

/** What a column holds, as far as rules are concerned. */
export type ColumnKind = 'number' | 'text' | 'boolean' | 'date' | 'other';

/** What one scan finds in a column. */
export interface ColumnProfile {
  readonly name: string;
  readonly kind: ColumnKind;
  /** DuckDB's type. */
  readonly type: string;
  /** Rows that are not NULL. */
  readonly values: number;
  readonly distinct: number;
  /** Rows whose value occurs once. */
  readonly unique: number;
  /** Of numbers. */
  readonly minimum?: number;
  readonly maximum?: number;
  readonly mean?: number;
  /** Population standard deviation. */
  readonly deviation?: number;
  /** Of texts, in characters. */
  readonly shortest?: number;
  readonly longest?: number;
  /** Of dates and timestamps: the first and last day, `yyyy-MM-dd`. */
  readonly firstDay?: string;
  readonly lastDay?: string;
  /** The values of texts, booleans and whole numbers that have few different ones, in order. */
  readonly valueSet?: readonly string[];
}

/** A table's profile. */
export interface TableProfile {
  readonly rows: number;
  readonly columns: readonly ColumnProfile[];
  /** Pearson's coefficient of pairs of number columns, strongest first. */
  readonly correlations: readonly { readonly columns: readonly [string, string]; readonly coefficient: number }[];
}

/** Columns with more different values have no value set. */
const maximumValueSet = 12;
/** Pairs grow with the square of the columns; of more columns than this only the first are compared. */
const maximumCorrelated = 12;

const identifier = (name: string): string => `"${name.replaceAll('"', '""')}"`;

function kindOf(type: string): ColumnKind {
  if (/^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|U?BIGINT|FLOAT|DOUBLE|DECIMAL.*)$/.test(type)) return 'number';
  if (type === 'VARCHAR') return 'text';
  if (type === 'BOOLEAN') return 'boolean';
  if (type === 'DATE' || type.startsWith('TIMESTAMP')) return 'date';
  return 'other';
}

type Row = Readonly<Record<string, unknown>>;

async function rowsOf(connection: DuckDBConnection, sql: string): Promise<Row[]> {
  const reader = await connection.runAndReadAll(sql);
  return reader.getRowObjectsJson();
}

function aggregates(column: string, kind: ColumnKind, index: number): string[] {
  const id = identifier(column);
  const named = (sql: string, name: string): string => `${sql} AS "${name}${index}"`;
  const common = [named(`count(${id})`, 'values')];
  switch (kind) {
    case 'number': {
      const value = `CAST(${id} AS DOUBLE)`;
      return [
        ...common,
        named(`min(${value})`, 'min'),
        named(`max(${value})`, 'max'),
        named(`avg(${value})`, 'mean'),
        // Squares of larger values overflow.
        named(`stddev_pop(${value}) FILTER (WHERE abs(${value}) < 1e150)`, 'deviation'),
      ];
    }
    case 'text':
      return [...common, named(`min(length(${id}))`, 'shortest'), named(`max(length(${id}))`, 'longest')];
    case 'date':
      return [
        ...common,
        named(`strftime(min(${id}), '%Y-%m-%d')`, 'first'),
        named(`strftime(max(${id}), '%Y-%m-%d')`, 'last'),
      ];
    default:
      return common;
  }
}

/** How many different values, and how many rows whose value is alone. */
async function distinctOf(connection: DuckDBConnection, table: string, column: string) {
  const id = identifier(column);
  const [row] = await rowsOf(
    connection,
    `SELECT count(*) AS "distinct", count(*) FILTER (n = 1) AS "unique"
     FROM (SELECT count(*) AS n FROM ${table} WHERE ${id} IS NOT NULL GROUP BY ${id})`
  );
  return { distinct: Number(row?.['distinct'] ?? 0), unique: Number(row?.['unique'] ?? 0) };
}

async function valueSetOf(connection: DuckDBConnection, table: string, column: string): Promise<string[]> {
  const id = identifier(column);
  const rows = await rowsOf(
    connection,
    `SELECT CAST(v AS VARCHAR) AS v FROM (SELECT DISTINCT ${id} AS v FROM ${table} WHERE ${id} IS NOT NULL) ORDER BY v`
  );
  return rows.map(({ v }) => String(v));
}

async function correlationsOf(connection: DuckDBConnection, table: string, columns: readonly ColumnProfile[]) {
  const numbers = columns
    .filter(
      ({ kind, distinct, deviation, minimum = Infinity, maximum = Infinity }) =>
        // Squares of larger values overflow.
        kind === 'number' &&
        distinct > 2 &&
        (deviation ?? 0) > 0 &&
        Math.max(Math.abs(minimum), Math.abs(maximum)) < 1e100
    )
    .slice(0, maximumCorrelated);
  const pairs = numbers.flatMap((left, index) =>
    numbers.slice(index + 1).map((right) => [left.name, right.name] as [string, string])
  );
  if (pairs.length === 0) return [];
  const list = pairs.map(
    ([left, right], index) =>
      `corr(CAST(${identifier(left)} AS DOUBLE), CAST(${identifier(right)} AS DOUBLE)) AS c${index}`
  );
  const [row] = await rowsOf(connection, `SELECT ${list.join(', ')} FROM ${table}`);
  return pairs
    .map((columns, index) => ({ columns, coefficient: Number(row?.[`c${index}`] ?? NaN) }))
    .filter(({ coefficient }) => Number.isFinite(coefficient))
    .sort((a, b) => Math.abs(b.coefficient) - Math.abs(a.coefficient));
}

const numberOf = (value: unknown): number | undefined => {
  const number = value === null || value === undefined ? NaN : Number(value);
  return Number.isFinite(number) ? number : undefined;
};

/**
 * Profiles a table or view: one scan for the plain aggregates, one grouping a column, one scan for correlations.
 * @throws Error from DuckDB when there is no such table.
 */
export async function profileTable(connection: DuckDBConnection, table: string): Promise<TableProfile> {
  const from = identifier(table);
  const described = await rowsOf(connection, `DESCRIBE SELECT * FROM ${from}`);
  const plain = described.map((row) => {
    const type = String(row['column_type']);
    return { name: String(row['column_name']), type, kind: kindOf(type) };
  });
  const list = plain.flatMap(({ name, kind }, index) => aggregates(name, kind, index));
  const [found = {}] = await rowsOf(connection, `SELECT count(*) AS rows, ${list.join(', ')} FROM ${from}`);
  const columns: ColumnProfile[] = [];
  for (const [index, { name, type, kind }] of plain.entries()) {
    const get = (what: string): unknown => found[`${what}${index}`] ?? undefined;
    const { distinct, unique } =
      kind === 'other' ? { distinct: 0, unique: 0 } : await distinctOf(connection, from, name);
    const [minimum, maximum] = [numberOf(get('min')), numberOf(get('max'))];
    const enumerable = kind === 'text' || kind === 'boolean' || (kind === 'number' && /INT/.test(type));
    const valueSet =
      enumerable && distinct > 0 && distinct <= maximumValueSet ? await valueSetOf(connection, from, name) : undefined;
    columns.push({
      name,
      type,
      kind,
      values: Number(get('values') ?? 0),
      distinct,
      unique,
      minimum,
      maximum,
      mean: numberOf(get('mean')),
      deviation: numberOf(get('deviation')),
      shortest: numberOf(get('shortest')),
      longest: numberOf(get('longest')),
      firstDay: get('first') as string | undefined,
      lastDay: get('last') as string | undefined,
      valueSet,
    });
  }
  return { rows: Number(found['rows'] ?? 0), columns, correlations: await correlationsOf(connection, from, columns) };
}
