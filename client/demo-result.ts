import type { WarehousePlan } from '../model/plan.js';
import type { EltResult } from '../workflows/index.js';
import { drawReport, runReport } from './growth-report.js';
import type { GrowthReport } from './growth-report.js';
import type { Console } from './output/console.js';
import { count, duration, table } from './output/table.js';
import { drawRejections } from './rejections.js';
import type { Rejection } from './rejections.js';
import type { SluiceClient } from './index.js';

/** The document of `sluice demo --json`; docs of the command fix its members. */
export interface DemoDocument {
  readonly runKey: string;
  readonly workflowId: string;
  readonly status: string;
  /** Items exported from the table. */
  readonly items: number;
  /** Rows per table, unknown members left out. */
  readonly tables: EltResult['tables'];
  /** The report named `growth`; empty for a model without one. */
  readonly growth: GrowthReport;
  readonly seconds: EltResult['seconds'];
  readonly historyEvents: number;
  readonly temporalUi?: string;
  /** Fact rows that took the unknown member of a dimension. */
  readonly unknownMembers: EltResult['unknownMembers'];
  /** By job name; empty when nothing was rejected. */
  readonly rejected: Readonly<Record<string, Rejection>>;
  /** The model's reports of other names. */
  readonly reports: Readonly<Record<string, GrowthReport>>;
}

/** Gathers what a demo's run came to: its result, the model's reports and why items were rejected. */
export async function demoDocument(
  client: SluiceClient,
  plan: WarehousePlan,
  workflowId: string,
  temporalUi: string | undefined,
  signal: AbortSignal
): Promise<DemoDocument> {
  const result = await client.result(workflowId, signal);
  const { status, historyEvents } = await client.describeRun(workflowId, signal);
  const all: Record<string, GrowthReport> = {};
  for (const report of plan.reports) all[report.name] = await runReport(report, (sql) => client.query(sql, signal));
  const { growth = {}, ...reports } = all;
  return {
    runKey: result.runKey,
    workflowId,
    status,
    items: result.items,
    tables: result.tables,
    growth,
    seconds: result.seconds,
    historyEvents,
    temporalUi,
    unknownMembers: result.unknownMembers,
    rejected: await client.rejections(result),
    reports,
  };
}

/** Prints the document for people: rows per table, rejected items, reports, times. */
export function printDemo(console: Console, plan: WarehousePlan, document: DemoDocument): void {
  const { seconds } = document;
  const rows = Object.entries(document.tables).map(([name, n]) => [name, count(n)]);
  console.print(`\n${table(['table', 'rows'], rows)}`);
  const unknown = document.unknownMembers.filter((member) => member.rows > 0);
  if (unknown.length > 0) {
    const lines = unknown.map((member) => [member.fact, member.dimension, count(member.rows)]);
    console.print(`\nFact rows with an unknown member (key 0)\n${table(['fact', 'dimension', 'rows'], lines)}`);
  }
  if (Object.keys(document.rejected).length > 0) {
    console.print(`\nRejected items\n${drawRejections(document.rejected)}`);
  }
  const reports: DemoDocument['reports'] = { growth: document.growth, ...document.reports };
  for (const report of plan.reports) console.print(`\n${drawReport(report, reports[report.name] ?? {})}`);
  const times = Object.entries(seconds).map(([stage, value]) => `${stage} ${duration(value)}`);
  console.print(`\nRun ${document.runKey}: ${count(document.items)} items; ${times.join(', ')}`);
}
