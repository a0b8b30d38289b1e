import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import type { DuckDBConnection } from '@duckdb/node-api';
import { UsageError, messageOf } from '../errors.js';
import { csvDelimiter } from './csv-delimiter.js';

/** A DuckDB session in which files are tables. */
export interface FileSession {
  readonly connection: DuckDBConnection;
  /**
   * Makes files of one format one table.
   * @throws UsageError for a file that is missing, of an unknown format or unreadable.
   */
  open(files: readonly string[], table: string): Promise<void>;
  /** Closes the session and removes what it has spilled to disk. */
  close(): Promise<void>;
}

type Format = 'csv' | 'json' | 'parquet';

/** By the end of the name. */
const formats: readonly (readonly [RegExp, Format])[] = [
  [/\.(csv|tsv)(\.gz)?$/i, 'csv'],
  [/\.(json|jsonl|ndjson)(\.gz)?$/i, 'json'],
  [/\.parquet$/i, 'parquet'],
];

/** A name with the characters of DuckDB's globs taken as they are. */
const literalFile = (file: string): string => `'${file.replaceAll(/[*?[]/g, '[$&]').replaceAll("'", "''")}'`;

/**
 * Real files mix line endings, and some rows lack a field or have one more: none is passed over, as DuckDB would do where
 * it may guess the delimiter. Types are taken from all rows, so that the last one cannot contradict them.
 */
const csvOptions = `header = true, strict_mode = false, null_padding = true, parallel = false, sample_size = -1,
  quote = '"', escape = '"'`;

function relation(format: Format, files: readonly string[], delimiter: string): string {
  const list = `[${files.map(literalFile).join(', ')}]`;
  const common = `${list}, union_by_name = true, hive_partitioning = false`;
  switch (format) {
    case 'csv':
      return `read_csv(${common}, delim = '${delimiter}', ${csvOptions})`;
    case 'json':
      return `read_json(${common}, format = 'newline_delimited', sample_size = -1)`;
    case 'parquet':
      return `read_parquet(${common})`;
  }
}

function formatOf(files: readonly string[]): Format {
  const found = new Set<Format>();
  for (const file of files) {
    if (!existsSync(file)) throw new UsageError(`${file}: there is no such file`);
    const format = formats.find(([pattern]) => pattern.test(file))?.[1];
    if (format === undefined) {
      throw new UsageError(`${file}: it takes .csv, .tsv, .json, .jsonl or .ndjson, also with .gz, and .parquet`);
    }
    found.add(format);
  }
  const [format, ...others] = found;
  if (format === undefined) throw new UsageError('A file with data is needed: --data FILE');
  if (others.length > 0) throw new UsageError(`The files of one table are of one format, not ${[...found].join(', ')}`);
  return format;
}

/** Opens a session in memory, which spills into a temporary folder. */
export async function openFiles(): Promise<FileSession> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-quality-'));
  const instance = await DuckDBInstance.create(':memory:', { temp_directory: folder });
  const connection = await instance.connect();
  return {
    connection,
    async open(files, table) {
      const format = formatOf(files);
      // Parquet is read column by column where it lies; text would be parsed again for every scan.
      const kind = format === 'parquet' ? 'VIEW' : 'TABLE';
      try {
        const delimiter = format === 'csv' ? await csvDelimiter(files[0]!) : '';
        const from = relation(format, files, delimiter);
        await connection.run(`CREATE ${kind} "${table.replaceAll('"', '""')}" AS FROM ${from}`);
      } catch (error) {
        throw new UsageError(`${files.join(', ')}: ${reasonOf(error, format)}`, undefined, { cause: error });
      }
    },
    async close() {
      connection.closeSync();
      instance.closeSync();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** DuckDB's messages go on to quote lines of the file, which have no place in an error. */
function reasonOf(error: unknown, format: Format): string {
  const line = /\bline:? (\d+)/i.exec(messageOf(error))?.[1];
  return `cannot be read as ${format}${line === undefined ? '' : `, see line ${line}`}`;
}
