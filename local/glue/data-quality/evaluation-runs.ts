import { z } from 'zod';
import { AwsError } from '../../gateway/aws-error.js';
import type { JsonOperation } from '../../gateway/service.js';
import { nameString, operation, pageOf, paging } from '../../gateway/check-request.js';
import type { Catalog } from '../api/catalog.js';
import type { EntityStore } from '../../state/entity-store.js';
import { checkDataSource, dataSource, sameTable } from './data-source.js';
import type { DataSource } from './data-source.js';
import { runInput } from './task-runs.js';
import type { TaskRun, TaskRuns } from './task-runs.js';
import type { RulesetEntity } from './rulesets.js';

const runOptions = z.looseObject({
  CloudWatchMetricsEnabled: z.boolean().optional(),
  ResultsS3Prefix: z.string().optional(),
  CompositeRuleEvaluationMethod: z.enum(['COLUMN', 'ROW']).optional(),
});

/** An evaluation run as it is kept. */
export interface EvaluationRun extends TaskRun {
  readonly RulesetNames: readonly string[];
  readonly AdditionalDataSources: Readonly<Record<string, DataSource>>;
  readonly AdditionalRunOptions: z.infer<typeof runOptions>;
  readonly ResultIds?: readonly string[];
}

const start = z.object({
  ...runInput,
  RulesetNames: z.array(nameString).min(1).max(10),
  AdditionalDataSources: z.record(nameString, dataSource).optional(),
  AdditionalRunOptions: runOptions.optional(),
});

/** The part of a listing's filter that both kinds of runs have. Times are seconds since the epoch. */
export const runFilter = z.object({
  DataSource: dataSource,
  StartedBefore: z.number().optional(),
  StartedAfter: z.number().optional(),
});
const filter = runFilter.extend({ RulesetName: nameString.optional() });

/** A run without what only this emulation keeps. */
export function describeRun({ Sequence: _sequence, ClientToken: _token, ...run }: TaskRun): object {
  return run;
}

/** The listed runs that a filter asks for, newest first. */
export function matchingRuns<T extends TaskRun>(
  runs: TaskRuns<T>,
  filter: z.infer<typeof runFilter> | undefined
): readonly T[] {
  if (filter === undefined) return runs.listed();
  const { DataSource, StartedBefore = Infinity, StartedAfter = -Infinity } = filter;
  return runs
    .listed()
    .filter(
      (run) => sameTable(DataSource, run.DataSource) && run.StartedOn < StartedBefore && run.StartedOn > StartedAfter
    );
}

/** Runs, newest first, in the shape that pages are cut from. */
export function keyed<T extends TaskRun>(runs: readonly T[]): { readonly key: string; readonly value: T }[] {
  return runs.map((value) => ({ key: String(1e12 - value.Sequence).padStart(13, '0'), value }));
}

/** The operations on evaluation runs. */
export function evaluationRunOperations(
  runs: TaskRuns<EvaluationRun>,
  rulesets: EntityStore<RulesetEntity>,
  catalog: Catalog
): Record<string, JsonOperation> {
  const byId = z.object({ RunId: nameString });
  return {
    StartDataQualityRulesetEvaluationRun: operation(start, async (request, { job }) => {
      const { RulesetNames, AdditionalDataSources = {}, AdditionalRunOptions = {}, ...input } = request;
      for (const source of [request.DataSource, ...Object.values(AdditionalDataSources)])
        checkDataSource(catalog, source);
      for (const name of RulesetNames) {
        if (rulesets.get(name) === undefined) {
          throw new AwsError('EntityNotFoundException', `The ruleset ${name} was not found.`);
        }
      }
      const fields = { RulesetNames, AdditionalDataSources, AdditionalRunOptions };
      return { RunId: (await runs.start('dqrun', fields, input, job)).RunId };
    }),
    GetDataQualityRulesetEvaluationRun: operation(byId, async ({ RunId }) => describeRun(runs.get(RunId))),
    BatchGetDataQualityRulesetEvaluationRun: operation(
      z.object({ RunIds: z.array(nameString).min(1).max(100) }),
      async ({ RunIds }) => {
        const known = new Set(runs.list().map(({ RunId }) => RunId));
        return {
          Runs: RunIds.filter((id) => known.has(id)).map((id) => describeRun(runs.get(id))),
          RunsNotFound: RunIds.filter((id) => !known.has(id)),
        };
      }
    ),
    CancelDataQualityRulesetEvaluationRun: operation(byId, async ({ RunId }) => {
      await runs.cancel(RunId);
      return {};
    }),
    ListDataQualityRulesetEvaluationRuns: operation(
      z.object({ Filter: filter.optional(), ...paging(1000) }),
      async (request) => {
        const name = request.Filter?.RulesetName;
        const matching = matchingRuns(runs, request.Filter).filter(
          ({ RulesetNames }) => name === undefined || RulesetNames.includes(name)
        );
        const { items, NextToken } = pageOf(keyed(matching), request);
        const Runs = items.map(({ RunId, Status, StartedOn, DataSource }) => ({
          RunId,
          Status,
          StartedOn,
          DataSource,
        }));
        return { Runs, NextToken };
      }
    ),
  };
}
