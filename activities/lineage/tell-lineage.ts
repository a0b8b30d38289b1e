import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { log } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import type { Deployment } from '../../model/configuration.js';
import { lineageOfRun } from '../../model/lineage/run-events.js';
import type { WarehousePlan } from '../../model/plan.js';
import type { RunRecord } from '../../model/run-record.js';
import { sendLineage } from './send.js';
import type { LineageTarget } from './target.js';

/** What lineage is told with. */
export interface LineageOptions {
  readonly temporal: Client;
  readonly dynamodb: DynamoDBClient;
  /** Absent: nothing is told. */
  readonly lineage?: LineageTarget;
}

/** The plan of a run, from the first event of its history: the input that the workflow was started with. */
async function planOfRun({ workflowService, options }: Client, run: RunRecord): Promise<WarehousePlan | undefined> {
  const { workflowId, runId } = run;
  const { history } = await workflowService.getWorkflowExecutionHistory({
    namespace: options.namespace,
    execution: { workflowId, runId },
    maximumPageSize: 1,
  });
  const { payloadCodecs, payloadConverter } = options.loadedDataConverter;
  let payloads = history?.events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads ?? [];
  for (const codec of [...payloadCodecs].reverse()) payloads = await codec.decode(payloads);
  const [payload] = payloads;
  return payload && payloadConverter.fromPayload<{ readonly plan?: WarehousePlan }>(payload).plan;
}

/** `arn:aws:dynamodb:<region>:<account>:table/<name>/export/<id>`, of a run that has exported. */
function accountOf(run: RunRecord): string | undefined {
  const arns = run.stages.flatMap(({ steps }) => steps.map(({ remoteId = '' }) => remoteId));
  return arns.map((arn) => /^arn:[^:]+:dynamodb:[^:]+:(\d{12}):/.exec(arn)?.[1]).find(Boolean);
}

/**
 * Tells the receiver of OpenLineage what a run that has ended read and wrote. At best effort: what goes wrong is logged,
 * and neither the run nor its record fails of it.
 */
export async function tellLineage(
  { temporal, dynamodb, lineage }: LineageOptions,
  deployment: Pick<Deployment, 'buckets' | 'redshift'>,
  run: RunRecord
): Promise<void> {
  if (lineage === undefined) return;
  try {
    const plan = await planOfRun(temporal, run);
    if (plan === undefined) return;
    const place = { plan, deployment, region: await dynamodb.config.region(), account: accountOf(run) };
    await sendLineage(lineage, lineageOfRun(place, run, lineage));
  } catch (error) {
    log.warn('The lineage of the run was not told', { error });
  }
}
