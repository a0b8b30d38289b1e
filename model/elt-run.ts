import { randomBytes } from 'node:crypto';
import type { Deployment } from './configuration.js';
import type { WarehousePlan } from './plan.js';

/** Search attributes of every pipeline, all of type Keyword. The worker registers those that the server lacks. */
export const searchAttributes = ['SluiceTable', 'SluiceStage', 'SluiceRunKey', 'SluiceVerdict'] as const;

/** Name of one of Sluice's search attributes. */
export type SearchAttributeName = (typeof searchAttributes)[number];

/** The run key of the day in UTC, such as `2026-03-01`: one run a day unless asked for more. */
export function defaultRunKey(now: Date = new Date()): string {
  return now.toISOString().slice(0, 10);
}

/** A run key that no other run has, such as `2026-03-01T143000Z-9f3a`. */
export function freshRunKey(now: Date = new Date()): string {
  const time = now.toISOString().slice(11, 19).replaceAll(':', '');
  return `${defaultRunKey(now)}T${time}Z-${randomBytes(2).toString('hex')}`;
}

/** What is wrong with a run key, or undefined. It stands in workflow ids, Glue arguments and the warehouse. */
export function runKeyProblem(runKey: string): string | undefined {
  return /^[A-Za-z0-9][A-Za-z0-9._:-]{0,199}$/.test(runKey)
    ? undefined
    : 'a run key has 1 to 200 letters, digits and . _ : -, beginning with a letter or digit';
}

/** Id of the `elt` workflow of a run: the same key gives the same id, and the server refuses the second start. */
export function eltWorkflowId(planName: string, runKey: string): string {
  return `elt-${planName}-${runKey}`;
}

/** Options to start the `elt` workflow with `client.workflow.start('elt', …)` of `@temporalio/client`. */
export interface EltWorkflowOptions {
  readonly workflowId: string;
  readonly taskQueue: string;
  readonly workflowIdReusePolicy: 'REJECT_DUPLICATE';
  readonly workflowIdConflictPolicy: 'FAIL';
  readonly typedSearchAttributes: { key: { name: SearchAttributeName; type: 'KEYWORD' }; value: string }[];
  /** Kept with the run and listed without its history. */
  readonly memo: { readonly model: string; readonly table: string; readonly runKey: string; readonly planHash: string };
  readonly staticSummary: string;
  readonly staticDetails: string;
  readonly args: [
    { readonly plan: WarehousePlan; readonly deployment: Deployment; readonly runKey: string } & EltRunExtent,
  ];
}

/** What a run exports; by default the whole table. */
export interface EltRunExtent {
  /** Only what has changed since the last load. */
  readonly incremental?: boolean;
}

/**
 * How a run of the `elt` workflow is started, by the CLI and by schedules alike. Starting a run key twice is refused by
 * the server with `WorkflowExecutionAlreadyStartedError`. Throws `RangeError` for an unusable run key.
 */
export function eltWorkflowOptions(
  plan: WarehousePlan,
  deployment: Deployment,
  runKey: string,
  taskQueue = 'sluice',
  { incremental = false }: EltRunExtent = {}
): EltWorkflowOptions {
  const problem = runKeyProblem(runKey);
  if (problem !== undefined) throw new RangeError(`${JSON.stringify(runKey)}: ${problem}`);
  const { redshift, buckets } = deployment;
  const warehouse =
    redshift.workgroup === undefined ? `cluster ${redshift.cluster}` : `workgroup ${redshift.workgroup}`;
  const initial: Record<SearchAttributeName, string> = {
    SluiceTable: plan.source.table,
    SluiceStage: 'prepare',
    SluiceRunKey: runKey,
    SluiceVerdict: 'running',
  };
  return {
    workflowId: eltWorkflowId(plan.name, runKey),
    taskQueue,
    workflowIdReusePolicy: 'REJECT_DUPLICATE',
    workflowIdConflictPolicy: 'FAIL',
    typedSearchAttributes: searchAttributes.map((name) => ({ key: { name, type: 'KEYWORD' }, value: initial[name] })),
    memo: { model: plan.name, table: plan.source.table, runKey, planHash: plan.hash },
    staticSummary: `ELT of ${plan.source.table} into ${redshift.database}, run ${runKey}`,
    staticDetails: [
      `- model \`${plan.name}\`, plan \`${plan.hash}\``,
      `- DynamoDB table \`${plan.source.table}\` → \`s3://${buckets.raw}\` → \`s3://${buckets.lake}\``,
      `- Redshift ${warehouse}, database \`${redshift.database}\``,
    ].join('\n'),
    args: [{ plan, deployment, runKey, ...(incremental && { incremental }) }],
  };
}
