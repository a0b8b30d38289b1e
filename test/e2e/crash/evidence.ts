import { paginateListExports } from '@aws-sdk/client-dynamodb';
import { paginateGetJobRuns } from '@aws-sdk/client-glue';
import { paginateListStatements } from '@aws-sdk/client-redshift-data';
import { paginateListObjectsV2 } from '@aws-sdk/client-s3';
import pg from 'pg';
import type { WarehousePlan } from '../../../model/plan.js';
import type { WorkerAwsClients } from '../../../workers/aws-clients.js';
import { deployment } from '../../workflows/stack.js';
import { generalKey } from './call-log.js';

/** What a shop's run left behind, in a form in which two shops can be compared. */
export interface Evidence {
  /** Every table of landing, staging and dwh with its columns and rows. */
  readonly warehouse: Readonly<Record<string, readonly string[]>>;
  /** Keys, and sizes of raw data, in the buckets for raw data, lake and archives. */
  readonly objects: readonly string[];
  /** Starts of each remote job: exports, Glue runs, statements. */
  readonly starts: Readonly<Record<string, number>>;
}

async function dump(warehouse: pg.Client, shop: string): Promise<Evidence['warehouse']> {
  const { rows: tables } = await warehouse.query<{ schema: string; name: string }>(
    `SELECT table_schema AS schema, table_name AS name FROM information_schema.tables
      WHERE table_schema IN ('landing', 'staging', 'dwh') AND table_name LIKE $1 ORDER BY 1, 2`,
    [`%${shop}%`]
  );
  const dumped: Record<string, string[]> = {};
  for (const { schema, name } of tables) {
    const table = `${pg.escapeIdentifier(schema)}.${pg.escapeIdentifier(name)}`;
    const { rows, fields } = await warehouse.query<{ row: string }>(`SELECT t::text AS row FROM ${table} t ORDER BY 1`);
    const columns = await warehouse.query(`SELECT * FROM ${table} LIMIT 0`);
    const header = columns.fields.map((field) => generalKey(field.name)).join(',');
    dumped[generalKey(`${schema}.${name}`)] = [fields.length === 1 ? header : '', ...rows.map(({ row }) => row)];
  }
  return dumped;
}

async function objects({ s3 }: WorkerAwsClients, table: string): Promise<string[]> {
  const { raw, lake, rawArchive, lakeArchive } = deployment.buckets;
  const found: string[] = [];
  for (const Bucket of [raw, lake, rawArchive, lakeArchive]) {
    for await (const { Contents = [] } of paginateListObjectsV2({ client: s3 }, { Bucket, Prefix: `${table}/` })) {
      for (const { Key = '', Size } of Contents) {
        // Other files hold times, whose length, once compressed, varies.
        const isData = Key.endsWith('.json.gz');
        found.push(`${Bucket} ${generalKey(Key)}${isData ? ` ${Size}` : ''}`);
      }
    }
  }
  return found.sort();
}

async function starts(clients: WorkerAwsClients, plan: WarehousePlan): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  const count = (name: string): void => void (counts[name] = (counts[name] ?? 0) + 1);
  const { dynamodb, glue, redshift } = clients;
  const TableArn = `arn:aws:dynamodb:us-east-1:000000000000:table/${plan.source.table}`;
  for await (const { ExportSummaries = [] } of paginateListExports({ client: dynamodb }, { TableArn })) {
    ExportSummaries.forEach(() => count('export'));
  }
  for (const JobName of [plan.lake, ...(plan.landing ? [plan.landing] : plan.entities)].map(({ jobName }) => jobName)) {
    for await (const { JobRuns = [] } of paginateGetJobRuns({ client: glue }, { JobName })) {
      JobRuns.forEach(() => count(generalKey(JobName)));
    }
  }
  const query = { Status: 'ALL', StatementName: `sluice ${plan.name} ` } as const;
  for await (const { Statements = [] } of paginateListStatements({ client: redshift }, query)) {
    for (const { StatementName = '' } of Statements) {
      const step = StatementName.slice(query.StatementName.length).replace(/^\S+ /, '');
      // The step's repetitions after a conflicting transaction are starts of their own.
      if (!/#\d+$/.test(step)) count(generalKey(step));
    }
  }
  return counts;
}

/** Gathers what a shop's run left behind. */
export async function evidenceOf(
  { clients, warehouseUrl }: { readonly clients: WorkerAwsClients; readonly warehouseUrl: string },
  plan: WarehousePlan
): Promise<Evidence> {
  const warehouse = new pg.Client({ connectionString: warehouseUrl });
  await warehouse.connect();
  try {
    const shop = plan.name.slice('shop-'.length);
    return {
      warehouse: await dump(warehouse, shop),
      objects: await objects(clients, plan.source.table),
      starts: await starts(clients, plan),
    };
  } finally {
    await warehouse.end();
  }
}
