import type { GetDataQualityRulesetEvaluationRunResponse, GlueClient } from '@aws-sdk/client-glue';
import {
  CancelDataQualityRulesetEvaluationRunCommand,
  GetDataQualityRulesetEvaluationRunCommand,
  StartDataQualityRulesetEvaluationRunCommand,
} from '@aws-sdk/client-glue';
import { startWhenCapacity } from '../at-capacity.js';
import { StepError, onResource } from '../failures.js';
import type { PollClock } from '../poll-clock.js';
import type { RemoteJob } from '../remote-job.js';
import { stopRemoteJob, waitForRemoteJob } from '../remote-job.js';
import type { StepInput } from '../run-scope.js';
import { stepToken } from '../run-scope.js';
import { unlessThere } from '../entity-answers.js';
import { qualityRun } from './quality-run.js';
import { createRuleset, rulesetResource, storedRuleset, updateRuleset } from './rulesets.js';
import { catalogueWarehouseTable } from './warehouse-table.js';
import type { WarehouseTable } from './warehouse-table.js';

/** A table of the Glue catalog. */
export interface CatalogTable {
  readonly database: string;
  readonly table: string;
}

/** Which ruleset is evaluated over which table. */
export interface EvaluationRequest extends CatalogTable {
  readonly rulesetName: string;
  /**
   * DQDL. With `declared` the stored ruleset is made to say it; without, it is used only when there is no ruleset of
   * the name.
   */
  readonly ruleset?: string;
  /** True when `ruleset` is the model's, which is the truth. */
  readonly declared?: boolean;
  /** `s3://bucket/prefix` where Glue writes its own result files. */
  readonly resultsPrefix?: string;
  /** Further tables by the alias that the rules use. */
  readonly references?: Readonly<Record<string, CatalogTable>>;
  /** Given for a table of the warehouse, which the catalog is to know before it is evaluated. */
  readonly warehouse?: WarehouseTable;
  /** `ROW` has composite rules judge each row. Default `COLUMN`. */
  readonly compositeMethod?: 'COLUMN' | 'ROW';
}

/** IAM role, and what a run may take. */
export interface RunResources {
  readonly role: string;
  /** Default 5. */
  readonly workers?: number;
  readonly timeoutMinutes?: number;
}

/** Input of `startEvaluations`. */
export interface StartEvaluationsInput extends StepInput {
  readonly requests: readonly EvaluationRequest[];
  readonly resources: RunResources;
}

/** A started evaluation run. */
export interface EvaluationRunRef extends CatalogTable {
  readonly rulesetName: string;
  readonly runId: string;
}

/** An evaluation run that has succeeded. */
export interface EvaluatedRun extends EvaluationRunRef {
  readonly resultIds: readonly string[];
}

/** Activities on Glue's evaluation runs. */
export interface EvaluationActivities {
  /**
   * Sees that each ruleset exists and starts its evaluation, once per step whatever is repeated (client tokens). Only
   * EntityNotFoundException means that a ruleset is absent; every other answer fails.
   */
  startEvaluations(input: StartEvaluationsInput): Promise<EvaluationRunRef[]>;
  /** Waits for a run. FAILED, TIMEOUT and STOPPED are permanent failures: the data was not judged. */
  waitEvaluation(input: StepInput & { readonly run: EvaluationRunRef }): Promise<EvaluatedRun>;
  /** Cancels a run that nobody waits for any more, and returns the state it ended in. */
  stopEvaluation(input: StepInput & { readonly run: EvaluationRunRef }): Promise<string>;
}

function evaluationRun(glue: GlueClient): RemoteJob<EvaluationRunRef, GetDataQualityRulesetEvaluationRunResponse> {
  return qualityRun({
    named: ({ rulesetName, runId }) => `Data quality run ${runId} of ${rulesetName}`,
    get: (RunId, abortSignal) => glue.send(new GetDataQualityRulesetEvaluationRunCommand({ RunId }), { abortSignal }),
    cancel: (RunId) => glue.send(new CancelDataQualityRulesetEvaluationRunCommand({ RunId })),
    advice: 'The data was not judged. Mend the cause, and run again.',
  });
}

async function ensureRuleset(glue: GlueClient, request: EvaluationRequest, token: string): Promise<void> {
  const { rulesetName: name, ruleset: text, database, table } = request;
  const stored = await storedRuleset(glue, name);
  if (stored === undefined) {
    if (text === undefined) {
      throw new StepError(
        'Permanent',
        rulesetResource(name),
        'does not exist, and no text was given to create it from',
        'Give a ruleset file, or declare a gate of this name in the model.'
      );
    }
    // Two runs that found it absent: the text is the same, or the next look finds the difference.
    await unlessThere(createRuleset(glue, { name, text, description: 'Made by Sluice', database, table, token }));
  } else if (request.declared === true && text !== undefined && stored !== text) {
    await updateRuleset(glue, name, text);
  }
}

const source = ({ database, table }: CatalogTable) => ({ GlueTable: { DatabaseName: database, TableName: table } });

/** Makes the activities over a client. */
export function createEvaluationActivities({
  glue,
  clock,
}: {
  readonly glue: GlueClient;
  readonly clock: PollClock;
}): EvaluationActivities {
  return {
    async startEvaluations(input) {
      const started: EvaluationRunRef[] = [];
      for (const request of input.requests) {
        const { rulesetName, database, table } = request;
        const token = stepToken({ scope: input.scope, step: `${input.step}/${rulesetName}` });
        if (request.warehouse !== undefined) await catalogueWarehouseTable(glue, request, request.warehouse);
        await ensureRuleset(glue, request, token);
        const runId = await startWhenCapacity(clock, async () => {
          const { RunId } = await onResource(`Data quality ruleset ${rulesetName} on ${database}.${table}`, () =>
            glue.send(
              new StartDataQualityRulesetEvaluationRunCommand({
                DataSource: source(request),
                Role: input.resources.role,
                RulesetNames: [rulesetName],
                NumberOfWorkers: input.resources.workers,
                Timeout: input.resources.timeoutMinutes,
                ClientToken: token,
                AdditionalDataSources: Object.fromEntries(
                  Object.entries(request.references ?? {}).map(([alias, reference]) => [alias, source(reference)])
                ),
                AdditionalRunOptions: {
                  CloudWatchMetricsEnabled: true,
                  ResultsS3Prefix: request.resultsPrefix,
                  CompositeRuleEvaluationMethod: request.compositeMethod,
                },
              })
            )
          );
          return RunId ?? '';
        });
        started.push({ rulesetName, database, table, runId });
      }
      return started;
    },

    async waitEvaluation({ run }) {
      const { ResultIds: resultIds = [] } = await waitForRemoteJob(evaluationRun(glue), run, clock);
      return { ...run, resultIds };
    },

    async stopEvaluation({ run }) {
      return (await stopRemoteJob(evaluationRun(glue), run, clock)) ?? 'unknown';
    },
  };
}
