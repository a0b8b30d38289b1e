import type { LandingColumn, LandJobSpec } from '../../../../model/plan.js';
import { exactCast, keyPart } from '../../duckdb/exact-cast.js';
import type { DuckDbSession } from '../../duckdb/session.js';
import { quoteIdentifier, quoteLiteral } from '../../duckdb/sql-text.js';
import { JobFailure } from '../job-script.js';
import type { RejectReason } from '../job-report.js';
import { checkPatterns } from '../patterns.js';
import { noRejectedSql, reasonRows, rejectedTableSql } from '../rejected-rows.js';
import type { LakeDataset } from './lake-dataset.js';

/** The rows of one landing table: the good ones in a CSV file, the others in the DuckDB table `rejected`. */
export interface LandingRows {
  readonly rows: number;
  readonly rejected: number;
  readonly reasons: readonly RejectReason[];
}

type Explode = NonNullable<LandJobSpec['explode']>[number];

// Names that no lake column can have.
const lakeRow = '"$row"';
const element = '"$element"';
const position = '"$position"';

/** The lake's column with the time at which an item was written. */
const writtenAt = 'sluice_written_at';

function lakeColumn(dataset: LakeDataset, name: string): string {
  if (!dataset.columns.has(name)) throw new JobFailure(`The lake dataset has no column ${name}`);
  return `${lakeRow}.${quoteIdentifier(name)}`;
}

/** Parquet may mark the time as UTC, which DuckDB reads as another type; a lake of 0.1.0 has none. */
function writtenAtOf(dataset: LakeDataset): string {
  if (!dataset.columns.has(writtenAt)) return 'CAST(NULL AS TIMESTAMP)';
  return `make_timestamp(epoch_us(${lakeRow}.${quoteIdentifier(writtenAt)}))`;
}

/** DuckDB spells a list of structs `STRUCT(a VARCHAR, "b c" DECIMAL(5,2))[]`; here its members, by name. */
async function listMembers(
  session: DuckDbSession,
  dataset: LakeDataset,
  column: string
): Promise<ReadonlyMap<string, string>> {
  const type = dataset.columns.get(column) ?? '';
  if (!/^STRUCT\(.*\)\[\]$/s.test(type)) throw new JobFailure(`Lake column ${column} is not a list of maps`);
  const rows = await session.rows(
    `SELECT column_name, column_type FROM (DESCRIBE SELECT unnest(CAST(NULL AS ${type.slice(0, -2)})))`
  );
  return new Map(rows.map((row) => [String(row['column_name']), String(row['column_type'])]));
}

