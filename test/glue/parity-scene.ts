import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GetTableCommand } from '@aws-sdk/client-glue';
import { DuckDBInstance } from '@duckdb/node-api';
import pg from 'pg';
import { startPostgres } from '../../local/redshift/index.js';
import { createJob, readReport, runJob, startLocalGlue, temporaryFolder } from '../local/glue/local-glue.js';
import type { LocalGlue } from '../local/glue/local-glue.js';
import { startSparkJobs } from './spark-jobs.js';
import type { SparkJobs } from './spark-jobs.js';

/** The same jobs on DuckDB and on Spark, over one local AWS and one warehouse. */
export interface ParityScene {
  readonly local: LocalGlue;
  readonly warehouse: pg.Client;
  /** Runs a job on DuckDB and then on Spark, with the same arguments, and gives what each left behind. */
  both<T>(
    script: 'raw_to_datalake.py' | 'land.py',
    args: Readonly<Record<string, string>>,
    outcome: () => Promise<T>,
    between?: () => Promise<unknown>
  ): Promise<{ duckdb: T; spark: T; errors: (string | undefined)[] }>;
  close(): Promise<void>;
}

/** Starts Spark, the local AWS and a warehouse. */
export async function startParityScene(python: string): Promise<ParityScene> {
  const place = await temporaryFolder();
  const server = await startPostgres({ folder: join(place.folder, 'postgres'), durable: false });
  const local = await startLocalGlue(place.folder, { connections: { warehouse: server.url } });
  const warehouse = new pg.Client(server.url);
  const temp = join(place.folder, 'spark');
  const passwords = join(temp, 'pgpass');
  await mkdir(temp);
  await writeFile(passwords, `*:*:*:*:${decodeURIComponent(new URL(server.url).password)}\n`, { mode: 0o600 });
  let spark: SparkJobs | undefined;
  const close = async (): Promise<void> => {
    await spark?.stop();
    await warehouse.end();
    await local.close();
    await server.stop();
    await place.remove();
  };
  try {
    await warehouse.connect();
    for (const script of ['raw_to_datalake.py', 'land.py']) await createJob(local.glue, script, script);
    spark = await startSparkJobs(python, { endpoint: local.url, temp, passwords });
  } catch (error) {
    await close();
    throw error;
  }
  const jobs = spark;
  return {
    local,
    warehouse,
    async both(script, args, outcome, between = async () => undefined) {
      const { ErrorMessage } = await runJob(local.glue, script, args);
      const duckdb = await outcome();
      await between();
      const error = await jobs.run(script, args);
      return { duckdb, spark: await outcome(), errors: [ErrorMessage, error ?? undefined] };
    },
    close,
  };
}

/** Rows and types of each dataset of the lake, its state file, its tables in the catalog and a report. */
export async function lakeOutcome(
  { local: { store, glue } }: Pick<ParityScene, 'local'>,
  report: string
): Promise<Record<string, unknown>> {
  const datasets = new Map<string, string[]>();
  const held: Record<string, unknown> = {};
  for await (const { key } of store.listObjects('lake', 'shop/')) {
    const name = /^shop\/type=([^/]+)\//.exec(key)?.[1];
    const path = await store.filePath('lake', key);
    if (name !== undefined) datasets.set(name, [...(datasets.get(name) ?? []), path]);
    else held[key] = JSON.parse(await readFile(path, 'utf8'));
  }
  const instance = await DuckDBInstance.create();
  const connection = await instance.connect();
  for (const [name, paths] of datasets) {
    const list = paths.map((path) => `'${path.replaceAll("'", "''")}'`).join(', ');
    const query = async (sql: string) => (await connection.runAndReadAll(sql)).getRowObjectsJson();
    held[name] = {
      types: await query(`SELECT column_name, column_type FROM (DESCRIBE FROM read_parquet([${list}]))`),
      rows: (await query(`FROM read_parquet([${list}])`)).map(parsedReject),
    };
    if (name.startsWith('quarantined_')) continue;
    const { Table } = await glue.send(new GetTableCommand({ DatabaseName: 'sluice_lake', Name: `shop_${name}` }));
    held[`table ${name}`] = [Table?.Parameters, Table?.StorageDescriptor, Table?.PartitionKeys];
  }
  connection.closeSync();
  instance.closeSync();
  const { files, bytesRead: _bytesRead, ...rest } = await readReport(store, report);
  return { ...held, report: { ...rest, files: files.map(({ uri, rows }) => ({ uri, rows })) } };
}

/** A rejected row shows the lake's row as JSON, in which both engines space and escape as they like. */
function parsedReject(row: Record<string, unknown>): Record<string, unknown> {
  const { item } = row;
  return typeof item === 'string' && item.startsWith('{"row"') ? { ...row, item: JSON.parse(item) as unknown } : row;
}

/** All rows of landing and of the control tables, and a report. */
export async function landingOutcome(
  { local: { store }, warehouse }: Pick<ParityScene, 'local' | 'warehouse'>,
  report: string
): Promise<Record<string, unknown>> {
  const { rows: tables } = await warehouse.query<{ name: string }>(
    `SELECT quote_ident(table_schema) || '.' || quote_ident(table_name) AS name FROM information_schema.tables
     WHERE table_schema IN ('landing', 'sluice') ORDER BY 1`
  );
  const held: Record<string, unknown> = {};
  for (const { name } of tables) {
    held[name] = (await warehouse.query(`SELECT t::text AS row FROM ${name} t ORDER BY t::text COLLATE "C"`)).rows;
  }
  const rejected: unknown[] = [];
  const instance = await DuckDBInstance.create();
  const connection = await instance.connect();
  for await (const { key } of store.listObjects('lake', 'shop/')) {
    if (!/type=(rejected\/.*-land_|quarantined_)/.test(key)) continue;
    const path = (await store.filePath('lake', key)).replaceAll("'", "''");
    const reader = await connection.runAndReadAll(`FROM read_parquet('${path}') ORDER BY ALL`);
    rejected.push([key, reader.getRowObjectsJson().map(parsedReject)]);
  }
  connection.closeSync();
  instance.closeSync();
  const { files, bytesRead: _bytesRead, ...rest } = await readReport(store, report);
  return { ...held, rejected, report: { ...rest, files: files.map(({ uri, rows }) => ({ uri, rows })) } };
}
