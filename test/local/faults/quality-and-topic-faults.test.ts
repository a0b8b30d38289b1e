import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  CancelDataQualityRulesetEvaluationRunCommand,
  CreateDataQualityRulesetCommand,
  CreateDatabaseCommand,
  CreateTableCommand,
  GetDataQualityRuleRecommendationRunCommand,
  GetDataQualityRulesetEvaluationRunCommand,
  ListDataQualityRulesetEvaluationRunsCommand,
  StartDataQualityRuleRecommendationRunCommand,
  StartDataQualityRulesetEvaluationRunCommand,
} from '@aws-sdk/client-glue';
import { CreateBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { CreateTopicCommand, PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { FaultInput } from '../../../local/faults/index.js';
import { startTestAws } from '../../workflows/stack.js';
import type { TestAws } from '../../workflows/stack.js';
import { FaultInjector } from '../../../local/faults/index.js';

describe('faults of', () => {
  const faults = new FaultInjector();
  const Role = 'arn:aws:iam::000000000000:role/glue';
  let aws: TestAws;
  let sns: SNSClient;
  const set = (...given: FaultInput[]): void => faults.set(given);
  const nameOf = async (call: Promise<unknown>): Promise<string> =>
    call.then(
      () => 'ok',
      (error: { name: string; code?: string }) => error.code ?? error.name
    );

  beforeAll(async () => {
    aws = await startTestAws({ intercept: [faults.intercept] });
    const { AWS_ENDPOINT_URL: endpoint, AWS_REGION: region = '' } = aws.env;
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
    sns = new SNSClient({ endpoint, region, credentials, maxAttempts: 1 });
    const { s3, glue } = aws.clients;
    await s3.send(new CreateBucketCommand({ Bucket: 'shelf' }));
    await s3.send(new PutObjectCommand({ Bucket: 'shelf', Key: 'goods/a.json', Body: '{"id":1}\n{"id":2}\n' }));
    await glue.send(new CreateDatabaseCommand({ DatabaseInput: { Name: 'shop' } }));
    const TableInput = {
      Name: 'goods',
      Parameters: { classification: 'json' },
      StorageDescriptor: { Columns: [{ Name: 'id', Type: 'bigint' }], Location: 's3://shelf/goods/' },
    };
    await glue.send(new CreateTableCommand({ DatabaseName: 'shop', TableInput }));
    await glue.send(new CreateDataQualityRulesetCommand({ Name: 'goods', Ruleset: 'Rules = [ IsComplete "id" ]' }));
  });
  afterEach(() => faults.clear());
  afterAll(async () => {
    sns?.destroy();
    await aws?.stop();
  });

  describe('SNS', () => {
    const published = async (): Promise<string[]> => {
      const lines = await readFile(join(aws.folder, 'sns', 'messages.jsonl'), 'utf8').catch(() => '');
      return lines
        .split('\n')
        .filter(Boolean)
        .map((line) => (JSON.parse(line) as { message: string }).message);
    };
    const topic = async (Name: string) => (await sns.send(new CreateTopicCommand({ Name }))).TopicArn;
    const publish = (TopicArn: string | undefined, Message: string, milliseconds = 60_000) =>
      nameOf(sns.send(new PublishCommand({ TopicArn, Message }), { abortSignal: AbortSignal.timeout(milliseconds) }));

    it('are in its own words, hit the topic that they name, and publish nothing', async () => {
      const [alerts, news] = [await topic('alerts'), await topic('news')];
      const where = { TopicArn: '*:alerts' };
      set(
        { operation: 'sns.Publish', where, calls: 1, fault: 'throttle' },
        { operation: 'sns.Publish', where, calls: 2, fault: 'server-error' },
        { operation: 'sns.Publish', where, calls: 3, fault: 'error', code: 'AuthorizationError', status: 403 }
      );
      const names = [];
      for (let call = 1; call <= 4; call += 1) names.push(await publish(alerts, `alert ${call}`));
      expect(names).toEqual(['ThrottledException', 'InternalErrorException', 'AuthorizationErrorException', 'ok']);
      expect(await publish(news, 'news')).toBe('ok');
      expect(await published()).toEqual(['alert 4', 'news']);
    });

    it('leave a message unanswered, published or not', async () => {
      const late = await topic('late');
      set(
        { operation: 'sns.Publish', calls: 1, fault: 'timeout' },
        { operation: 'sns.Publish', calls: 2, fault: 'timeout', carriedOut: true },
        { operation: 'sns.Publish', calls: 3, fault: 'drop-reply' }
      );
      expect(await publish(late, 'never', 300)).not.toBe('ok');
      expect(await publish(late, 'hung', 1_000)).not.toBe('ok');
      expect(await publish(late, 'cut')).toMatch(/ECONNRESET|EPIPE/);
      expect((await published()).slice(-2)).toEqual(['hung', 'cut']);
      expect(await published()).not.toContain('never');
    });
  });

  describe('data quality', () => {
    const DataSource = { GlueTable: { DatabaseName: 'shop', TableName: 'goods' } };
    const operation = 'glue.StartDataQualityRulesetEvaluationRun';
    const start = async (ClientToken?: string): Promise<string> => {
      const input = { DataSource, Role, RulesetNames: ['goods'], ClientToken };
      return (await aws.clients.glue.send(new StartDataQualityRulesetEvaluationRunCommand(input))).RunId ?? '';
    };
    const describeRun = (RunId: string) =>
      aws.clients.glue.send(new GetDataQualityRulesetEvaluationRunCommand({ RunId }));
    const statusOf = async (RunId: string) => (await describeRun(RunId)).Status;
    const patience = { timeout: 20_000 };

    it.each(['FAILED', 'STOPPED', 'TIMEOUT'])('end an evaluation %s without a result', async (state) => {
      set({ operation, calls: 1, fault: 'job-ends', state, message: `it was ${state}` });
      const id = await start();
      await expect.poll(() => statusOf(id), patience).toBe(state);
      expect(await describeRun(id)).toMatchObject({ ErrorString: `it was ${state}` });
      expect((await describeRun(id)).ResultIds ?? []).toEqual([]);
      const next = await start();
      await expect.poll(() => statusOf(next), patience).toBe('SUCCEEDED');
      expect((await describeRun(next)).ResultIds).toHaveLength(1);
    });

    it('make an evaluation slow and unlisted, and let it be cancelled meanwhile', async () => {
      set({ operation, fault: 'slow-job', seconds: 60 }, { operation, fault: 'hidden-job', seconds: 1 });
      const id = await start();
      const listed = async () => {
        const { Runs = [] } = await aws.clients.glue.send(new ListDataQualityRulesetEvaluationRunsCommand({}));
        return Runs.some(({ RunId }) => RunId === id);
      };
      expect(await listed()).toBe(false);
      await expect.poll(() => statusOf(id)).toBe('RUNNING');
      await expect.poll(listed, { timeout: 10_000 }).toBe(true);
      await aws.clients.glue.send(new CancelDataQualityRulesetEvaluationRunCommand({ RunId: id }));
      await expect.poll(() => statusOf(id)).toBe('STOPPED');
    });

    it('are in Glue’s words; a start whose answer is lost is found by its token', async () => {
      set(
        { operation, calls: 1, fault: 'throttle' },
        { operation, calls: 2, fault: 'server-error' },
        { operation, calls: 3, fault: 'token-conflict' },
        { operation, calls: 4, fault: 'drop-reply' }
      );
      const names = [];
      for (let call = 1; call <= 4; call += 1) names.push(await nameOf(start('once')));
      expect(names.slice(0, 3)).toEqual(['ThrottlingException', 'InternalServiceException', 'ConflictException']);
      expect(names[3]).toMatch(/ECONNRESET|EPIPE/);
      expect(await start('once')).toBe(await start('once'));
    });

    it('end a recommendation', async () => {
      set({ operation: 'glue.StartDataQualityRuleRecommendationRun', fault: 'job-ends', state: 'TIMEOUT' });
      const request = new StartDataQualityRuleRecommendationRunCommand({ DataSource, Role });
      const { RunId } = await aws.clients.glue.send(request);
      const run = () => aws.clients.glue.send(new GetDataQualityRuleRecommendationRunCommand({ RunId }));
      await expect.poll(async () => (await run()).Status, patience).toBe('TIMEOUT');
      expect((await run()).RecommendedRuleset).toBeUndefined();
    });
  });
});
