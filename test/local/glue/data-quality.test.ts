import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  BatchGetDataQualityResultCommand,
  BatchPutDataQualityStatisticAnnotationCommand,
  CancelDataQualityRulesetEvaluationRunCommand,
  CreateDataQualityRulesetCommand,
  CreateDatabaseCommand,
  CreateTableCommand,
  DeleteDataQualityRulesetCommand,
  GetDataQualityResultCommand,
  GetDataQualityRuleRecommendationRunCommand,
  GetDataQualityRulesetCommand,
  GetDataQualityRulesetEvaluationRunCommand,
  ListDataQualityResultsCommand,
  ListDataQualityRulesetEvaluationRunsCommand,
  ListDataQualityRulesetsCommand,
  ListDataQualityStatisticsCommand,
  StartDataQualityRuleRecommendationRunCommand,
  StartDataQualityRulesetEvaluationRunCommand,
  UpdateDataQualityRulesetCommand,
} from '@aws-sdk/client-glue';
import type {
  DataQualityResult,
  GetDataQualityRulesetEvaluationRunResponse,
  StartDataQualityRulesetEvaluationRunCommandInput,
} from '@aws-sdk/client-glue';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ServiceEvent } from '../../../local/glue/data-quality/result-event.js';
import { parseResultEvent } from '../../../quality/results/result-event.js';
import { startLocalGlue, temporaryFolder } from './local-glue.js';
import type { LocalGlue } from './local-glue.js';

const shared = join(import.meta.dirname, '..', '..', '..', '..', 'shared', 'data');
const classicmodels = join(shared, 'classicmodels');
const taxi = join(shared, 'taxi', 'yellow_tripdata_sample_2019-01.csv.gz');

let local: LocalGlue;
let remove: () => Promise<void>;
let folder: string;
const events: ServiceEvent[] = [];

beforeAll(async () => {
  ({ folder, remove } = await temporaryFolder());
  local = await startLocalGlue(folder, {
    minuteMs: 50,
    publishEvent: async (event) => void events.push(event),
  });
  await local.glue.send(new CreateDatabaseCommand({ DatabaseInput: { Name: 'shop' } }));
});
afterAll(async () => {
  await local.close();
  await remove();
});

/** Writes what a query gives as Parquet into the lake and registers it. */
async function table(name: string, query: string, database = 'shop'): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const file = join(folder, `${name}.parquet`);
  await connection.run(`COPY (${query}) TO '${file.replaceAll("'", "''")}' (FORMAT parquet)`);
  connection.closeSync();
  instance.closeSync();
  await local.store.putFile('lake', `${database}/${name}/part-0.parquet`, file);
  await local.glue.send(
    new CreateTableCommand({
      DatabaseName: database,
      TableInput: {
        Name: name,
        Parameters: { classification: 'parquet' },
        StorageDescriptor: { Columns: [], Location: `s3://lake/${database}/${name}/` },
      },
    })
  );
}

const source = (TableName: string, DatabaseName = 'shop') => ({ GlueTable: { DatabaseName, TableName } });

async function ruleset(Name: string, rules: readonly string[]): Promise<string> {
  await local.glue.send(new CreateDataQualityRulesetCommand({ Name, Ruleset: `Rules = [ ${rules.join(', ')} ]` }));
  return Name;
}

async function start(input: Partial<StartDataQualityRulesetEvaluationRunCommandInput>): Promise<string> {
  const { RunId } = await local.glue.send(
    new StartDataQualityRulesetEvaluationRunCommand({
      DataSource: undefined,
      RulesetNames: undefined,
      Role: 'glue',
      ...input,
    })
  );
  return RunId ?? '';
}

async function ended(RunId: string): Promise<GetDataQualityRulesetEvaluationRunResponse> {
  for (;;) {
    const run = await local.glue.send(new GetDataQualityRulesetEvaluationRunCommand({ RunId }));
    if (!['STARTING', 'RUNNING', 'STOPPING'].includes(run.Status ?? '')) return run;
    await sleep(20);
  }
}

async function evaluated(
  tableName: string,
  name: string,
  more: Partial<StartDataQualityRulesetEvaluationRunCommandInput> = {}
): Promise<DataQualityResult> {
  const run = await ended(
    await start({ DataSource: source(tableName), RulesetNames: [name], Timeout: 100000, ...more })
  );
  expect(run).toMatchObject({ Status: 'SUCCEEDED', RulesetNames: [name] });
  const { Results = [] } = await local.glue.send(new BatchGetDataQualityResultCommand({ ResultIds: run.ResultIds }));
  expect(Results).toHaveLength(1);
  return Results[0]!;
}

