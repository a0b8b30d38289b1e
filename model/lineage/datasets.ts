import type { Deployment } from '../configuration.js';
import type { WarehousePlan } from '../plan.js';

/** A column of a dataset. */
export interface DatasetField {
  readonly name: string;
  readonly type: string;
}

/** A dataset before it is an event's: its name in OpenLineage, and its columns where they are known. */
export interface Dataset {
  readonly namespace: string;
  readonly name: string;
  readonly fields?: readonly DatasetField[];
  /** Of the warehouse: `landing.order`. */
  readonly table?: string;
}

/** Where the datasets of a run are. */
export interface Place {
  readonly plan: WarehousePlan;
  readonly deployment: Pick<Deployment, 'buckets' | 'redshift'>;
  readonly region: string;
  /** AWS account id of the source table; undefined where a run has exported nothing. */
  readonly account?: string;
}

/**
 * The source table. OpenLineage names no scheme for DynamoDB: this follows the one that it has for the Glue catalog,
 * `arn:aws:glue:<region>:<account>` and `table/<name>`.
 */
export function sourceTable({ plan: { source }, region, account = '' }: Place): Dataset {
  return {
    namespace: `arn:aws:dynamodb:${region}:${account}`,
    name: `table/${source.table}`,
    fields: source.keys.map(({ name, type }) => ({ name, type })),
  };
}

/** What is under a prefix of a bucket. */
export function objects(bucket: string, prefix: string, fields?: readonly DatasetField[]): Dataset {
  return { namespace: `s3://${bucket}`, name: prefix, fields };
}

/** The lake's datasets, one an item type. */
export function lakeDatasets({ plan, deployment: { buckets } }: Place): Dataset[] {
  return plan.lake.spec.itemTypes.map(({ name, columns }) =>
    objects(
      buckets.lake,
      `${plan.source.table}/type=${name}`,
      columns.map((column) => ({ name: column.name, type: column.lakeType }))
    )
  );
}

const redshiftPort = 5439;

/** A table of the warehouse, such as `dwh.order`. */
export function warehouseTable({ plan, deployment: { redshift }, region }: Place, table: string): Dataset {
  const host = redshift.workgroup ?? redshift.cluster ?? '';
  return {
    namespace: `redshift://${host}.${region}:${redshiftPort}`,
    name: `${redshift.database}.${table}`,
    fields: columnsOf(plan, table),
    table,
  };
}

/** Columns as the plan's own CREATE TABLE has them, one a line. */
function columnsOf({ setup }: WarehousePlan, table: string): DatasetField[] | undefined {
  const [schema, name] = table.split('.');
  const head = `CREATE TABLE IF NOT EXISTS "${schema}"."${name}" (`;
  const sql = setup.find((statement) => statement.sql.startsWith(head))?.sql;
  if (sql === undefined) return undefined;
  const columns = sql.matchAll(/^ {2}"((?:[^"]|"")+)" ([a-z ]+(?:\([\d, ]+\))?)/gm);
  return [...columns].map(([, column = '', type = '']) => ({ name: column.replaceAll('""', '"'), type: type.trim() }));
}

/** Tables that a procedure of the plan reads and writes, found in its SQL; those it writes are not among the read. */
export function tablesOf({ setup }: WarehousePlan, procedure: string): { reads: string[]; writes: string[] } {
  const sql = setup.find(({ name, sql: text }) => name === procedure && /PROCEDURE/i.test(text))?.sql ?? '';
  const table = '"(landing|staging|dwh)"\\."((?:[^"]|"")+)"';
  const found = (before: string): string[] =>
    [...sql.matchAll(new RegExp(`${before}${table}`, 'gi'))].map(([, schema, name]) => `${schema}.${name}`);
  const writes = new Set(found('(?:INSERT INTO|DELETE FROM|UPDATE|MERGE INTO|TRUNCATE(?: TABLE)?) '));
  const reads = new Set(found('(?:FROM|JOIN|USING) ').filter((name) => !writes.has(name)));
  return { reads: [...reads], writes: [...writes] };
}
