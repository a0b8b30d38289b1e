import type { ItemTypePlan, LakeColumn, LakeJobSpec } from '../../../../model/plan.js';
import type { DuckDbSession } from '../../duckdb/session.js';
import { anchored, escapeGlob, literalList, quoteIdentifier, quoteLiteral } from '../../duckdb/sql-text.js';
import { JobFailure } from '../job-script.js';
import { checkPatterns } from '../patterns.js';
import type { DataFile } from './export-manifest.js';
import { jsonAccess, typedAccess } from './item-access.js';
import type { AttributeRequest, ItemAccess } from './item-access.js';
import { castColumn, columnIdentity, columnRequest, wrongDescriptor } from './lake-column.js';

/** How many items of one type were read, `undefined` for those of no known type. */
export interface ItemCount {
  readonly itemType: string | undefined;
  readonly rejected: boolean;
  readonly items: number;
}

/**
 * Table `items`, made by {@link readItems}: `item_type` (index into the spec's list, −1 for none), `k0`, `k1` (text of
 * the table keys), `bad` (true for rejected items) and one column per distinct lake column.
 */
export interface ItemTable {
  readonly counts: readonly ItemCount[];
  /** Name of the column of `items` that holds a lake column's value. */
  valueOf(column: LakeColumn): string;
}

const record = 'r."Item"';
/** `item_type` of a line that is JSON but not an export record. */
const notAnItem = -2;

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

/** `FROM` clause over the export's records; without data files an empty relation of the same type. */
export function exportRecords(files: readonly DataFile[], recordType: string): string {
  const filled = files.filter((file) => file.size > 0);
  if (filled.length === 0) return `(SELECT CAST(NULL AS ${recordType}) AS "Item" WHERE false) r`;
  const paths = literalList(filled.map((file) => escapeGlob(file.path)));
  return (
    `read_json(${paths}, format = 'newline_delimited', compression = 'gzip', hive_partitioning = false, ` +
    `columns = {'Item': ${quoteLiteral(recordType)}}) r`
  );
}

function itemsQuery(spec: LakeJobSpec, access: ItemAccess, columns: readonly LakeColumn[], from: string): string {
  const indexOf = new Map(columns.map((column, index) => [columnIdentity(column), index]));
  const keys = spec.keys.map((_, index) => `k${index}`);
  const read = [
    `CASE WHEN ${record} IS NULL THEN ${notAnItem} ELSE ${itemTypeIndex(access, spec.itemTypes)} END AS item_type`,
    ...spec.keys.map((key, index) => `${keyText(access, key)} AS k${index}`),
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
    `SELECT CAST(item_type AS TINYINT) AS item_type, ${[...keys, ...columns.map((_, index) => `c${index}`)].join(', ')}, ` +
    `(${missingKey}) OR CASE item_type ${perType.join(' ')} ELSE true END AS bad ` +
    `FROM (SELECT item_type, ${[...keys, ...raw, ...cast].join(', ')} FROM (SELECT ${read.join(', ')} FROM ${from}))`
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
 * Reads the export's data files once into the table `items`, routed and cast.
 * @throws JobFailure when a line is not an export record or a pattern is not RE2.
 */
export async function readItems(
  session: DuckDbSession,
  spec: LakeJobSpec,
  files: readonly DataFile[]
): Promise<ItemTable> {
  if (spec.itemTypes.length > 127) throw new JobFailure('More than 127 item types');
  const patterns = spec.itemTypes.flatMap(({ match }) => match.flatMap(({ pattern }) => pattern ?? []));
  await checkPatterns(session, patterns, false);
  const distinct = new Map(
    spec.itemTypes.flatMap(({ columns }) => columns.map((column) => [columnIdentity(column), column]))
  );
  const columns = [...distinct.values()];
  const requests = [...routingRequests(spec), ...columns.map(columnRequest)];
  const access = typedAccess(record, requests) ?? jsonAccess(record);
  const query = itemsQuery(spec, access, columns, exportRecords(files, access.recordType));
  try {
    await session.run('SET preserve_insertion_order = false'); // the rows are sorted when they are written
    await session.run(`CREATE TABLE items AS ${query}`);
  } catch (error) {
    throw asExportFailure(error, files);
  } finally {
    await session.run('SET preserve_insertion_order = true').catch(() => undefined);
  }
  const rows = await session.rows('SELECT item_type, bad, count(*) AS items FROM items GROUP BY ALL ORDER BY ALL');
  const counts = rows.map((row) => {
    if (row['item_type'] === notAnItem)
      throw new JobFailure(`${String(row['items'])} lines of the export hold no item`);
    const itemType = spec.itemTypes[Number(row['item_type'])]?.name;
    return { itemType, rejected: row['bad'] === true, items: Number(row['items']) };
  });
  const indexOf = new Map(columns.map((column, index) => [columnIdentity(column), index]));
  return {
    counts,
    valueOf: (column) => {
      const index = indexOf.get(columnIdentity(column));
      if (index === undefined) throw new Error(`column ${column.name} was not read`);
      return quoteIdentifier(`c${index}`);
    },
  };
}
