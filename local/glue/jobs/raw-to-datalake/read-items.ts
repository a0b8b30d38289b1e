import type { ItemTypePlan, LakeColumn, LakeJobSpec } from '../../../../model/plan.js';
import type { DuckDbSession } from '../../duckdb/session.js';
import { anchored, quoteIdentifier, quoteLiteral } from '../../duckdb/sql-text.js';
import { JobFailure } from '../job-script.js';
import { checkPatterns } from '../patterns.js';
import type { DataFile } from './export-manifest.js';
import type { ExportRecords } from './export-records.js';
import { jsonAccess, typedAccess } from './item-access.js';
import type { AttributeRequest, ItemAccess } from './item-access.js';
import { castColumn, columnIdentity, columnRequest, wrongDescriptor } from './lake-column.js';

/**
 * Table `items`, made by {@link readItems}: `item_type` (index into the spec's list, −1 for none, −3 for a deleted item),
 * `k0`, `k1` (text of the table keys), `written_at`, `bad` (true for rejected items), one column per distinct lake
 * column, and of changes `key` (the table keys as DynamoDB JSON).
 */
export interface ItemTable {
  /** Records read. */
  readonly records: number;
  /** Name of the column of `items` that holds a lake column's value. */
  valueOf(column: LakeColumn): string;
}

/** `item_type` of a line that is JSON but not an export record. */
const notAnItem = -2;

/** `item_type` of an item that was deleted. */
export const deletedItem = -3;

/** The requests that tell an item's type and its key. */
function routingRequests(spec: LakeJobSpec): AttributeRequest[] {
  const keys = spec.keys.flatMap((key) => (['S', 'N', 'B'] as const).map((type) => ({ path: [key], type })));
  const matches = spec.itemTypes.flatMap(({ match }) =>
    match.map(({ attribute }) => ({ path: [attribute], type: 'S' as const }))
  );
  return [...keys, ...matches];
}

/** Text of a table key, whatever its type. */
export function keyText(access: ItemAccess, key: string): string {
  return `coalesce(${(['S', 'N', 'B'] as const).map((type) => access.value({ path: [key], type })).join(', ')})`;
}

/** Index of the first item type of which all conditions hold, −1 when there is none. */
export function itemTypeIndex(access: ItemAccess, itemTypes: readonly ItemTypePlan[]): string {
  const cases = itemTypes.map(({ match }, index) => {
    const conditions = match.flatMap(({ attribute, equals, pattern }) => {
      const text = access.value({ path: [attribute], type: 'S' });
      const tests = [`${text} IS NOT NULL`];
      if (equals !== undefined) tests.push(`${text} = ${quoteLiteral(equals)}`);
      if (pattern !== undefined) tests.push(`regexp_full_match(${text}, ${quoteLiteral(anchored(pattern))})`);
      return tests;
    });
    return `WHEN ${conditions.join(' AND ')} THEN ${index}`;
  });
  return `CASE ${cases.join(' ')} ELSE -1 END`;
}

/** DynamoDB JSON of the table keys of an item that is read as JSON. */
export function keyJson(item: string, keys: readonly string[]): string {
  const pointer = (name: string): string => `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`; // RFC 6901
  const members = keys.map((name) => `${quoteLiteral(name)}, json_extract(${item}, ${quoteLiteral(pointer(name))})`);
  return `CAST(json_object(${members.join(', ')}) AS VARCHAR)`;
}

/** SQL of `item_type` for a record. */
function recordType(records: ExportRecords, spec: LakeJobSpec, access: ItemAccess): string {
  const { item, keys, writtenAt, changes } = records;
  const type = itemTypeIndex(access, spec.itemTypes);
  if (!changes) return `CASE WHEN ${item} IS NULL THEN ${notAnItem} ELSE ${type} END`;
  const missing = [writtenAt, ...spec.keys.map((key) => keyText(jsonAccess(keys), key))].map((sql) => `${sql} IS NULL`);
  return `CASE WHEN ${missing.join(' OR ')} THEN ${notAnItem} WHEN ${item} IS NULL THEN ${deletedItem} ELSE ${type} END`;
}

