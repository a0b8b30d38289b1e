import path from 'node:path';
import { compile, loadModel, parseModel } from '../../model/index.js';
import type { WarehousePlan } from '../../model/index.js';
import { liveColumnsSql } from '../../model/migration/live-columns.js';
import { planMigrations } from '../../model/migration/plan-migrations.js';
import { tableDefinitions } from '../../model/migration/table-definition.js';
import type { RedshiftType } from '../../model/redshift-type.js';
import type { RunRecord } from '../../model/run-record.js';
import { runCost } from '../../model/cost/cost.js';
import { assetsTable, recordAssets, selectAssets } from '../../model/sql/assets.js';
import { countsQuery } from '../../model/sql/queries.js';
import {
  recordRunTransactions,
  runHistoryTables,
  selectLatestCosts,
  selectRuns,
  selectOfRun,
} from '../../model/sql/run-history.js';
import { smallShop } from '../incremental/small-shop.js';
import { clinicPlan } from '../warehouse/clinic.js';
import { deletingPlan } from '../warehouse/shop.js';

/** A statement as it is sent to Redshift. */
export interface Sent {
  readonly name: string;
  readonly sql: string;
}

/** Every feature of a model at once, under names that are words of SQL. */
const words = `
name: words
source: { table: words, keys: { partition: PK, sort: SK }, typeAttribute: type }
items:
  user:
    attributes: { tag: S required, open: N, places: { list: { order: S, select: S } }, from: { map: { order: S, select: S } } }
  group: { attributes: { table: S, tag: S, select: S, timestamp: S, offset: S, raw: N, default: BOOL } }
  case: { attributes: { table: S, 'null': S, percent: N } }
landing:
  user: { columns: { tag: varchar(65535), open: 'decimal(38,37)' } }
  column:
    item: user
    explode: [from, places]
    columns: { tag: varchar(40), order: varchar(40), select: varchar(40), position: integer }
  group:
    columns:
      table: varchar(40)
      tag: varchar(40)
      select: varchar(40)
      timestamp: timestamp
      offset: date
      raw: double precision
      default: boolean
  case: { columns: { table: varchar(40), 'null': varchar(40), percent: bigint } }
dimensions:
  user: { key: tag, attributes: [open], scd: 2, deletes: delete, unknown: { open: 0 } }
  column: { key: [tag, order, select], attributes: [position], orderBy: position desc, scd: 2 }
  grant: { from: group, key: select, attributes: [default], deletes: delete }
  end: { dates: [group.timestamp, group.offset], attributes: [year, quarter, month, week, day, dayofweek, dayofyear] }
facts:
  group:
    join: { case: { on: table, outer: full } }
    key: [table]
    grain: [groupkey, columnkey]
    at: timestamp
    dimensions:
      user: tag
      previous: { dimension: user, on: tag, at: offset }
      column: { through: column, on: { tag: tag, select: select }, where: { position: 0 }, orderBy: order }
      grant: select
      end: timestamp
      limit: { dimension: end, on: offset }
    measures: { sum: raw, both: percent }
  case: { grain: [casekey], key: [table, 'null'], dimensions: {}, measures: [percent] }
reports:
  like: { type: year-on-year, fact: group, measure: sum, date: end, by: [column.select, user.tag] }
gates:
  all: { on: lake.user, rules: 'Rules = [ RowCount > 0 ]', action: quarantine }
  any: { on: dwh.group, rules: 'Rules = [ RowCount > 0 ]', action: warn }
`;

const example = (name: string): WarehousePlan =>
  compile(loadModel(path.resolve(import.meta.dirname, '../../examples', name, 'warehouse.yaml')));

/** The plans whose statements are checked, by name. */
export const plans: Readonly<Record<string, WarehousePlan>> = {
  ecommerce: example('ecommerce'), // classicmodels' too
  game: example('game'),
  words: compile(parseModel(words, 'words.yaml')),
  keepingClinic: clinicPlan('keep'),
  deletingClinic: clinicPlan('delete'),
  deletingShop: deletingPlan(),
  smallShop: smallShop('small'),
};