const outcomes = ({ RuleResults = [] }: DataQualityResult) => RuleResults.map(({ Result }) => Result);

describe('rulesets', () => {
  it('are made, read, changed, listed and deleted', async () => {
    const { glue } = local;
    await table('things', 'SELECT range AS id FROM range(3)');
    const TargetTable = { DatabaseName: 'shop', TableName: 'things' };
    const text = 'Rules = [ RowCount > 2, IsComplete "id" ]';
    const create = { Name: 'things', Ruleset: text, Description: 'first', TargetTable, ClientToken: 'one' };
    await glue.send(new CreateDataQualityRulesetCommand(create));
    await expect(glue.send(new CreateDataQualityRulesetCommand(create))).resolves.toMatchObject({ Name: 'things' });
    await expect(
      glue.send(new CreateDataQualityRulesetCommand({ ...create, ClientToken: 'two' }))
    ).rejects.toMatchObject({ name: 'AlreadyExistsException' });
    const listed = await glue.send(new ListDataQualityRulesetsCommand({ Filter: { TargetTable } }));
    expect(listed.Rulesets).toMatchObject([{ Name: 'things', RuleCount: 2, TargetTable }]);
    await glue.send(new UpdateDataQualityRulesetCommand({ Name: 'things', Ruleset: 'Rules = [ RowCount > 3 ]' }));
    const read = await glue.send(new GetDataQualityRulesetCommand({ Name: 'things' }));
    expect(read).toMatchObject({ Ruleset: 'Rules = [ RowCount > 3 ]', Description: 'first' });
    await glue.send(new DeleteDataQualityRulesetCommand({ Name: 'things' }));
    await expect(glue.send(new GetDataQualityRulesetCommand({ Name: 'things' }))).rejects.toMatchObject({
      name: 'EntityNotFoundException',
    });
  });

  it.each([
    ['text that is not DQDL', 'Rules = [ RowCout > 1 ]', 'InvalidInputException'],
    ['an empty text', '', 'ValidationException'],
    ['more than 65,536 characters', `Rules = [ RowCount > 1 ] #${'x'.repeat(65_536)}\n`, 'ValidationException'],
  ])('refuse %s', async (_what, Ruleset, name) => {
    const made = local.glue.send(new CreateDataQualityRulesetCommand({ Name: 'bad', Ruleset }));
    await expect(made).rejects.toMatchObject({ name });
  });
});

