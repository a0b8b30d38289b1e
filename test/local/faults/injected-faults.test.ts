import { setTimeout } from 'node:timers/promises';
import { DescribeExportCommand, ExportTableToPointInTimeCommand, ListExportsCommand } from '@aws-sdk/client-dynamodb';
import type { ExportDescription } from '@aws-sdk/client-dynamodb';
import {
  BatchStopJobRunCommand,
  CreateJobCommand,
  GetJobRunCommand,
  GetJobRunsCommand,
  GetJobsCommand,
  StartJobRunCommand,
} from '@aws-sdk/client-glue';
import { BatchExecuteStatementCommand, ExecuteStatementCommand } from '@aws-sdk/client-redshift-data';
import { CreateBucketCommand, GetObjectCommand, HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { FaultInput } from '../../../local/faults/index.js';
import { startLocalAws } from '../../../local/local-aws.js';
import type { LocalAws } from '../../../local/local-aws.js';
import { createAwsClients } from '../../../workers/aws-clients.js';
import type { WorkerAwsClients } from '../../../workers/aws-clients.js';
import { createSourceTable } from '../../activities/source-table.js';

describe('faults', () => {
  const lines: string[] = [];
  let aws: LocalAws;
  let clients: WorkerAwsClients;
  const set = (...faults: FaultInput[]): void => aws.faults.set(faults);
  const codeOf = async (call: Promise<unknown>): Promise<string> =>
    call.then(
      () => 'ok',
      (error: { name: string; code?: string }) => error.code ?? error.name
    );
  const callsOf = (operation: string): number => aws.calls()[operation] ?? 0;
  const getJobs = () => clients.glue.send(new GetJobsCommand({}));

  beforeAll(async () => {
    aws = await startLocalAws({ onEvent: (line) => lines.push(line) });
    clients = createAwsClients({ ...aws.env });
    await clients.s3.send(new CreateBucketCommand({ Bucket: 'shelf' }));
    await clients.s3.send(new PutObjectCommand({ Bucket: 'shelf', Key: 'a/b', Body: 'text' }));
    for (const Name of ['one', 'two']) {
      await clients.glue.send(
        new CreateJobCommand({
          Name,
          Role: 'arn:aws:iam::000000000000:role/glue',
          Command: { Name: 'glueetl', ScriptLocation: 's3://assets/no-such-script.py', PythonVersion: '3' },
          GlueVersion: '5.0',
        })
      );
    }
  });
  afterEach(() => aws.faults.clear());
  afterAll(async () => {
    clients?.destroy();
    await aws?.stop();
  });

  it('hit the calls of an operation by their numbers, counted from when they were set', async () => {
    await getJobs();
    set({ operation: 'glue.GetJobs', calls: ['2-3', 5], fault: 'throttle' });
    const seen = [];
    for (let call = 1; call <= 6; call += 1) seen.push(await codeOf(getJobs()));
    expect(seen).toEqual(['ok', 'ThrottlingException', 'ThrottlingException', 'ok', 'ThrottlingException', 'ok']);
    expect(aws.faults.injected()).toContainEqual({ fault: 'throttle', operation: 'glue.GetJobs', count: 3 });
    expect(lines.filter((line) => /^Fault throttle: glue\.GetJobs, call \d$/.test(line))).toHaveLength(3);
  });

  it('hit only the resources that they name', async () => {
    set({ operation: 'glue.GetJobRuns', where: { JobName: 't*' }, calls: 1, fault: 'server-error' });
    const runs = (JobName: string) => codeOf(clients.glue.send(new GetJobRunsCommand({ JobName })));
    expect([await runs('one'), await runs('two'), await runs('two')]).toEqual(['ok', 'InternalServiceException', 'ok']);
  });

  it('hit every operation’s first call under *', async () => {
    set({ operation: '*', calls: 1, fault: 'server-error' });
    expect(await codeOf(getJobs())).toBe('InternalServiceException');
    expect(await codeOf(getJobs())).toBe('ok');
    expect(await codeOf(clients.glue.send(new GetJobRunsCommand({ JobName: 'one' })))).toBe('InternalServiceException');
    const before = callsOf('s3.GetObject');
    expect(await codeOf(clients.s3.send(new GetObjectCommand({ Bucket: 'shelf', Key: 'a/b' })))).toBe('ok');
    expect(callsOf('s3.GetObject') - before).toBe(2); // the SDK has repeated it
  });

  it('answer in each service’s own words', async () => {
    set(
      { operation: 's3.HeadObject', fault: 'throttle' },
      { operation: 'dynamodb.ListExports', fault: 'token-conflict' },
      { operation: 'redshift-data.ExecuteStatement', fault: 'at-capacity' },
      { operation: 'glue.GetJobs', fault: 'error', code: 'AccessDeniedException', status: 403 }
    );
    const head = clients.s3.send(new HeadObjectCommand({ Bucket: 'shelf', Key: 'a/b' }));
    await expect(head).rejects.toMatchObject({ $metadata: { httpStatusCode: 503 } });
    expect(await codeOf(clients.dynamodb.send(new ListExportsCommand({})))).toBe('ExportConflictException');
    const statement = new ExecuteStatementCommand({ WorkgroupName: 'sluice', Database: 'salesdwh', Sql: 'SELECT 1' });
    expect(await codeOf(clients.redshift.send(statement))).toBe('ActiveStatementsExceededException');
    expect(await codeOf(getJobs())).toBe('AccessDeniedException');
  });

  it('carry an operation out and drop the reply', async () => {
    set({ operation: 'glue.StartJobRun', calls: 1, fault: 'drop-reply' });
    const start = new StartJobRunCommand({ JobName: 'one' });
    expect(await codeOf(clients.glue.send(start))).toMatch(/ECONNRESET|EPIPE/);
    const { JobRuns } = await clients.glue.send(new GetJobRunsCommand({ JobName: 'one' }));
    expect(JobRuns).toHaveLength(1);
  });

  it('leave a call unanswered until its caller gives up, done or not', async () => {
    set({ operation: 's3.PutObject', where: { Key: 'late*' }, calls: 1, fault: 'timeout', carriedOut: true });
    const patience = { abortSignal: AbortSignal.timeout(300) };
    const put = (Key: string) => clients.s3.send(new PutObjectCommand({ Bucket: 'shelf', Key, Body: 'x' }), patience);
    expect(await codeOf(put('late'))).not.toBe('ok');
    set({ operation: 's3.PutObject', where: { Key: 'never*' }, fault: 'timeout', seconds: 0.2 });
    expect(await codeOf(put('never'))).not.toBe('ok');
    aws.faults.clear();
    const has = (Key: string) => codeOf(clients.s3.send(new HeadObjectCommand({ Bucket: 'shelf', Key })));
    expect([await has('late'), await has('never')]).toEqual(['ok', 'NotFound']);
  });

  it('delay a call and carry it out', async () => {
    set({ operation: 'glue.GetJobs', fault: 'delay', seconds: 0.05 });
    expect((await getJobs()).Jobs).toHaveLength(2);
  });

  it.each(['FAILED', 'STOPPED', 'TIMEOUT', 'ERROR', 'EXPIRED'])('end a Glue run %s', async (state) => {
    set({ operation: 'glue.StartJobRun', calls: 1, fault: 'job-ends', state, message: `it was ${state}` });
    const { JobRunId: RunId } = await clients.glue.send(new StartJobRunCommand({ JobName: 'two' }));
    const run = async () => (await clients.glue.send(new GetJobRunCommand({ JobName: 'two', RunId }))).JobRun;
    await expect.poll(async () => (await run())?.JobRunState).toBe(state);
    expect((await run())?.ErrorMessage).toBe(`it was ${state}`);
  });

  it('keep a Glue run waiting and unlisted for a while, and let it be stopped meanwhile', async () => {
    set(
      { operation: 'glue.StartJobRun', calls: 1, fault: 'waiting-job', seconds: 60 },
      { operation: 'glue.StartJobRun', calls: 1, fault: 'hidden-job', seconds: 1 }
    );
    const { JobRunId: RunId = '' } = await clients.glue.send(new StartJobRunCommand({ JobName: 'two' }));
    const stateOf = async () =>
      (await clients.glue.send(new GetJobRunCommand({ JobName: 'two', RunId }))).JobRun?.JobRunState;
    const listed = async () =>
      (await clients.glue.send(new GetJobRunsCommand({ JobName: 'two' }))).JobRuns?.some(({ Id }) => Id === RunId);
    expect(await listed()).toBe(false);
    await expect.poll(stateOf).toBe('WAITING');
    await expect.poll(listed, { timeout: 10_000 }).toBe(true);
    await clients.glue.send(new BatchStopJobRunCommand({ JobName: 'two', JobRunIds: [RunId] }));
    await expect.poll(stateOf).toBe('STOPPED');
  });

  it.each(['FAILED', 'ABORTED'])('end a statement or a batch %s without carrying it out', async (state) => {
    const target = { WorkgroupName: 'sluice', Database: 'salesdwh', WaitTimeSeconds: 10 };
    set(
      { operation: 'redshift-data.ExecuteStatement', calls: 1, fault: 'job-ends', state },
      { operation: 'redshift-data.BatchExecuteStatement', calls: 1, fault: 'job-ends', state }
    );
    const single = new ExecuteStatementCommand({ ...target, Sql: `CREATE TABLE made_${state} (a int)` });
    expect((await clients.redshift.send(single)).Status).toBe(state);
    const batch = new BatchExecuteStatementCommand({
      ...target,
      Sqls: [`CREATE TABLE made_${state} (a int)`, 'SELECT 1'],
    });
    expect((await clients.redshift.send(batch)).Status).toBe(state);
    const again = new ExecuteStatementCommand({ ...target, Sql: `CREATE TABLE made_${state} (a int)` });
    expect((await clients.redshift.send(again)).Status).toBe('FINISHED');
  });

  it('make a statement slow, so that a caller’s wait ends before it', async () => {
    set({ operation: 'redshift-data.ExecuteStatement', fault: 'slow-job', seconds: 2 });
    const target = { WorkgroupName: 'sluice', Database: 'salesdwh', WaitTimeSeconds: 1 };
    const { Status } = await clients.redshift.send(new ExecuteStatementCommand({ ...target, Sql: 'SELECT 1' }));
    expect(Status).toBe('STARTED');
  });

  it('make an export fail, or slow and unlisted', async () => {
    await createSourceTable(clients.dynamodb, 'exported');
    const TableArn = 'arn:aws:dynamodb:us-east-1:000000000000:table/exported';
    const start = async (token: string): Promise<ExportDescription> => {
      const input = { TableArn, S3Bucket: 'shelf', ClientToken: token };
      const { ExportDescription = {} } = await clients.dynamodb.send(new ExportTableToPointInTimeCommand(input));
      return ExportDescription;
    };
    const describe = async ({ ExportArn }: ExportDescription) =>
      (await clients.dynamodb.send(new DescribeExportCommand({ ExportArn }))).ExportDescription;
    set(
      {
        operation: 'dynamodb.ExportTableToPointInTime',
        calls: 1,
        fault: 'job-ends',
        state: 'FAILED',
        message: 'no key',
      },
      { operation: 'dynamodb.ExportTableToPointInTime', calls: 2, fault: 'slow-job', seconds: 1 },
      { operation: 'dynamodb.ExportTableToPointInTime', calls: 2, fault: 'hidden-job', seconds: 1 }
    );
    const failing = await start('failing');
    await expect.poll(async () => (await describe(failing))?.ExportStatus).toBe('FAILED');
    expect((await describe(failing))?.FailureMessage).toBe('no key');
    const slow = await start('slow');
    const listed = async () =>
      (await clients.dynamodb.send(new ListExportsCommand({ TableArn }))).ExportSummaries?.length;
    expect(await listed()).toBe(1);
    expect((await describe(slow))?.ExportStatus).toBe('IN_PROGRESS');
    await setTimeout(1_000);
    await expect.poll(listed).toBe(2);
    await expect.poll(async () => (await describe(slow))?.ExportStatus, { timeout: 20_000 }).toBe('COMPLETED');
  });
});
