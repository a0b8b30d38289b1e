import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  CreateDatabaseCommand,
  CreateTableCommand,
  GetDataQualityRulesetCommand,
  GetTableCommand,
  ListDataQualityRulesetEvaluationRunsCommand,
  UpdateDataQualityRulesetCommand,
  UpdateTableCommand,
} from '@aws-sdk/client-glue';
import { CreateBucketCommand, GetObjectCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import { CreateTopicCommand } from '@aws-sdk/client-sns';
import type { WorkflowHandle } from '@temporalio/client';
import { WorkflowFailedError } from '@temporalio/client';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { catalogueResults } from '../../activities/quality/result-catalog.js';
import type { InterceptedCall } from '../../local/gateway/index.js';
import { AwsError } from '../../local/gateway/aws-error.js';
import { DroppedReply } from '../../local/gateway/interception.js';
import { parseResultDocument } from '../../quality/results/result-document.js';
import { startWorker } from '../../workers/index.js';
import type { SluiceWorker } from '../../workers/index.js';
import type {
  EvaluateInput,
  EvaluateResult,
  RecommendInput,
  RecommendProgress,
  RecommendResult,
} from '../../workflows/index.js';
import { deployment, startTestAws, startTestTemporal } from './stack.js';
import type { TestAws, TestTemporal } from './stack.js';
import { failureOf } from './failure-of.js';

const taskQueue = 'quality';
const rows = [1, 2, 3, 4].map((id) => JSON.stringify({ id, price: id === 4 ? null : id * 10, marked: 'SECRET-CELL' }));

let aws: TestAws;
let temporal: TestTemporal;
let worker: SluiceWorker;
let running: Promise<void>;
let topicArn: string;
let misbehave: (call: InterceptedCall) => void = () => undefined;
let runs = 0;

async function table(name: string, lines: readonly string[]): Promise<void> {
  const { s3, glue } = aws.clients;
  await s3.send(new PutObjectCommand({ Bucket: 'data', Key: `${name}/part.json`, Body: `${lines.join('\n')}\n` }));
  const Columns = [
    { Name: 'id', Type: 'bigint' },
    { Name: 'price', Type: 'double' },
    { Name: 'marked', Type: 'string' },
  ];
  const StorageDescriptor = { Columns, Location: `s3://data/${name}/` };
  const TableInput = { Name: name, Parameters: { classification: 'json' }, StorageDescriptor };
  await glue.send(new CreateTableCommand({ DatabaseName: 'shop', TableInput }));
}

beforeAll(async () => {
  [aws, temporal] = await Promise.all([startTestAws({ intercept: [(call) => misbehave(call)] }), startTestTemporal()]);
  const { s3, glue, sns } = aws.clients;
  for (const Bucket of ['data', deployment.buckets.quality]) await s3.send(new CreateBucketCommand({ Bucket }));
  await glue.send(new CreateDatabaseCommand({ DatabaseInput: { Name: 'shop' } }));
  await table('orders', rows);
  await table('copies', rows.slice(0, 2));
  await table('empty', []);
  topicArn = (await sns.send(new CreateTopicCommand({ Name: 'alerts' }))).TopicArn ?? '';
  const env = { ...aws.env, ...temporal.env };
  worker = await startWorker({ configuration: { taskQueue }, env, logLevel: 'silent', shutdownGraceTime: 0 });
  running = worker.run();
});
afterAll(async () => {
  worker.shutdown();
  await running;
  await temporal.stop();
  await aws.stop();
});
beforeEach(() => {
  misbehave = () => undefined;
});

const common = () => ({
  runKey: `run-${++runs}`,
  pipeline: 'shop',
  deployment: { ...deployment, notifications: { topicArn } },
  resources: { role: 'glue' },
});

type Request = Partial<EvaluateInput['request']>;

function begin(
  type: 'evaluate' | 'reconcile',
  request: Request,
  demand?: EvaluateInput['demand']
): Promise<WorkflowHandle> {
  const input: EvaluateInput = {
    ...common(),
    request: { database: 'shop', table: 'orders', rulesetName: 'orders', ...request },
    ...(demand && { demand }),
  };
  return temporal.client.workflow.start(type, { workflowId: `${type}-${input.runKey}`, taskQueue, args: [input] });
}

async function evaluated(request: Request, demand?: EvaluateInput['demand']): Promise<EvaluateResult> {
  return (await (await begin('evaluate', request, demand)).result()) as EvaluateResult;
}

async function alerts(): Promise<{ subject: string; message: string }[]> {
  const text = await readFile(join(aws.folder, 'sns', 'messages.jsonl'), 'utf8').catch(() => '');
  return text
    .split('\n')
    .flatMap((line) => (line === '' ? [] : [JSON.parse(line) as { subject: string; message: string }]));
}

async function textAt(uri: string): Promise<string> {
  const [, Bucket, Key] = /^s3:\/\/([^/]+)\/(.+)$/.exec(uri) ?? [];
  const { Body } = await aws.clients.s3.send(new GetObjectCommand({ Bucket, Key }));
  return (await Body?.transformToString()) ?? '';
}

describe('evaluate', () => {
  it('makes the ruleset, keeps the result and completes', async () => {
    const { passed, evaluations } = await evaluated({
      rulesetName: 'made',
      ruleset: 'Rules = [ RowCount = 4, IsComplete "id" labels=["severity"="high"] ]',
    });
    expect(passed).toBe(true);
    expect(evaluations).toMatchObject([{ rulesetName: 'made', passed: true, score: 1, rulesSucceeded: 2 }]);
    const document = parseResultDocument(await textAt(evaluations[0]!.resultUri));
    expect(evaluations[0]!.resultUri).toMatch(
      new RegExp(
        `^s3://${deployment.buckets.quality}/gluedataqualitylogs/year=\\d{4}/month=\\d\\d/day=\\d\\d/${document.resultId}\\.json$`
      )
    );
    expect(document).toMatchObject({
      ruleset_name: 'made',
      databaseName: 'shop',
      tableName: 'orders',
      state: 'SUCCEEDED',
      score: '1',
      numRulesSucceeded: '2',
      totalRows: '4',
      passedRows: '4',
    });
    expect(document.resultrun[1]).toMatchObject({ Name: 'Rule_2', Result: 'PASS', Labels: { severity: 'high' } });
    const stored = await aws.clients.glue.send(new GetDataQualityRulesetCommand({ Name: 'made' }));
    expect(stored.TargetTable).toMatchObject({ DatabaseName: 'shop', TableName: 'orders' });
  });

  it('puts the table over the results and its views into the catalog, once', async () => {
    await evaluated({ rulesetName: 'made' });
    const table = async (Name: string) =>
      (await aws.clients.glue.send(new GetTableCommand({ DatabaseName: 'data_quality', Name }))).Table!;
    const results = await table('dq_gluedataqualitylogs');
    expect(results.PartitionKeys?.map(({ Name }) => Name)).toEqual(['year', 'month', 'day']);
    expect(results.StorageDescriptor?.Location).toBe(`s3://${deployment.buckets.quality}/gluedataqualitylogs/`);
    expect(results.Parameters?.['storage.location.template']).toBe(
      `s3://${deployment.buckets.quality}/gluedataqualitylogs/year=\${year}/month=\${month}/day=\${day}`
    );
    const view = await table('data_quality_result_view');
    const [, encoded = ''] = /^\/\* Presto View: (.+) \*\/$/.exec(view.ViewOriginalText ?? '') ?? [];
    const definition = JSON.parse(Buffer.from(encoded, 'base64').toString()) as {
      originalSql: string;
      columns: { name: string }[];
    };
    expect(definition.originalSql).toContain('"data_quality"."dq_gluedataqualitylogs"');
    expect(definition.columns.map(({ name }) => name)).toEqual(
      view.StorageDescriptor?.Columns?.map(({ Name }) => Name)
    );
    const written = () => Object.entries(aws.calls()).filter(([name]) => /glue\.(Create|Update)Table/.test(name));
    const before = written();
    await catalogueResults(aws.clients.glue, deployment.buckets.quality, 'data_quality');
    expect(written()).toEqual(before);
    const stale = { DatabaseName: 'data_quality', TableInput: { Name: 'dq_gluedataqualitylogs' } };
    await aws.clients.glue.send(new UpdateTableCommand(stale));
    await catalogueResults(aws.clients.glue, deployment.buckets.quality, 'data_quality');
    expect((await table('dq_gluedataqualitylogs')).Parameters).toEqual(results.Parameters);
  });

  it('alerts once to a result that does not pass, without data', async () => {
    const before = (await alerts()).length;
    const ruleset = 'Rules = [ IsComplete "price", RowCount > 1 ]';
    misbehave = (call) => {
      // The answer to the publishing is lost: the repeat must not tell people again once the marker stands.
      if (call.operation === 'GetDataQualityRulesetEvaluationRun' && call.phase === 'after' && call.number % 2 === 0)
        throw new DroppedReply();
    };
    const { passed, evaluations } = await evaluated({ rulesetName: 'incomplete', ruleset });
    expect(passed).toBe(false);
    expect(evaluations[0]).toMatchObject({ score: 0.5, reasons: ['1 of 2 rules did not pass: Rule_1'] });
    const told = (await alerts()).slice(before);
    expect(told).toHaveLength(1);
    expect(told[0]!.subject).toBe('Data quality ruleset incomplete on orders: FAILED');
    expect(told[0]!.message).toContain('Rule_1 FAIL: IsComplete "price"');
    expect(JSON.stringify(told)).not.toContain('SECRET-CELL');
  });

  it.each([
    ['a score that is reached', { minimumScore: 0.5 }, true],
    ['a score that is not', { minimumScore: 0.6 }, false],
    ['a critical rule that did not pass', { minimumScore: 0, critical: { label: 'severity', value: 'high' } }, false],
    ['only other labels', { minimumScore: 0, critical: { label: 'severity', value: 'low' } }, true],
  ])('judges by %s', async (_what, demand, passed) => {
    const ruleset = 'Rules = [ IsComplete "price" labels=["severity"="high"], RowCount > 1 ]';
    expect((await evaluated({ rulesetName: 'demand', ruleset }, demand)).passed).toBe(passed);
  });

  it('starts one evaluation when answers are lost', async () => {
    const lost = new Set<string>();
    misbehave = ({ operation, phase }) => {
      if (phase !== 'after' || lost.has(operation)) return;
      if (/^(Create|Start)DataQuality/.test(operation)) {
        lost.add(operation);
        throw new DroppedReply();
      }
    };
    const before = aws.calls();
    const { evaluations } = await evaluated({ rulesetName: 'lost', ruleset: 'Rules = [ RowCount = 4 ]' });
    expect(lost).toEqual(new Set(['CreateDataQualityRuleset', 'StartDataQualityRulesetEvaluationRun']));
    expect(evaluations).toHaveLength(1);
    const started = 'glue.StartDataQualityRulesetEvaluationRun';
    expect((aws.calls()[started] ?? 0) - (before[started] ?? 0)).toBe(2);
    const { Contents = [] } = await aws.clients.s3.send(
      new ListObjectsV2Command({ Bucket: deployment.buckets.quality, Prefix: 'gluedataqualitylogs/' })
    );
    const documents = await Promise.all(
      Contents.map(async ({ Key }) => parseResultDocument(await textAt(`s3://${deployment.buckets.quality}/${Key}`)))
    );
    expect(documents.filter(({ ruleset_name: name }) => name === 'lost')).toHaveLength(1);
  });

  it('takes only EntityNotFoundException for an absent ruleset', async () => {
    misbehave = ({ operation, phase }) => {
      if (operation === 'GetDataQualityRuleset' && phase === 'before') {
        throw new AwsError('AccessDeniedException', 'no', 403);
      }
    };
    const handle = await begin('evaluate', { rulesetName: 'denied', ruleset: 'Rules = [ RowCount = 4 ]' });
    expect(await failureOf(handle)).toMatch(/AccessDeniedException.*Grant/s);
  });

  it('fails for a ruleset that nobody wrote, and for one that is no DQDL', async () => {
    expect(await failureOf(await begin('evaluate', { rulesetName: 'absent' }))).toMatch(/absent.*does not exist/s);
    const bad = await begin('evaluate', { rulesetName: 'bad', ruleset: 'Rules = [ RowCount = "4" ]' });
    expect(await failureOf(bad)).toMatch(/InvalidInputException/);
  });

  it('stops its evaluation run when it is cancelled, and ends when that has', async () => {
    await table(
      'big',
      Array.from({ length: 5000 }, (_, id) => JSON.stringify({ id, price: 1, marked: '' }))
    );
    const crossed = 'select count(*) from primary a, primary b, primary c where a.id * b.id = c.id + 1';
    const handle = await begin('evaluate', {
      rulesetName: 'slow',
      table: 'big',
      ruleset: `Rules = [ CustomSql "${crossed}" > 0 ]`,
    });
    const runsOf = async () => {
      const DataSource = { GlueTable: { DatabaseName: 'shop', TableName: 'big' } };
      const { Runs = [] } = await aws.clients.glue.send(
        new ListDataQualityRulesetEvaluationRunsCommand({ Filter: { DataSource } })
      );
      return Runs.map(({ Status }) => Status);
    };
    await expect.poll(runsOf, { timeout: 20_000 }).toEqual(['RUNNING']);
    await handle.cancel();
    await expect(handle.result()).rejects.toThrow(WorkflowFailedError);
    expect((await handle.describe()).status.name).toBe('CANCELLED');
    expect(await runsOf()).toEqual(['STOPPED']);
  });
});

describe('reconcile', () => {
  it('compares two tables', async () => {
    const handle = await begin('reconcile', {
      rulesetName: 'reconcile',
      ruleset:
        'Rules = [ RowCountMatch "copy" = 1.0, SchemaMatch "copy" = 1.0, ReferentialIntegrity "id" "copy.id" >= 0.5 ]',
      references: { copy: { database: 'shop', table: 'copies' } },
    });
    const { evaluations } = (await handle.result()) as EvaluateResult;
    expect(evaluations).toMatchObject([{ passed: false, rulesSucceeded: 2, rulesFailed: 1 }]);
  });
});

describe('recommend', () => {
  const start = (more: Partial<RecommendInput> = {}): Promise<WorkflowHandle> => {
    const input: RecommendInput = {
      ...common(),
      database: 'shop',
      table: 'orders',
      rulesetName: `recommended-${runs}`,
      approvalSeconds: 600,
      ...more,
    };
    return temporal.client.workflow.start('recommend', {
      workflowId: `recommend-${input.runKey}`,
      taskQueue,
      args: [input],
    });
  };
  const waiting = async (handle: WorkflowHandle): Promise<RecommendProgress> => {
    let progress: RecommendProgress | undefined;
    await expect
      .poll(
        async () => {
          progress = await handle.query<RecommendProgress>('recommendation');
          return progress.approvals.pending.length;
        },
        { timeout: 20_000 }
      )
      .toBe(1);
    return progress!;
  };

  it('saves what a person edited and approved, and keeps rules out of the history', async () => {
    const handle = await start({ rulesetName: 'accepted' });
    const { uri = '' } = await waiting(handle);
    const text = await textAt(uri);
    expect(text).toContain('IsUnique "id"');
    const edited = `s3://${deployment.buckets.quality}/recommendations/edited.dqdl`;
    const Body = 'Rules = [ IsUnique "id", Completeness "price" > 0.6 ]';
    await aws.clients.s3.send(
      new PutObjectCommand({ Bucket: deployment.buckets.quality, Key: 'recommendations/edited.dqdl', Body })
    );
    await handle.executeUpdate('edit', { args: [{ by: 'ada', uri: edited }] });
    await handle.executeUpdate('approve', { args: [{ by: 'ada' }] });
    const result = (await handle.result()) as RecommendResult;
    expect(result).toMatchObject({ accepted: true, decidedBy: 'ada', uri: edited, rules: 2, rulesetName: 'accepted' });
    const stored = await aws.clients.glue.send(new GetDataQualityRulesetCommand({ Name: 'accepted' }));
    expect(stored.Ruleset).toBe(Body);
    expect(JSON.stringify((await handle.fetchHistory()).events)).not.toContain('IsUnique');
  });

  it('refuses an edit that is no DQDL and goes on waiting; a rejection saves nothing', async () => {
    const handle = await start({ rulesetName: 'rejected' });
    await waiting(handle);
    await aws.clients.s3.send(
      new PutObjectCommand({ Bucket: deployment.buckets.quality, Key: 'recommendations/bad.dqdl', Body: 'Rules = [' })
    );
    const uri = `s3://${deployment.buckets.quality}/recommendations/bad.dqdl`;
    await expect(handle.executeUpdate('edit', { args: [{ by: 'ada', uri }] })).rejects.toThrow();
    await handle.executeUpdate('reject', { args: [{ by: 'ada', reason: 'too many' }] });
    expect(await handle.result()).toMatchObject({ accepted: false, decidedBy: 'ada', reason: 'too many' });
    await expect(aws.clients.glue.send(new GetDataQualityRulesetCommand({ Name: 'rejected' }))).rejects.toMatchObject({
      name: 'EntityNotFoundException',
    });
  });

  it('is rejected when nobody answers until the deadline', async () => {
    const handle = await start({ rulesetName: 'late', approvalSeconds: 1 });
    expect(await handle.result()).toMatchObject({ accepted: false, decidedBy: 'deadline' });
  });

  it('updates a ruleset of the name, and fails for a table without rows', async () => {
    await aws.clients.glue.send(
      new UpdateDataQualityRulesetCommand({ Name: 'accepted', Ruleset: 'Rules = [ RowCount > 0 ]' })
    );
    const handle = await start({ rulesetName: 'accepted' });
    await waiting(handle);
    await handle.executeUpdate('approve', { args: [{ by: 'ada' }] });
    await handle.result();
    const stored = await aws.clients.glue.send(new GetDataQualityRulesetCommand({ Name: 'accepted' }));
    expect(stored.Ruleset).toContain('IsUnique "id"');
    expect(await failureOf(await start({ table: 'empty' }))).toMatch(/no rows/);
  });
});