function itemsQuery(
  spec: LakeJobSpec,
  records: ExportRecords,
  access: ItemAccess,
  columns: readonly LakeColumn[]
): string {
  const indexOf = new Map(columns.map((column, index) => [columnIdentity(column), index]));
  const keys = spec.keys.map((_, index) => `k${index}`);
  const keyAccess = records.changes ? jsonAccess(records.keys) : access;
  const origin = ['written_at', ...(records.changes ? ['key'] : [])];
  const read = [
    `${recordType(records, spec, access)} AS item_type`,
    ...spec.keys.map((key, index) => `${keyText(keyAccess, key)} AS k${index}`),
    `${records.writtenAt} AS written_at`,
    ...(records.changes ? [`${keyJson(records.keys, spec.keys)} AS key`] : []),
    ...columns.flatMap((column, index) => [
      `${access.value(columnRequest(column))} AS r${index}`,
      `(${wrongDescriptor(access, columnRequest(column))}) AS w${index}`,
    ]),
  ];
  const cast = columns.map((column, index) => `${castColumn(column, `r${index}`)} AS c${index}`);
  const perType = spec.itemTypes.map((itemType, type) => {
    const tests = itemType.columns.map((column) => {
      const at = indexOf.get(columnIdentity(column)) ?? -1;
      return column.required ? `w${at} OR c${at} IS NULL` : `w${at} OR (r${at} IS NOT NULL AND c${at} IS NULL)`;
    });
    return `WHEN ${type} THEN ${tests.join(' OR ')}`;
  });
  const missingKey = keys.map((key) => `${key} IS NULL`).join(' OR ');
  const raw = columns.flatMap((_, index) => [`r${index}`, `w${index}`]);
  return (
    `SELECT CAST(item_type AS TINYINT) AS item_type, ` +
    `${[...keys, ...origin, ...columns.map((_, index) => `c${index}`)].join(', ')}, ` +
    `item_type <> ${deletedItem} AND ((${missingKey}) OR CASE item_type ${perType.join(' ')} ELSE true END) AS bad ` +
    `FROM (SELECT item_type, ${[...keys, ...origin, ...raw, ...cast].join(', ')} ` +
    `FROM (SELECT ${read.join(', ')} FROM ${records.from(access.recordType)}))`
  );
}

/** Says which line of which data file is not DynamoDB JSON, without quoting it as DuckDB's own message does. */
function asExportFailure(error: unknown, files: readonly DataFile[]): unknown {
  if (!(error instanceof Error)) return error;
  const keyOf = (path: string | undefined): string => files.find((file) => file.path === path)?.key ?? 'of the export';
  const notGzip = /Input is not a GZIP stream: (.+)/.exec(error.message);
  if (notGzip !== null) return new JobFailure(`Data file ${keyOf(notGzip[1])} is not compressed by gzip`);
  const where = /(?:Malformed JSON|JSON transform error) in file "([^"]+)",.* in (?:line|record\/value) (\d+)/s.exec(
    error.message
  );
  if (where === null) return error;
  const key = keyOf(where[1]);
  return new JobFailure(`Data file ${key} is not DynamoDB JSON lines, or is cut off: see about line ${where[2]}`);
}

/**
 * Reads the exports' data files once into the table `items`, routed and cast.
 * @throws JobFailure when a line is not an export record or a pattern is not RE2.
 */
export async function readItems(session: DuckDbSession, spec: LakeJobSpec, records: ExportRecords): Promise<ItemTable> {
  if (spec.itemTypes.length > 127) throw new JobFailure('More than 127 item types');
  const patterns = spec.itemTypes.flatMap(({ match }) => match.flatMap(({ pattern }) => pattern ?? []));
  await checkPatterns(session, patterns, false);
  const distinct = new Map(
    spec.itemTypes.flatMap(({ columns }) => columns.map((column) => [columnIdentity(column), column]))
  );
  const columns = [...distinct.values()];
  const requests = [...routingRequests(spec), ...columns.map(columnRequest)];
  const access = typedAccess(records.item, requests) ?? jsonAccess(records.item);
  const query = itemsQuery(spec, records, access, columns);
  try {
    await session.run('SET preserve_insertion_order = false'); // the rows are sorted when they are written
    await session.run(`CREATE TABLE items AS ${query}`);
  } catch (error) {
    throw asExportFailure(error, records.files);
  } finally {
    await session.run('SET preserve_insertion_order = true').catch(() => undefined);
  }
  const [count] = await session.rows(
    `SELECT count(*) AS records, count(*) FILTER (item_type = ${notAnItem}) AS others FROM items`
  );
  if (Number(count?.['others']) > 0) {
    throw new JobFailure(`${String(count?.['others'])} lines of the export hold no item`);
  }
  const indexOf = new Map(columns.map((column, index) => [columnIdentity(column), index]));
  return {
    records: Number(count?.['records']),
    valueOf: (column) => {
      const index = indexOf.get(columnIdentity(column));
      if (index === undefined) throw new Error(`column ${column.name} was not read`);
      return quoteIdentifier(`c${index}`);
    },
  };
}
