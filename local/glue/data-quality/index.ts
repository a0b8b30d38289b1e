import { readdir, rm, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { NothingToRecommendError, recommendRuleset } from '../../../quality/index.js';
import type { JsonOperation } from '../../gateway/service.js';
import type { ObjectStore } from '../../s3/object-store.js';
import type { Catalog } from '../api/catalog.js';
import { EntityStore } from '../../state/entity-store.js';
import type { ServiceLevel } from '../../state/entity-store.js';
import { epochSeconds } from '../../gateway/check-request.js';
import { openDuckDb } from '../duckdb/session.js';
import type { DuckDbLimits } from '../duckdb/instances.js';
import { JobFailure } from '../jobs/job-script.js';
import { sourceTable } from './data-source.js';
import { executeEvaluation } from './evaluate-run.js';
import type { EvaluationEngine } from './evaluate-run.js';
import { evaluationRunOperations } from './evaluation-runs.js';
import type { EvaluationRun } from './evaluation-runs.js';
import { openTable } from './open-table.js';
import { recommendationRunOperations } from './recommendation-runs.js';
import type { RecommendationRun } from './recommendation-runs.js';
import type { ServiceEvent } from './result-event.js';
import { resultOperations } from './results.js';
import type { ResultEntity } from './results.js';
import { countRules, rulesetOperations } from './rulesets.js';
import type { RulesetEntity } from './rulesets.js';
import { statisticOperations } from './statistics.js';
import type { StatisticEntity } from './statistics.js';
import { TaskRuns } from './task-runs.js';
import type { TaskContext } from './task-runs.js';

/** What the local Glue lends its data quality. */
export interface DataQualityOptions {
  readonly level: ServiceLevel;
  readonly store: ObjectStore;
  readonly catalog: Catalog;
  /** PostgreSQL URLs by Glue connection name. */
  readonly connections: Readonly<Record<string, string>>;
  readonly limits: Partial<DuckDbLimits>;
  readonly workFolder: string;
  readonly account: string;
  readonly minuteMs: number;
  readonly tag: (ruleset: string, tags: Record<string, string>) => Promise<void>;
  readonly publish: (event: ServiceEvent) => Promise<void>;
}

/** AWS Glue Data Quality over the local catalog, evaluated by DuckDB. */
export interface DataQuality {
  readonly operations: Readonly<Record<string, JsonOperation>>;
  /** DQDL of the ruleset of that name. */
  ruleset(name: string): string | undefined;
  close(): Promise<void>;
}

async function recommendFor(
  { store, catalog, connections, limits, rulesets }: EvaluationEngine,
  run: RecommendationRun,
  { folder, signal }: TaskContext
): Promise<Partial<RecommendationRun>> {
  const session = await openDuckDb(folder, signal, limits);
  try {
    const access = { session, store, catalog, connections, folder, signal };
    const { database, table } = sourceTable(run.DataSource);
    await openTable(access, { database, table }, 'primary_table');
    const RecommendedRuleset = await session.lend((connection) => recommendRuleset(connection, 'primary_table'));
    if (run.CreatedRulesetName !== undefined) {
      const now = epochSeconds();
      await rulesets.put(run.CreatedRulesetName, {
        Name: run.CreatedRulesetName,
        Ruleset: RecommendedRuleset,
        TargetTable: { DatabaseName: database, TableName: table },
        RecommendationRunId: run.RunId,
        CreatedOn: now,
        LastModifiedOn: now,
      });
    }
    countRules(RecommendedRuleset);
    return { RecommendedRuleset };
  } catch (error) {
    if (error instanceof NothingToRecommendError) throw new JobFailure('The table has no rows to learn rules from');
    throw error;
  } finally {
    session.close();
  }
}

/** Starts data quality; runs that were active when an earlier process ended become FAILED. */
export async function createDataQuality(options: DataQualityOptions): Promise<DataQuality> {
  const { level, catalog, workFolder, minuteMs } = options;
  await mkdir(workFolder, { recursive: true });
  for (const name of await readdir(workFolder)) {
    if (/^dqrun-[0-9a-f]{40}$/.test(name)) await rm(join(workFolder, name), { recursive: true, force: true });
  }
  const engine: EvaluationEngine = {
    ...options,
    rulesets: await EntityStore.open<RulesetEntity>(level, 'dq-rulesets'),
    results: await EntityStore.open<ResultEntity>(level, 'dq-results'),
    statistics: await EntityStore.open<StatisticEntity>(level, 'dq-statistics'),
  };
  const evaluations = new TaskRuns<EvaluationRun>({
    runs: await EntityStore.open<EvaluationRun>(level, 'dq-evaluations'),
    workFolder,
    minuteMs,
    execute: (run, context) => executeEvaluation(engine, run, context),
  });
  const recommendations = new TaskRuns<RecommendationRun>({
    runs: await EntityStore.open<RecommendationRun>(level, 'dq-recommendations'),
    workFolder,
    minuteMs,
    execute: (run, context) => recommendFor(engine, run, context),
  });
  await evaluations.recover();
  await recommendations.recover();
  return {
    operations: {
      ...rulesetOperations(engine.rulesets, catalog, options.tag),
      ...evaluationRunOperations(evaluations, engine.rulesets, catalog),
      ...recommendationRunOperations(recommendations, engine.rulesets, catalog),
      ...resultOperations(engine.results),
      ...statisticOperations(engine.statistics),
    },
    ruleset: (name) => engine.rulesets.get(name)?.Ruleset,
    close: async () => {
      await Promise.all([evaluations.close(), recommendations.close()]);
    },
  };
}