/** Every statement of a plan. */
export function statementsOf(plan: WarehousePlan): Sent[] {
  const calls = [...plan.staging, ...plan.dimensions, ...plan.facts].flat();
  return [
    ...plan.setup,
    ...calls.map(({ procedure, sql }) => ({ name: `call ${procedure}`, sql })),
    ...plan.counts.map(({ table, sql }) => ({ name: `count ${table}`, sql })),
    { name: 'counts', sql: countsQuery(plan.counts) },
    plan.unknownMembers,
    ...plan.reports,
    ...(plan.watermark === undefined ? [] : [plan.watermark]),
  ].map(({ name, sql }) => ({ name, sql }));
}

const time = '2026-03-01T00:00:00.000Z';
const cost = runCost(
  [
    { item: 'glue', detail: 'G.1X STANDARD', quantity: 0.1, unit: 'DPU-second', amount: null, note: 'a note' },
    { item: 's3-storage', detail: '', quantity: 1e-9, unit: 'GB-month', amount: 1e21, monthly: true },
  ],
  { currency: 'USD', region: 'us-east-1', date: '2026-03-01' }
);

const record: RunRecord = {
  ...{ workflowId: "it's", runId: 'r', runKey: 'k', pipeline: 'p', table: 't', planHash: 'h', mode: 'full' },
  ...{ verdict: 'failed', startedAt: time, endedAt: time, resumption: 0, items: 1, bytes: 2, rejectedItems: 3 },
  windows: [{ from: time, to: time }],
  failure: { stage: 'dwh', errorClass: 'Permanent', message: 'no' },
  stages: [
    {
      ...{ name: 'export', state: 'done', startedAt: time },
      steps: Array.from({ length: 120 }, (_, index) => ({ name: `s${index}`, state: 'done', counts: { rows: index } })),
    },
  ],
};

const of = (name: string, type: RedshiftType): { name: string; type: RedshiftType; required: boolean } => ({
  ...{ name, type, required: false },
});
const decimal = (precision: number): RedshiftType => ({ name: 'decimal', precision, scale: 2 });

/** Migrations of every kind, planned for a warehouse whose `dwh.order` is older than the example's. */
function migrations(): Sent[] {
  const file = path.resolve(import.meta.dirname, '../../examples/ecommerce/warehouse.yaml');
  const live = new Map([
    [
      'dwh.order',
      [of('orderkey', { name: 'bigint' }), of('price', decimal(9)), of('numberofitems', { name: 'integer' })],
    ],
    ['dwh.customer', [of('email', { name: 'varchar', length: 9 })]],
  ]);
  const planned = planMigrations(plans['ecommerce']!, loadModel(file), live);
  return [...planned.migrations.flatMap(({ statements }) => statements), ...planned.afterwards];
}

/** What is sent besides plans: the history of runs, migrations, what was deployed, and a first question. */
export const others: readonly Sent[] = [
  ...migrations(),
  { name: 'columns', sql: liveColumnsSql(tableDefinitions(plans['ecommerce']!.setup.map(({ sql }) => sql))) },
  assetsTable,
  ...recordAssets("it's", 'hash', '1.0.0'),
  { name: 'assets', sql: selectAssets("it's") },
  { name: 'doctor', sql: 'SELECT current_database(), current_user' },
  ...runHistoryTables(),
  ...recordRunTransactions(record, cost).flatMap(({ sqls }, part) =>
    sqls.map((sql, index) => ({ name: `record ${part}.${index}`, sql }))
  ),
  { name: 'runs', sql: selectRuns({ table: 't', pipeline: 'p', run: 'r', failed: true, limit: 5 }).sql },
  { name: 'stages', sql: selectOfRun('stages', { workflowId: 'w', runId: 'r' }).sql },
  { name: 'costs', sql: selectOfRun('run_costs', { workflowId: 'w', runId: 'r' }).sql },
  { name: 'latest costs', sql: selectLatestCosts({ pipeline: 'p', mode: 'full', runs: 3 }).sql },
];
