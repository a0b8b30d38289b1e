import type { WarehousePlan } from '../../model/plan.js';
import type { CommandContext } from '../command-context.js';
import { estimateRuns } from '../cost-estimate.js';
import type { CostEstimates } from '../cost-estimate.js';
import { drawCost } from '../draw-cost.js';
import { migrationLines, pendingMigrations } from '../deploy/pending-migrations.js';
import { dueExports } from '../due-exports.js';
import type { DueExports } from '../due-exports.js';
import { describeGate } from '../gate-rulesets.js';
import { driftLines, scheduleDrift } from '../schedules/drift.js';
import { loadSettings } from '../settings.js';

/** Options of `sluice plan`. */
export interface PlanOptions {
  readonly model?: string;
}

/**
 * `sluice plan`: compiles the model and shows what a run would do. The document is the plan itself, the input of the
 * `elt` workflow, with each statement under a key named `sql`, and under `incrementalExport` what would be exported now
 * with `--incremental`. `migrations` is what `sluice deploy-assets` would do to the warehouse. `estimate` is what either is expected to cost. `schedules` is how Temporal's differ from those that are declared, if any are. Where AWS or
 * Temporal cannot be asked, the rest is shown all the same.
 */
export async function plan(context: CommandContext, options: PlanOptions): Promise<void> {
  const settings = loadSettings(context, options.model);
  const { plan: compiled, configuration } = settings;
  const { deployment } = configuration;
  const window = {
    type: 'FULL_EXPORT',
    format: 'DYNAMODB_JSON',
    s3: `s3://${deployment.buckets.raw}/${compiled.source.table}/`,
  };
  const [incrementalExport, estimate, migrations] = await Promise.all([
    dueExports(compiled, deployment, context.env),
    estimateRuns(compiled, deployment, context.env),
    pendingMigrations(settings, context.env),
  ]);
  const schedules = await scheduleDrift(configuration, context.env);
  const lines = driftLines(schedules).map((line) => `-- Schedule ${line}`);
  context.console.print(
    [
      readable(compiled, window.s3, incrementalExport),
      ...migrationLines(migrations),
      ...lines,
      ...costLines(estimate),
    ].join('\n')
  );
  context.console.document({
    ...compiled,
    export: window,
    incrementalExport,
    migrations,
    estimate,
    deployment,
    schedules,
  });
}

/** The plan as SQL that can be read from top to bottom, the rest of it as comments. */
function readable(compiled: WarehousePlan, raw: string, due: DueExports): string {
  const { source, lake, landing, entities } = compiled;
  const section = (title: string): string => `\n-- ${title}\n-- ${'-'.repeat(title.length)}`;
  const statement = (name: string, sql: string): string => `-- ${name}\n${sql.trim().replace(/;$/, '')};`;
  const waves = (title: string, calls: WarehousePlan['staging']): string[] => [
    section(title),
    ...calls.flatMap((wave, index) => [
      ...(calls.length > 1 ? [`-- wave ${index + 1}, side by side: ${wave.map(({ name }) => name).join(', ')}`] : []),
      ...wave.map(({ sql, procedure }) => statement(procedure, sql)),
    ]),
  ];
  return [
    `-- Plan of model ${compiled.name}, hash ${compiled.hash}`,
    `-- Export: DynamoDB table ${source.table}, the whole of it, to ${raw}`,
    ...incrementally(due).map((line) => `-- With --incremental: ${line}`),
    `-- Lake: Glue job ${lake.jobName}, item types ${lake.spec.itemTypes.map(({ name }) => name).join(', ')}`,
    ...entities.map(
      ({ jobName, spec }) =>
        `-- Landing: Glue job ${landing?.jobName ?? jobName}, items of type ${spec.itemType} to ${spec.target}`
    ),
    ...(compiled.gates ?? []).map((gate) => `-- Gate: ${describeGate(gate)}`),
    section('Set-up: schemas, tables and procedures'),
    ...compiled.setup.map(({ name, sql }) => statement(name, sql)),
    ...waves('Landing to staging', compiled.staging),
    ...waves('Dimensions', compiled.dimensions),
    ...waves('Facts', compiled.facts),
    ...(compiled.watermark === undefined
      ? []
      : [section('How far the warehouse is loaded'), statement(compiled.watermark.name, compiled.watermark.sql)]),
    section('Counts'),
    ...compiled.counts.map(({ table, sql }) => statement(`rows of ${table}`, sql)),
    statement(compiled.unknownMembers.name, compiled.unknownMembers.sql),
    ...(compiled.reports.length > 0 ? [section('Reports')] : []),
    ...compiled.reports.map(({ name, title, sql }) => statement(`${name}: ${title}`, sql)),
  ].join('\n');
}

/** What a run is expected to cost, as comments; of incremental runs once there was one. */
function costLines({ full, incremental }: CostEstimates): string[] {
  const titled = (what: string, one: CostEstimates['full']): string[] => [
    `Estimated cost of ${what}, ${one.basedOnRuns === 0 ? 'without an earlier run' : `by ${one.basedOnRuns} earlier runs`}:`,
    ...drawCost(one).split('\n'),
  ];
  const lines = [
    ...titled('a full run', full),
    ...(incremental.basedOnRuns > 0 ? titled('an incremental run', incremental) : []),
  ];
  return ['', ...lines.map((line) => `-- ${line}`)];
}

/** What an incremental run would export, a line each. */
function incrementally(due: DueExports): string[] {
  switch (due.kind) {
    case 'unknown':
      return [`not known, ${due.reason}`];
    case 'baseline':
      return [`the whole table, because ${due.reason}`];
    case 'gap':
      return [`PITR_GAP: ${due.reason}`];
    case 'windows':
      return due.windows.length === 0
        ? [`nothing, less than 15 minutes are due since ${due.from}`]
        : due.windows.map(({ from, to }) => `the changes from ${from} to ${to}`);
  }
}
