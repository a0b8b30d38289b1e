import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import type { DuckDBConnection } from '@duckdb/node-api';
import { evaluate, parse } from '../../../quality/index.js';
import { resultDocument } from '../../../quality/results/result-document.js';
import type { ResultDocument } from '../../../quality/results/result-document.js';
import { root } from '../../client/sluice.js';

const shared = join(root, '../shared/data');
const taxi = join(shared, 'taxi/yellow_tripdata_sample_2019-01.csv.gz');
const classicmodels = join(shared, 'classicmodels');

/** True when the real data that {@link sampleResults} evaluates is on this machine. */
export const hasSampleData = existsSync(taxi) && existsSync(classicmodels);

interface Subject {
  readonly database: string;
  readonly table: string;
  readonly ruleset: string;
  readonly keys: readonly string[];
  readonly dqdl: string;
  /** The table on a day of the month, as SQL; undefined on days without a load. */
  rows(day: number): string | undefined;
  readonly aliases?: Readonly<Record<string, string>>;
}

const csv = (file: string): string =>
  `read_csv('${file}', header = true, strict_mode = false, sample_size = -1, quote = '"', escape = '"')`;
const sources: Readonly<Record<string, string>> = {
  trips: csv(taxi),
  ...Object.fromEntries(
    ['products', 'productlines', 'orders', 'payments'].map((name) => [name, csv(join(classicmodels, `${name}.csv`))])
  ),
};

/** Tables that are loaded and checked every day, with what went wrong on some of the days. */
const subjects: readonly Subject[] = [
  {
    database: 'data_quality_catalog',
    table: 'data_quality_tripdata_table',
    ruleset: 'tripdata-rules',
    keys: ['pickup_datetime', 'pickup_location_id'],
    dqdl: `Rules = [
      RowCount between 200 and 500,
      IsComplete "vendor_id",
      Completeness "congestion_surcharge" > 0.35,
      ColumnValues "passenger_count" between 0 and 7,
      ColumnValues "fare_amount" >= 0,
      ColumnValues "payment_type" in [1, 2, 3, 4],
      ColumnValues "trip_distance" > 0 with threshold > 0.995,
      Mean "tip_amount" between 1.4 and 2.2,
      StandardDeviation "fare_amount" < 15,
      CustomSql "select count(*) from primary where dropoff_datetime < pickup_datetime" = 0
    ]`,
    rows: (day) => `SELECT * FROM trips WHERE pickup_datetime::DATE = DATE '2019-01-01' + ${day - 1}`,
  },
  {
    database: 'classicmodels',
    table: 'products',
    ruleset: 'products-rules',
    keys: ['productCode'],
    dqdl: `Rules = [
      RowCountMatch "source" = 1.0,
      IsPrimaryKey "productCode",
      IsComplete "productName",
      ColumnLength "productDescription" > 20,
      ColumnValues "quantityInStock" > 0,
      ReferentialIntegrity "productLine" "lines.{productLine}" = 1.0
    ]`,
    // On two days the load ran four times.
    rows: (day) => `SELECT * FROM products${day === 12 || day === 13 ? ' CROSS JOIN range(4) AS loads(load)' : ''}`,
    aliases: { source: 'products', lines: 'productlines' },
  },
  {
    database: 'classicmodels',
    table: 'orders',
    ruleset: 'orders-rules',
    keys: ['orderNumber'],
    dqdl: `Rules = [
      IsUnique "orderNumber",
      IsComplete "customerNumber",
      ColumnValues "status" in ["Shipped", "Resolved", "On Hold", "In Process"] with threshold > 0.96,
      Completeness "shippedDate" > 0.9,
      ColumnCorrelation "orderNumber" "customerNumber" < 0.5,
      CustomSql "select count(*) from primary where shippedDate > requiredDate" <= 1
    ]`,
    // The orders of ten months, a month later every three days.
    rows: (day) =>
      `SELECT * FROM orders WHERE orderDate >= DATE '2003-01-01' + INTERVAL ${Math.floor(day / 3)} MONTH
         AND orderDate < DATE '2003-11-01' + INTERVAL ${Math.floor(day / 3) * 2} MONTH`,
  },
  {
    database: 'classicmodels',
    table: 'payments',
    ruleset: 'payments-rules',
    keys: ['customerNumber', 'checkNumber'],
    dqdl: `Rules = [
      IsPrimaryKey "customerNumber" "checkNumber",
      IsComplete "amount",
      ColumnValues "amount" between 0 and 110000,
      Sum "amount" > 8000000,
      ColumnValues "paymentDate" > "2003-01-01"
    ]`,
    // No load on Sundays; for three days the source called a column by another name.
    rows: (day) => {
      if (day % 7 === 6) return undefined;
      const renamed = day >= 21 && day <= 23 ? '* RENAME (amount AS amount_usd)' : '*';
      return `SELECT ${renamed} FROM payments`;
    },
  },
];

/**
 * Results of real rulesets over real data (New York's taxi trips and the classicmodels database) on the days of
 * January 2019: what the screenshot of the docs shows.
 */
export async function sampleResults(days = 30): Promise<ResultDocument[]> {
  const instance = await DuckDBInstance.create();
  const connection = await instance.connect();
  try {
    for (const [name, source] of Object.entries(sources)) {
      await connection.run(`CREATE TEMP TABLE ${name} AS FROM ${source}`);
    }
    const results: ResultDocument[] = [];
    for (const subject of subjects) {
      for (let day = 1; day <= days; day += 1) {
        const rows = subject.rows(day);
        if (rows !== undefined) results.push(await evaluated(connection, subject, day, rows));
      }
    }
    return results;
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

async function evaluated(
  connection: DuckDBConnection,
  { database, table, ruleset, keys, dqdl, aliases }: Subject,
  day: number,
  rows: string
): Promise<ResultDocument> {
  await connection.run(`CREATE OR REPLACE TEMP TABLE subject AS ${rows}`);
  const { score, rules, totals } = await evaluate({
    ruleset: parse(dqdl),
    connection,
    primary: 'subject',
    aliases,
    failingRows: { keys, sample: 8 },
  });
  const completedOn = new Date(Date.UTC(2019, 0, day, 4, 10 + table.length));
  const resultId = createHash('sha256').update(`${table} ${day}`).digest('hex');
  return resultDocument({
    rulesetName: ruleset,
    database,
    table,
    runId: `dqrun-${resultId.slice(32)}`,
    resultId: `dqresult-${resultId.slice(0, 32)}`,
    score,
    startedOn: new Date(completedOn.getTime() - 60_000),
    completedOn,
    totalRows: totals.rows?.processed,
    passedRows: totals.rows?.passed,
    engine: 'duckdb',
    rules: rules.map(({ name, result, rule, message, metrics, failingRows }) => ({
      Name: name,
      Result: result,
      Description: rule,
      EvaluationMessage: message ?? '',
      EvaluatedMetrics: metrics,
      ...(failingRows === undefined ? {} : { FailedRows: failingRows.count }),
      ...(failingRows?.sample === undefined
        ? {}
        : {
            SampleKeys: failingRows.sample.map((key) =>
              Object.fromEntries(Object.entries(key).map(([column, value]) => [column, value ?? 'NULL']))
            ),
          }),
    })),
  });
}
