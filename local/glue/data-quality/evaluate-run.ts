import { randomBytes } from 'node:crypto';
import type { DataQualityRuleResult } from '@aws-sdk/client-glue';
import { evaluate, parse } from '../../../quality/index.js';
import type { EvaluationResult, Ruleset } from '../../../quality/index.js';
import type { ObjectStore } from '../../s3/object-store.js';
import type { Catalog } from '../api/catalog.js';
import type { EntityStore } from '../../state/entity-store.js';
import { epochSeconds } from '../../gateway/check-request.js';
import { openDuckDb } from '../duckdb/session.js';
import type { DuckDbLimits } from '../duckdb/instances.js';
import type { DuckDbSession } from '../duckdb/session.js';
import { JobFailure } from '../jobs/job-script.js';
import { sourceTable } from './data-source.js';
import type { SourceTable } from './data-source.js';
import type { EvaluationRun } from './evaluation-runs.js';
import { openTable } from './open-table.js';
import { resultEvent } from './result-event.js';
import type { ServiceEvent } from './result-event.js';
import type { ResultEntity } from './results.js';
import type { RulesetEntity } from './rulesets.js';
import { writeResultLines } from './s3-results.js';
import { historyOf, recordStatistics } from './statistics.js';
import type { StatisticEntity } from './statistics.js';
import type { TaskContext } from './task-runs.js';

/** What evaluations read, and where they leave their results. */
export interface EvaluationEngine {
  readonly store: ObjectStore;
  readonly catalog: Catalog;
  readonly connections: Readonly<Record<string, string>>;
  readonly limits: Partial<DuckDbLimits>;
  readonly account: string;
  readonly rulesets: EntityStore<RulesetEntity>;
  readonly results: EntityStore<ResultEntity>;
  readonly statistics: EntityStore<StatisticEntity>;
  /** Puts an event on the event bus. */
  readonly publish: (event: ServiceEvent) => Promise<void>;
}

const newId = (prefix: string): string => `${prefix}-${randomBytes(20).toString('hex')}`;

/** Tables of the catalog that rules name as `database.table` without an alias being given, as Glue allows. */
function namedTables(catalog: Catalog, ruleset: string, given: ReadonlySet<string>): Map<string, SourceTable> {
  const found = new Map<string, SourceTable>();
  for (const { value } of catalog.tables.list()) {
    const name = `${value.DatabaseName}.${value.Name}`;
    const at = ruleset.toLowerCase().indexOf(name);
    if (at < 0 || given.has(name)) continue;
    found.set(ruleset.slice(at, at + name.length), { database: value.DatabaseName, table: value.Name });
  }
  return found;
}

function ruleResults({ rules }: EvaluationResult): DataQualityRuleResult[] {
  return rules.map(({ name, rule, result, message, metrics, labels, evaluatedRule }) => ({
    Name: name,
    Description: rule,
    Result: result,
    ...(message === undefined ? {} : { EvaluationMessage: message }),
    EvaluatedMetrics: metrics,
    EvaluatedRule: evaluatedRule ?? rule,
    ...(Object.keys(labels).length === 0 ? {} : { Labels: labels }),
  }));
}

function resultOf(run: EvaluationRun, rulesetName: string, startedOn: number, evaluated: EvaluationResult) {
  const { rules, analyzers, observations, totals, score } = evaluated;
  return {
    ResultId: newId('dqresult'),
    ProfileId: newId('dqprofile'),
    EvaluationRunMode: 'ON_DEMAND',
    Score: score,
    DataSource: run.DataSource,
    RulesetName: rulesetName,
    RulesetEvaluationRunId: run.RunId,
    StartedOn: startedOn,
    CompletedOn: epochSeconds(),
    RuleResults: ruleResults(evaluated),
    AnalyzerResults: analyzers.map(({ name, analyzer, message, metrics }) => ({
      Name: name,
      Description: analyzer,
      ...(message === undefined ? {} : { EvaluationMessage: message }),
      EvaluatedMetrics: metrics,
    })),
    Observations: observations.map(({ metric, actual, expected, lower, upper }) => ({
      Description: `${metric} lies outside of what its history predicts`,
      MetricBasedObservation: {
        MetricName: metric,
        MetricValues: { ActualValue: actual, ExpectedValue: expected, LowerLimit: lower, UpperLimit: upper },
      },
    })),
    AggregatedMetrics: {
      TotalRowsProcessed: totals.rows?.processed,
      TotalRowsPassed: totals.rows?.passed,
      TotalRowsFailed: totals.rows?.failed,
      TotalRulesProcessed: rules.length,
      TotalRulesPassed: totals.rules.passed,
      TotalRulesFailed: rules.length - totals.rules.passed,
    },
  } as const;
}

/** Executes an evaluation run: one result a ruleset, its statistics, its S3 lines and its event. */
export async function executeEvaluation(
  engine: EvaluationEngine,
  run: EvaluationRun,
  { folder, signal }: TaskContext
): Promise<Partial<EvaluationRun>> {
  const { catalog, store, connections, rulesets, results, statistics } = engine;
  const source = sourceTable(run.DataSource);
  const session: DuckDbSession = await openDuckDb(folder, signal, engine.limits);
  const ResultIds: string[] = [];
  try {
    const access = { session, store, catalog, connections, folder, signal };
    await openTable(access, source, 'primary_table');
    const aliases: Record<string, string> = {};
    const open = async (alias: string, table: SourceTable): Promise<void> => {
      if (Object.hasOwn(aliases, alias)) return;
      const name = `reference_${Object.keys(aliases).length + 1}`;
      await openTable(access, table, name);
      aliases[alias] = name;
    };
    for (const [alias, one] of Object.entries(run.AdditionalDataSources)) await open(alias, sourceTable(one));
    for (const name of run.RulesetNames) {
      const text = rulesets.get(name)?.Ruleset;
      if (text === undefined) throw new JobFailure(`The ruleset ${name} was deleted before it was evaluated`);
      for (const [alias, one] of namedTables(catalog, text, new Set(Object.keys(aliases)))) await open(alias, one);
      const ruleset: Ruleset = parse(text);
      const startedOn = epochSeconds();
      const evaluated = await session.lend((connection) =>
        evaluate({
          ruleset,
          connection,
          primary: 'primary_table',
          aliases,
          history: { values: (metric) => historyOf(statistics, source, metric) },
          failingRows: {},
          ...(run.AdditionalRunOptions.CompositeRuleEvaluationMethod === undefined
            ? {}
            : { compositeMethod: run.AdditionalRunOptions.CompositeRuleEvaluationMethod }),
        })
      );
      signal.throwIfAborted();
      const result: ResultEntity = {
        ...resultOf(run, name, startedOn, evaluated),
        Sequence: results.list().length + 1,
      };
      const all = [...evaluated.rules, ...evaluated.analyzers].map(({ metrics }) => metrics);
      const metrics = Object.assign({}, ...all) as Record<string, number>;
      await recordStatistics(statistics, source, { profileId: result.ProfileId, runId: run.RunId, metrics });
      const { ResultsS3Prefix: prefix, CloudWatchMetricsEnabled: published } = run.AdditionalRunOptions;
      if (prefix !== undefined) await writeResultLines(store, prefix, engine.account, source, result);
      await results.put(result.ResultId, result);
      ResultIds.push(result.ResultId);
      // As on AWS, the event comes with the metrics that are published to CloudWatch.
      if (published === true) await engine.publish(resultEvent(engine.account, source, result));
    }
    return { ResultIds };
  } finally {
    session.close();
  }
}
