import { z } from 'zod';
import { AwsError } from '../../gateway/aws-error.js';
import type { JsonOperation } from '../../gateway/service.js';
import type { Catalog } from '../api/catalog.js';
import type { EntityStore } from '../../state/entity-store.js';
import { nameString, operation, pageOf, paging } from '../../gateway/check-request.js';
import { checkDataSource } from './data-source.js';
import { describeRun, keyed, matchingRuns, runFilter } from './evaluation-runs.js';
import type { RulesetEntity } from './rulesets.js';
import { runInput } from './task-runs.js';
import type { TaskRun, TaskRuns } from './task-runs.js';

/** A recommendation run as it is kept. */
export interface RecommendationRun extends TaskRun {
  readonly CreatedRulesetName?: string | undefined;
  readonly RecommendationMode: 'BASIC' | 'ADVANCED';
  readonly DataQualitySecurityConfiguration?: string | undefined;
  /** DQDL, once the run has succeeded. */
  readonly RecommendedRuleset?: string;
}

const start = z.object({
  ...runInput,
  CreatedRulesetName: nameString.optional(),
  RecommendationMode: z.enum(['BASIC', 'ADVANCED']).optional(),
  DataQualitySecurityConfiguration: z.string().optional(),
  AdditionalRunOptions: z.object({ CustomLogGroupPrefix: z.string().optional() }).optional(),
});

/** The operations on recommendation runs. */
export function recommendationRunOperations(
  runs: TaskRuns<RecommendationRun>,
  rulesets: EntityStore<RulesetEntity>,
  catalog: Catalog
): Record<string, JsonOperation> {
  const byId = z.object({ RunId: nameString });
  return {
    StartDataQualityRuleRecommendationRun: operation(start, async (request, { job }) => {
      const { CreatedRulesetName, DataQualitySecurityConfiguration, AdditionalRunOptions: _logs, ...input } = request;
      checkDataSource(catalog, request.DataSource);
      const repeated = runs
        .list()
        .some(({ ClientToken }) => ClientToken !== undefined && ClientToken === input.ClientToken);
      if (CreatedRulesetName !== undefined && !repeated && rulesets.get(CreatedRulesetName) !== undefined) {
        throw new AwsError('AlreadyExistsException', `A ruleset named ${CreatedRulesetName} already exists.`);
      }
      const RecommendationMode = request.RecommendationMode ?? 'BASIC';
      const fields = { CreatedRulesetName, DataQualitySecurityConfiguration, RecommendationMode };
      return { RunId: (await runs.start('dqrun', fields, input, job)).RunId };
    }),
    GetDataQualityRuleRecommendationRun: operation(byId, async ({ RunId }) => describeRun(runs.get(RunId))),
    CancelDataQualityRuleRecommendationRun: operation(byId, async ({ RunId }) => {
      await runs.cancel(RunId);
      return {};
    }),
    ListDataQualityRuleRecommendationRuns: operation(
      z.object({ Filter: runFilter.optional(), ...paging(1000) }),
      async (request) => {
        const { items, NextToken } = pageOf(keyed(matchingRuns(runs, request.Filter)), request);
        const Runs = items.map(({ RunId, Status, StartedOn, DataSource, CreatedRulesetName, RecommendationMode }) => ({
          RunId,
          Status,
          StartedOn,
          DataSource,
          CreatedRulesetName,
          RecommendationMode,
        }));
        return { Runs, NextToken };
      }
    ),
  };
}