describe('evaluation runs', () => {
  beforeAll(async () => {
    await table('orders', 'SELECT range AS id, CASE WHEN range < 90 THEN 5 END AS price FROM range(100)');
  });

  it('give a result, its lines in S3, its statistics and its event', async () => {
    const name = await ruleset('orders', ['RowCount = 100', 'IsComplete "price"', 'Completeness "price" > 0.8']);
    const result = await evaluated('orders', name, {
      AdditionalRunOptions: { CloudWatchMetricsEnabled: true, ResultsS3Prefix: 's3://lake/results' },
    });
    expect(outcomes(result)).toEqual(['PASS', 'FAIL', 'PASS']);
    expect(result.Score).toBeCloseTo(2 / 3, 12);
    expect(result.AggregatedMetrics).toMatchObject({
      TotalRulesPassed: 2,
      TotalRulesFailed: 1,
      TotalRowsProcessed: 100,
    });
    const lines: string[] = [];
    for await (const { key } of local.store.listObjects('lake', 'results/')) lines.push(key);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^results\/year=\d{4}\/month=\d\d\/day=\d\d\//);
    const { Statistics = [] } = await local.glue.send(
      new ListDataQualityStatisticsCommand({ ProfileId: result.ProfileId })
    );
    expect(Statistics).toContainEqual(
      expect.objectContaining({
        StatisticName: 'Completeness',
        EvaluationLevel: 'Column',
        ColumnsReferenced: ['price'],
        DoubleValue: 0.9,
      })
    );
    const event = events.at(-1)!;
    const notice = parseResultEvent({ source: event.source, 'detail-type': event.detailType, detail: event.detail });
    expect(notice).toMatchObject({
      resultId: result.ResultId,
      state: 'FAILED',
      succeeded: 2,
      failed: 1,
      database: 'shop',
      table: 'orders',
      runId: result.RulesetEvaluationRunId,
    });
    const listed = await local.glue.send(
      new ListDataQualityResultsCommand({ Filter: { DataSource: source('orders') } })
    );
    expect(listed.Results?.map(({ ResultId }) => ResultId)).toContain(result.ResultId);
  });

  it('use the history of their table, without what a person excluded', async () => {
    const name = await ruleset('dynamic', ['RowCount >= last()', 'RowCount > avg(last(3)) * 2']);
    await evaluated('orders', name);
    const second = await evaluated('orders', name);
    expect(outcomes(second)).toEqual(['PASS', 'FAIL']);
    const { Statistics = [] } = await local.glue.send(new ListDataQualityStatisticsCommand({}));
    const counts = Statistics.filter(({ StatisticName }) => StatisticName === 'RowCount');
    await local.glue.send(
      new BatchPutDataQualityStatisticAnnotationCommand({
        InclusionAnnotations: counts.map(({ ProfileId, StatisticId }) => ({
          ProfileId,
          StatisticId,
          InclusionAnnotation: 'EXCLUDE',
        })),
      })
    );
    // No history is left: last() is 0.
    expect(outcomes(await evaluated('orders', name))).toEqual(['PASS', 'PASS']);
  });

  it('are one run for one client token', async () => {
    const name = await ruleset('token', ['RowCount > 0']);
    const input = { DataSource: source('orders'), RulesetNames: [name], ClientToken: 'same' };
    const [one, two] = [await start(input), await start(input)];
    expect(two).toBe(one);
    await expect(start({ ...input, NumberOfWorkers: 9 })).rejects.toMatchObject({ name: 'ConflictException' });
    const listed = await local.glue.send(
      new ListDataQualityRulesetEvaluationRunsCommand({ Filter: { DataSource: source('orders'), RulesetName: name } })
    );
    expect(listed.Runs?.map(({ RunId }) => RunId)).toEqual([one]);
    await ended(one);
  });

  it('say what is missing', async () => {
    await expect(start({ DataSource: source('orders'), RulesetNames: ['none'] })).rejects.toMatchObject({
      name: 'EntityNotFoundException',
    });
    const name = await ruleset('missing', ['RowCount > 0']);
    await expect(start({ DataSource: source('none'), RulesetNames: [name] })).rejects.toMatchObject({
      name: 'EntityNotFoundException',
    });
    await expect(local.glue.send(new GetDataQualityResultCommand({ ResultId: 'none' }))).rejects.toMatchObject({
      name: 'EntityNotFoundException',
    });
    const { ResultsNotFound } = await local.glue.send(new BatchGetDataQualityResultCommand({ ResultIds: ['none'] }));
    expect(ResultsNotFound).toEqual(['none']);
  });

  it('are cancelled, and time out', async () => {
    const heavy = 'SELECT range AS id, CAST(random() * 1e9 AS BIGINT) AS a FROM range(6000000)';
    await table('heavy', heavy);
    const name = await ruleset('heavy', ['Uniqueness "id" "a" > 0', 'Entropy "a" > 0', 'Uniqueness "a" > 0']);
    const RunId = await start({ DataSource: source('heavy'), RulesetNames: [name], Timeout: 100000 });
    await local.glue.send(new CancelDataQualityRulesetEvaluationRunCommand({ RunId }));
    expect(await ended(RunId)).toMatchObject({ Status: 'STOPPED' });
    await expect(local.glue.send(new CancelDataQualityRulesetEvaluationRunCommand({ RunId }))).rejects.toMatchObject({
      name: 'InvalidInputException',
    });
    const late = await start({ DataSource: source('heavy'), RulesetNames: [name], Timeout: 1 });
    expect(await ended(late)).toMatchObject({ Status: 'TIMEOUT' });
  });

  it('read an empty dataset and one without files', async () => {
    await table('empty', 'SELECT range AS id FROM range(0)');
    const name = await ruleset('empty', ['RowCount = 0', 'ColumnExists "id"']);
    expect(outcomes(await evaluated('empty', name))).toEqual(['PASS', 'PASS']);
    await local.glue.send(
      new CreateTableCommand({
        DatabaseName: 'shop',
        TableInput: {
          Name: 'bare',
          Parameters: { classification: 'parquet' },
          StorageDescriptor: { Columns: [{ Name: 'id', Type: 'bigint' }], Location: 's3://lake/nowhere/' },
        },
      })
    );
    expect(outcomes(await evaluated('bare', name))).toEqual(['PASS', 'PASS']);
  });
});

