import { escapeGlob, literalList, quoteLiteral } from '../../duckdb/sql-text.js';
import type { DataFile } from './export-manifest.js';

/**
 * The records of exports as a relation `r`. Format:
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataExport.Output.html
 */
export interface ExportRecords {
  readonly files: readonly DataFile[];
  /** SQL of the item: of incremental exports NULL when it was deleted. */
  readonly item: string;
  /** SQL of an item that holds at least the table's keys. */
  readonly keys: string;
  /** SQL of the time of the write that made the item, a TIMESTAMP in UTC. */
  readonly writtenAt: string;
  /** True for the records of incremental exports. */
  readonly changes: boolean;
  /** `FROM` clause in which the item is read as this DuckDB type. */
  from(itemType: string): string;
}

/** Relation over JSON lines; without files an empty one of the same columns. */
function readLines(files: readonly DataFile[], columns: Readonly<Record<string, string>>): string {
  const filled = files.filter((file) => file.size > 0);
  const typed = Object.entries(columns);
  if (filled.length === 0) {
    return `(SELECT ${typed.map(([name, type]) => `CAST(NULL AS ${type}) AS "${name}"`).join(', ')} WHERE false) r`;
  }
  const paths = literalList(filled.map((file) => escapeGlob(file.path)));
  const members = typed.map(([name, type]) => `'${name}': ${quoteLiteral(type)}`).join(', ');
  return (
    `read_json(${paths}, format = 'newline_delimited', compression = 'gzip', hive_partitioning = false, ` +
    `columns = {${members}}) r`
  );
}

/** Records of a full export: `{"Item":{…}}`. They carry no time, so all get that of the export. */
export function fullExport(files: readonly DataFile[], asOf: string | undefined): ExportRecords {
  return {
    files,
    item: 'r."Item"',
    keys: 'r."Item"',
    writtenAt: asOf === undefined ? 'CAST(NULL AS TIMESTAMP)' : timestampLiteral(asOf),
    changes: false,
    from: (itemType) => readLines(files, { Item: itemType }),
  };
}

/**
 * Records of incremental exports: `{"Metadata":{"WriteTimestampMicros":…},"Keys":{…},"NewImage":{…}}`, the time bare or
 * as `{"N":"…"}`; a deleted item has no NewImage. OldImage is not needed.
 */
export function incrementalExports(files: readonly DataFile[]): ExportRecords {
  const micros = ['/WriteTimestampMicros/N', '/WriteTimestampMicros'].map(
    (pointer) => `TRY_CAST(json_extract_string(r."Metadata", '${pointer}') AS BIGINT)`
  );
  return {
    files,
    item: 'r."NewImage"',
    keys: 'r."Keys"',
    writtenAt: `make_timestamp(coalesce(${micros.join(', ')}))`,
    changes: true,
    from: (itemType) => readLines(files, { Metadata: 'JSON', Keys: 'JSON', NewImage: itemType }),
  };
}

/** A TIMESTAMP of DuckDB made of an ISO 8601 time in UTC. */
export function timestampLiteral(iso: string): string {
  return `CAST(${quoteLiteral(iso.replace(/Z$/, ''))} AS TIMESTAMP)`;
}