/** SQL of a lake value's text: binary as base64, lists and structs as JSON. */
function textOf(value: string, type: string): string {
  if (type === 'BLOB') return `to_base64(${value})`;
  const isNested = /[[({]/.test(type.replace(/^DECIMAL\(\d+,\d+\)$/, ''));
  return `CAST(${isNested ? `to_json(${value})` : value} AS VARCHAR)`;
}

/** The exploded relation: lake row `s`, `element` (struct of texts) and `position` from 0; one row per element. */
async function explodedRelation(
  session: DuckDbSession,
  dataset: LakeDataset,
  explode: readonly Explode[]
): Promise<{ readonly relation: string; readonly fields: ReadonlySet<string> }> {
  // Nested names are lower-case in the lake, fields of the spec are spelled as the attributes are.
  const sources: { readonly source: Explode; readonly members: ReadonlyMap<string, string> }[] = [];
  for (const source of explode) {
    const members =
      source.kind === 'map'
        ? Object.entries(source.fields).map(([field, column]) => [field, dataset.columns.get(column) ?? ''] as const)
        : await listMembers(session, dataset, source.column);
    sources.push({ source, members: new Map([...members].map(([field, type]) => [field.toLowerCase(), type])) });
  }
  const fields = new Set(sources.flatMap(({ members }) => [...members.keys()]));
  const lists = sources.map(({ source, members }) => {
    const pack = (value: (field: string) => string): string => {
      const parts = [...fields].map((field) => {
        const type = members.get(field);
        const text = type === undefined ? 'CAST(NULL AS VARCHAR)' : textOf(value(field), type);
        return `${quoteIdentifier(field)} := ${text}`;
      });
      return `struct_pack(${parts.join(', ')})`;
    };
    if (source.kind === 'list') {
      const list = lakeColumn(dataset, source.column);
      const one = pack((field) => `e.${quoteIdentifier(field)}`);
      return `coalesce(list_transform(${list}, lambda e: CASE WHEN e IS NOT NULL THEN ${one} END), [])`;
    }
    const columnOf = new Map(Object.entries(source.fields).map(([field, column]) => [field.toLowerCase(), column]));
    const value = (field: string): string => lakeColumn(dataset, columnOf.get(field) ?? '');
    const present = [...members.keys()].map((field) => `${value(field)} IS NOT NULL`);
    return `CASE WHEN ${present.join(' OR ')} THEN [${pack(value)}] ELSE [] END`;
  });
  const all = lists.reduce((left, right) => `list_concat(${left}, ${right})`);
  return {
    relation:
      `(SELECT * FROM (SELECT ${lakeRow}, unnest(elements) AS ${element}, ` +
      `generate_subscripts(elements, 1) - 1 AS ${position} FROM ` +
      `(SELECT ${lakeRow}, ${all} AS elements FROM ${dataset.relation} ${lakeRow})) WHERE ${element} IS NOT NULL)`,
    fields,
  };
}

/** The values of a landing column: as it comes, and as its type. */
interface ColumnSql {
  readonly column: LandingColumn;
  readonly raw: string;
  readonly cast: (raw: string) => string;
}

function columnSql(dataset: LakeDataset, column: LandingColumn, fields: ReadonlySet<string>): ColumnSql {
  const exact = exactCast(column.type);
  if (exact === undefined) throw new JobFailure(`Column ${column.name} has the unknown type ${column.type}`);
  const { source } = column;
  switch (source.kind) {
    case 'position':
      return { column, raw: `CAST(${position} AS VARCHAR)`, cast: exact.cast };
    case 'writtenAt':
      return { column, raw: writtenAtOf(dataset), cast: (time) => time };
    case 'field': {
      if (!fields.has(source.field.toLowerCase()))
        throw new JobFailure(`Column ${column.name} takes the unknown field ${source.field}`);
      return { column, raw: `${element}.${quoteIdentifier(source.field)}`, cast: exact.cast };
    }
    case 'key': {
      const raw = `CAST(${lakeColumn(dataset, source.column)} AS VARCHAR)`;
      return { column, raw, cast: (text) => exact.cast(`(${keyPart(text, source.pattern)})`) };
    }
    case 'column': {
      const value = lakeColumn(dataset, source.column);
      const lakeType = dataset.columns.get(source.column) ?? '';
      if (lakeType !== 'VARCHAR' && lakeType === exact.duckType) return { column, raw: value, cast: (raw) => raw };
      return { column, raw: textOf(value, lakeType), cast: exact.cast };
    }
  }
}

function isUnfit({ column, raw, cast }: ColumnSql): string {
  const unfit = `(${raw} IS NOT NULL AND (${cast(raw)}) IS NULL)`;
  return column.required ? `(${raw} IS NULL OR ${unfit})` : unfit;
}

/** The item's table keys in DynamoDB JSON; lake columns have lost the difference between S and N only for texts. */
function keyJson(dataset: LakeDataset, keyColumns: readonly string[]): string {
  const parts = keyColumns.map((name) => {
    const value = lakeColumn(dataset, name);
    const type = dataset.columns.get(name);
    const descriptor = type === 'VARCHAR' ? 'S' : type === 'BLOB' ? 'B' : 'N';
    const text = descriptor === 'B' ? `to_base64(${value})` : `CAST(${value} AS VARCHAR)`;
    return `${quoteLiteral(name)}, json_object('${descriptor}', ${text})`;
  });
  return `CAST(json_object(${parts.join(', ')}) AS VARCHAR)`;
}

/** `COPY` of the good rows as CSV (RFC 4180: NULL is empty, an empty text is `""`), sorted by table keys and position. */
function copyGoodRows(
  spec: LandJobSpec,
  dataset: LakeDataset,
  columns: readonly ColumnSql[],
  relation: string,
  path: string
): string {
  const keys = spec.keyColumns.map((name, index) => `${lakeColumn(dataset, name)} AS k${index}`);
  const raw = columns.map((column, index) => `${column.raw} AS r${index}`);
  const cast = columns.map((column, index) => `${column.cast(`r${index}`)} AS c${index}`);
  const good = columns.map(({ column }, index) =>
    column.required ? `c${index} IS NOT NULL` : `(r${index} IS NULL OR c${index} IS NOT NULL)`
  );
  const order = [...spec.keyColumns.map((_, index) => `k${index}`), 'position'];
  const rawNames = columns.map((_, index) => `r${index}`);
  const names = columns.map((_, index) => `c${index}`);
  const texts = names.filter((_, index) => exactCast(spec.columns[index]?.type ?? '')?.duckType === 'VARCHAR');
  const quote = texts.length === 0 ? '' : `, FORCE_QUOTE (${texts.join(', ')})`;
  return (
    `COPY (SELECT ${names.join(', ')} FROM (SELECT ${[...order, ...rawNames, ...cast].join(', ')} ` +
    `FROM (SELECT ${[...keys, ...raw].join(', ')}, ${position} AS position FROM ${relation})) ` +
    `WHERE ${good.join(' AND ')} ORDER BY ${order.join(', ')}) ` +
    `TO ${quoteLiteral(path)} (FORMAT csv, HEADER false, NULLSTR ''${quote})`
  );
}

/**
 * Writes the rows that fit as CSV to `path` and makes the table `rejected` of the others.
 * @throws JobFailure when the spec asks for something that the lake dataset does not have.
 */
export async function writeLandingRows(
  session: DuckDbSession,
  spec: LandJobSpec,
  dataset: LakeDataset,
  path: string
): Promise<LandingRows> {
  const patterns = spec.columns.flatMap(({ source }) => (source.kind === 'key' ? [source.pattern] : []));
  await checkPatterns(session, patterns, true);
  const exploded = spec.explode === undefined ? undefined : await explodedRelation(session, dataset, spec.explode);
  const relation = exploded?.relation ?? `${dataset.relation} ${lakeRow}, (SELECT 0 AS ${position})`;
  const columns = spec.columns.map((column) => columnSql(dataset, column, exploded?.fields ?? new Set()));
  const rows = await session.run(copyGoodRows(spec, dataset, columns, relation, path));
  const [count] = exploded === undefined ? [] : await session.rows(`SELECT count(*) AS rows FROM ${relation}`);
  const rejected = (exploded === undefined ? dataset.items : Number(count?.['rows'])) - rows;
  if (rejected === 0) {
    await session.run(noRejectedSql);
    return { rows, rejected, reasons: [] };
  }
  const reasons = columns.map((sql) => {
    const missing = `'missing'`;
    const unfit = quoteLiteral(
      sql.column.source.kind === 'key' ? 'a key that does not match or fit' : 'a value that does not fit'
    );
    const found = `CASE WHEN ${sql.raw} IS NULL THEN ${missing} ELSE ${unfit} END`;
    const struct = `{'attribute': ${quoteLiteral(sql.column.name)}, 'expected': ${quoteLiteral(sql.column.type)}, 'found': ${found}}`;
    return `CASE WHEN ${isUnfit(sql)} THEN ${struct} END`;
  });
  const place = exploded === undefined ? '' : `, 'position', ${position}`;
  await session.run(
    rejectedTableSql(
      `SELECT ${quoteLiteral(spec.itemType)} AS item_type, list_filter([${reasons.join(', ')}], lambda x: x IS NOT NULL) AS reasons, ` +
        `${keyJson(dataset, spec.keyColumns)} AS key, CAST(json_object('row', to_json(${lakeRow})${place}) AS VARCHAR) AS item, ` +
        `${writtenAtOf(dataset)} AS written_at FROM ${relation} WHERE ${columns.map(isUnfit).join(' OR ')}`
    )
  );
  const [held] = await session.rows('SELECT count(*) AS rows FROM rejected');
  if (Number(held?.['rows']) !== rejected) {
    throw new JobFailure(
      `${spec.target} is to get ${rows} rows, which leaves ${rejected}, but ${String(held?.['rows'])} do not fit`
    );
  }
  return { rows, rejected, reasons: await reasonRows(session) };
}