describe.skipIf(!existsSync(classicmodels))('classicmodels, as the write-up on advanced rules has it', () => {
  beforeAll(async () => {
    const csv = (name: string): string => `SELECT * FROM read_csv('${join(classicmodels, `${name}.csv`)}')`;
    await local.glue.send(new CreateDatabaseCommand({ DatabaseInput: { Name: 'mysql_s3_db' } }));
    await local.glue.send(new CreateDatabaseCommand({ DatabaseInput: { Name: 'mysql_private_classicmodels' } }));
    for (const name of ['employees', 'customers', 'products']) {
      await table(`mysql_classicmodels_${name}`, csv(name), 'mysql_private_classicmodels');
      await table(`s3_${name}`, csv(name), 'mysql_s3_db');
    }
    // The write-up's ETL ran four times.
    const four = Array.from({ length: 4 }, () => csv('products')).join(' UNION ALL ');
    await table('s3_products_loaded_four_times', four, 'mysql_s3_db');
  });

  const reference = (TableName: string) => ({ AdditionalDataSources: { reference: source(TableName, 'mysql_s3_db') } });
  const over = (name: string) => ({ DataSource: source(`mysql_classicmodels_${name}`, 'mysql_private_classicmodels') });

  it('compares source and copy', async () => {
    const name = await ruleset('employees', [
      'ReferentialIntegrity "employeenumber" "customers.salesRepEmployeeNumber" between 0.6 and 0.7',
      'DatasetMatch "reference" "employeenumber,employeenumber" = 1',
      'RowCountMatch "reference" = 1.0',
      'SchemaMatch "reference" = 1.0',
    ]);
    const result = await evaluated('', name, {
      ...over('employees'),
      AdditionalDataSources: {
        customers: source('s3_customers', 'mysql_s3_db'),
        reference: source('s3_employees', 'mysql_s3_db'),
      },
    });
    expect(outcomes(result)).toEqual(['PASS', 'PASS', 'PASS', 'PASS']);
  });

  it('catches products that were loaded four times', async () => {
    const name = await ruleset('products', [
      'RowCountMatch "reference" = 1.0',
      'AggregateMatch "avg(MSRP)" "avg(reference.MSRP)" = 1',
      'SchemaMatch "reference" = 1.0',
    ]);
    const whole = await evaluated('', name, { ...over('products'), ...reference('s3_products') });
    expect(outcomes(whole)).toEqual(['PASS', 'PASS', 'PASS']);
    const doubled = await evaluated('', name, { ...over('products'), ...reference('s3_products_loaded_four_times') });
    expect(outcomes(doubled)).toEqual(['FAIL', 'PASS', 'PASS']);
  });

  it('finds tables that rules name by database and table', async () => {
    const name = await ruleset('production_catalog_dq_check', [
      'AggregateMatch "avg(msrp)" "avg(mysql_s3_db.s3_products.msrp)" >= 0.9',
      'ReferentialIntegrity "productname,productcode" "mysql_s3_db.s3_products.{productname,productcode}" = 1',
    ]);
    expect(outcomes(await evaluated('', name, over('products')))).toEqual(['PASS', 'PASS']);
  });
});

describe.skipIf(!existsSync(taxi))('taxi, as the write-up for beginners has it', () => {
  beforeAll(async () => {
    await local.glue.send(new CreateDatabaseCommand({ DatabaseInput: { Name: 'data_quality_catalog' } }));
    await table(
      'tripdata',
      `SELECT * FROM read_csv('${taxi}', header = true, strict_mode = false)`,
      'data_quality_catalog'
    );
  });

  it('recommends rules that pass, are edited, and then do not', async () => {
    const DataSource = source('tripdata', 'data_quality_catalog');
    const { RunId } = await local.glue.send(
      new StartDataQualityRuleRecommendationRunCommand({ DataSource, Role: 'glue', CreatedRulesetName: 'taxi' })
    );
    let recommendation;
    do {
      await sleep(20);
      recommendation = await local.glue.send(new GetDataQualityRuleRecommendationRunCommand({ RunId }));
    } while (['STARTING', 'RUNNING'].includes(recommendation.Status ?? ''));
    expect(recommendation).toMatchObject({ Status: 'SUCCEEDED', CreatedRulesetName: 'taxi' });
    const text = recommendation.RecommendedRuleset ?? '';
    const { Ruleset, RecommendationRunId } = await local.glue.send(new GetDataQualityRulesetCommand({ Name: 'taxi' }));
    expect([Ruleset, RecommendationRunId]).toEqual([text, RunId]);
    const first = await evaluated('', 'taxi', { DataSource });
    expect(first.Score).toBe(1);
    expect(first.RuleResults!.length).toBeGreaterThan(40);
    const custom = 'CustomSql "select count(*) from primary where passenger_count > 0 and fare_amount < 0" = 0';
    const edited = text.replace(/\n\]\s*$/, `,\n    ${custom}\n]`);
    await local.glue.send(new UpdateDataQualityRulesetCommand({ Name: 'taxi', Ruleset: edited }));
    const second = await evaluated('', 'taxi', { DataSource });
    expect(outcomes(second).filter((outcome) => outcome !== 'PASS')).toEqual(['FAIL']);
    expect(second.RuleResults?.at(-1)).toMatchObject({ Result: 'FAIL', Description: custom });
  });
});
