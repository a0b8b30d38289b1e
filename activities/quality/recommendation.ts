import type { GetDataQualityRuleRecommendationRunResponse, GlueClient } from '@aws-sdk/client-glue';
import {
  CancelDataQualityRuleRecommendationRunCommand,
  GetDataQualityRuleRecommendationRunCommand,
  StartDataQualityRuleRecommendationRunCommand,
} from '@aws-sdk/client-glue';
import type { S3Client } from '@aws-sdk/client-s3';
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { splitS3Uri } from '../../model/s3-uri.js';
import { DqdlSyntaxError, parse } from '../../quality/index.js';
import { startWhenCapacity } from '../at-capacity.js';
import { StepError, onResource } from '../failures.js';
import type { PollClock } from '../poll-clock.js';
import type { RemoteJob } from '../remote-job.js';
import { stopRemoteJob, waitForRemoteJob } from '../remote-job.js';
import type { StepInput } from '../run-scope.js';
import { stepToken } from '../run-scope.js';
import type { CatalogTable, RunResources } from './evaluation.js';
import { qualityRun } from './quality-run.js';
import { createRuleset, storedRuleset, updateRuleset } from './rulesets.js';

/** A started recommendation run. */
export interface RecommendationRunRef extends CatalogTable {
  readonly runId: string;
}

/** A ruleset's text in S3: rules quote values of the data, which have no place in a workflow's history. */
export interface RulesetDraft {
  /** `s3://<quality bucket>/recommendations/…`. */
  readonly uri: string;
  readonly rules: number;
}

/** Input of `saveRuleset`. */
export interface SaveRulesetInput extends StepInput, CatalogTable {
  readonly rulesetName: string;
  readonly uri: string;
}

/** Activities on Glue's recommendation runs. */
export interface RecommendationActivities {
  /** Starts a recommendation run, once per step whatever is repeated. */
  startRecommendation(
    input: StepInput & CatalogTable & { readonly resources: RunResources }
  ): Promise<RecommendationRunRef>;
  /** Waits for a run and keeps the recommended ruleset in the quality bucket. */
  waitRecommendation(
    input: StepInput & { readonly run: RecommendationRunRef; readonly bucket: string }
  ): Promise<RulesetDraft>;
  /** Cancels a run that nobody waits for any more, and returns the state it ended in. */
  stopRecommendation(input: StepInput & { readonly run: RecommendationRunRef }): Promise<string>;
  /** Counts the rules of a draft that a person has edited. A text that is not DQDL is a permanent failure. */
  checkDraft(input: StepInput & { readonly uri: string }): Promise<RulesetDraft>;
  /** Makes a draft the ruleset of that name, new or updated. */
  saveRuleset(input: SaveRulesetInput): Promise<void>;
}

function recommendationRun(
  glue: GlueClient
): RemoteJob<RecommendationRunRef, GetDataQualityRuleRecommendationRunResponse> {
  return qualityRun({
    named: ({ runId, database, table }) => `Recommendation run ${runId} on ${database}.${table}`,
    get: (RunId, abortSignal) => glue.send(new GetDataQualityRuleRecommendationRunCommand({ RunId }), { abortSignal }),
    cancel: (RunId) => glue.send(new CancelDataQualityRuleRecommendationRunCommand({ RunId })),
    advice: 'Mend the cause, and run again.',
  });
}

/** Makes the activities over clients. */
export function createRecommendationActivities({
  glue,
  s3,
  clock,
}: {
  readonly glue: GlueClient;
  readonly s3: S3Client;
  readonly clock: PollClock;
}): RecommendationActivities {
  const countRules = (uri: string, text: string): number => {
    try {
      return parse(text).rules.length;
    } catch (error) {
      if (!(error instanceof DqdlSyntaxError)) throw error;
      const place = `line ${error.line}, column ${error.column}`;
      throw new StepError('Permanent', uri, `is not DQDL: see ${place}`, 'Check it with sluice dq lint.');
    }
  };
  const readDraft = async (uri: string): Promise<{ text: string; rules: number }> => {
    const object = splitS3Uri(uri);
    if (object === undefined) throw new StepError('Permanent', uri, 'is not an S3 URI', 'Give s3://bucket/key.');
    const { Body } = await onResource(uri, () => s3.send(new GetObjectCommand(object)));
    const text = (await Body?.transformToString('utf8')) ?? '';
    return { text, rules: countRules(uri, text) };
  };
  return {
    async startRecommendation({ database, table, resources, ...step }) {
      const resource = `Recommendation for ${database}.${table}`;
      const runId = await startWhenCapacity(clock, async () => {
        const { RunId } = await onResource(resource, () =>
          glue.send(
            new StartDataQualityRuleRecommendationRunCommand({
              DataSource: { GlueTable: { DatabaseName: database, TableName: table } },
              Role: resources.role,
              NumberOfWorkers: resources.workers,
              Timeout: resources.timeoutMinutes,
              ClientToken: stepToken(step),
            })
          )
        );
        return RunId ?? '';
      });
      return { runId, database, table };
    },

    async waitRecommendation({ run, bucket }) {
      const { RecommendedRuleset: text = '' } = await waitForRemoteJob(recommendationRun(glue), run, clock);
      const key = `recommendations/${run.runId}.dqdl`;
      const uri = `s3://${bucket}/${key}`;
      await onResource(uri, () => s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: text })));
      return { uri, rules: countRules(uri, text) };
    },

    async stopRecommendation({ run }) {
      return (await stopRemoteJob(recommendationRun(glue), run, clock)) ?? 'unknown';
    },

    async checkDraft({ uri }) {
      return { uri, rules: (await readDraft(uri)).rules };
    },

    async saveRuleset({ rulesetName: name, uri, database, table, ...step }) {
      const { text } = await readDraft(uri);
      const stored = await storedRuleset(glue, name);
      if (stored === undefined) {
        const description = 'Recommended by Glue, accepted by a person';
        await createRuleset(glue, { name, text, description, database, table, token: stepToken(step) });
      } else if (stored !== text) await updateRuleset(glue, name, text);
    },
  };
}
