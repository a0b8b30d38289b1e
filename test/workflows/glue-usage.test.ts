import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import { CreateJobCommand, DeleteJobCommand, GetJobRunCommand, StartJobRunCommand } from '@aws-sdk/client-glue';
import type { CreateJobCommandInput } from '@aws-sdk/client-glue';
import { CreateBucketCommand, GetObjectCommand } from '@aws-sdk/client-s3';
import { CreateEmailIdentityCommand } from '@aws-sdk/client-sesv2';
import { CreateTopicCommand } from '@aws-sdk/client-sns';
import { CreateQueueCommand, ReceiveMessageCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { GlueUsagePass } from '../../activities/glue-usage/index.js';
import { defineSchedule } from '../../client/schedules/definition.js';
import { Schedules } from '../../client/schedules/schedules.js';
import { JobFailure } from '../../local/glue/index.js';
import type { JobScript } from '../../local/glue/index.js';
import { provisionUsageTable } from '../../local/environment/provision-usage-table.js';
import { loadConfiguration } from '../../model/configuration.js';
import type { GlueRunRecord } from '../../model/glue-usage/record.js';
import { usageGuardSchema } from '../../model/glue-usage/settings.js';
import { schedulesSchema } from '../../model/schedule.js';
import type { GlueUsageSchedule } from '../../model/schedule.js';
import { startWorker } from '../../workers/index.js';
import type { SluiceWorker } from '../../workers/index.js';
import type { GlueUsageReportResult, GlueUsageStart, glueUsage, glueUsageReport } from '../../workflows/index.js';
import { sluice } from '../client/sluice.js';
import { deployment, startTestAws, startTestTemporal } from './stack.js';
import type { TestAws, TestTemporal } from './stack.js';

const scripts: Readonly<Record<string, JobScript>> = {
  'good.py': () => Promise.resolve(),
  'bad.py': () => Promise.reject(new JobFailure('no such bucket')),
  'hung.py': ({ signal }) =>
    new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('stopped')))),
};

/** Milliseconds of a minute of a job's timeout. */
const minuteMs = 300;

describe('the Glue usage guard', () => {
  const taskQueue = 'glue-usage';
  const runIds: Record<string, string> = {};
  let aws: TestAws;
  let temporal: TestTemporal;
  let worker: SluiceWorker;
  let running: Promise<void>;
  let start: GlueUsageStart;
  let queueUrl = '';
  let folder: string;

  const event = (job: string, runId: string, state: string): string =>
    JSON.stringify({
      version: '0',
      'detail-type': 'Glue Job State Change',
      source: 'aws.glue',
      time: new Date().toISOString(),
      detail: { jobName: job, jobRunId: runId, state, message: 'made by hand' },
    });
  const send = (MessageBody: string) =>
    aws.clients.sqs.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody }));
  const published = async (): Promise<{ subject: string; message: string }[]> => {
    const text = await readFile(join(aws.folder, 'sns', 'messages.jsonl'), 'utf8').catch(() => '');
    return text.split('\n').flatMap((line) => (line ? [JSON.parse(line) as { subject: string; message: string }] : []));
  };
  const mails = async (): Promise<{ from: string; to: string[]; subject: string; html: string; text: string }[]> => {
    const text = await readFile(join(aws.folder, 'ses', 'messages.jsonl'), 'utf8').catch(() => '');
    return text.split('\n').flatMap((line) => (line ? [JSON.parse(line) as never] : []));
  };
  const eventBridge = async (operation: string, body: object): Promise<void> => {
    const response = await fetch(aws.env['AWS_ENDPOINT_URL'] ?? '', {
      method: 'POST',
      headers: {
        'Content-Type': 'application/x-amz-json-1.1',
        'X-Amz-Target': `AWSEvents.${operation}`,
        Authorization: 'AWS4-HMAC-SHA256 Credential=test/20260301/us-east-1/events/aws4_request',
      },
      body: JSON.stringify(body),
    });
    expect({ operation, status: response.status }).toEqual({ operation, status: 200 });
  };
  /** Makes a job and starts it. */
  const runJob = async (Name: string, job: Partial<CreateJobCommandInput>, script = 'good.py'): Promise<void> => {
    const Command = { Name: 'glueetl', ScriptLocation: `s3://scripts/${script}`, ...job.Command };
    const capacity = { WorkerType: 'G.1X', NumberOfWorkers: 2, GlueVersion: '5.0' } as const;
    await aws.clients.glue.send(new CreateJobCommand({ Role: 'role', ...capacity, ...job, Name, Command }));
    const { JobRunId = '' } = await aws.clients.glue.send(new StartJobRunCommand({ JobName: Name }));
    runIds[Name] = JobRunId;
  };
  const ended = async (JobName: string): Promise<string> => {
    const command = new GetJobRunCommand({ JobName, RunId: runIds[JobName] ?? '' });
    const { JobRun } = await aws.clients.glue.send(command);
    return JobRun?.JobRunState ?? '';
  };
  const watch = async (id: string): Promise<GlueUsagePass> =>
    await temporal.client.workflow.execute<typeof glueUsage>('glueUsage', {
      workflowId: `glueUsage-${id}`,
      taskQueue,
      args: [start],
    });

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-glue-usage-'));
    [aws, temporal] = await Promise.all([startTestAws({ scripts, minuteMs }), startTestTemporal()]);
    const { s3, sns, sqs, dynamodb, glue } = aws.clients;
    await s3.send(new CreateBucketCommand({ Bucket: deployment.buckets.quality }));
    const { TopicArn = '' } = await sns.send(new CreateTopicCommand({ Name: 'alerts' }));
    queueUrl = (await sqs.send(new CreateQueueCommand({ QueueName: 'glue-events' }))).QueueUrl ?? '';
    const pattern = {
      source: ['aws.glue'],
      'detail-type': ['Glue Job State Change'],
      detail: { state: ['SUCCEEDED', 'FAILED', 'TIMEOUT', 'STOPPED'] },
    };
    await eventBridge('PutRule', { Name: 'glue', EventPattern: JSON.stringify(pattern) });
    const Arn = 'arn:aws:sqs:us-east-1:000000000000:glue-events';
    await eventBridge('PutTargets', { Rule: 'glue', Targets: [{ Id: 'queue', Arn }] });
    const guard = usageGuardSchema.parse({
      workers: 2,
      emails: ['data@example.com'],
      from: 'sluice@example.com',
      queueUrl,
    });
    await provisionUsageTable(dynamodb, guard.table);
    start = { guard, deployment: { buckets: deployment.buckets, notifications: { topicArn: TopicArn } } };
    worker = await startWorker({
      configuration: { taskQueue },
      env: { ...aws.env, ...temporal.env },
      logLevel: 'silent',
    });
    running = worker.run();

    await runJob('within', {});
    await runJob('big', { NumberOfWorkers: 3 });
    await runJob('broken', { NumberOfWorkers: 3 }, 'bad.py');
    await runJob('hung', { Timeout: 1 }, 'hung.py');
    await runJob('quiet', { Tags: { remediate: 'false' } }, 'bad.py');
    await runJob('deleted', {}, 'bad.py');
    await runJob(
      'shell',
      { Command: { Name: 'pythonshell' }, MaxCapacity: 1, WorkerType: undefined, NumberOfWorkers: undefined },
      'bad.py'
    );
    for (const job of Object.keys(runIds)) {
      while (!/SUCCEEDED|FAILED|TIMEOUT/.test(await ended(job))) await setTimeout(50);
    }
    await glue.send(new DeleteJobCommand({ JobName: 'deleted' }));
  });
  afterAll(async () => {
    worker?.shutdown();
    await running;
    await temporal?.stop();
    await aws?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('records every run once, by events and by looking, and tells once of those that failed or passed a limit', async () => {
    // Events come at least once; one is of a run that Glue no longer knows; others are none of ours.
    await send(event('broken', runIds['broken'] ?? '', 'FAILED'));
    await send(event('broken', runIds['broken'] ?? '', 'FAILED'));
    await send(event('vanished', 'jr_vanished', 'TIMEOUT'));
    await send(event('vanished', 'jr_vanished', 'TIMEOUT'));
    await send('{"detail-type": "something else"}');
    await send('not JSON');
    const first = await watch('1');
    // Seven runs of Glue have put an event on the queue by themselves.
    expect(first).toEqual({ jobs: 5, recorded: 7, alerted: 5, events: 11, ignored: 2, unsupported: ['shell'] });
    const subjects = (await published()).map(({ subject }) => subject).sort();
    expect(subjects).toEqual([
      'Glue job big used more than its limit',
      'Glue job broken failed',
      'Glue job deleted failed',
      'Glue job hung timed out',
      'Glue job vanished timed out',
    ]);
    const broken = (await published()).find(({ subject }) => subject.includes('broken'))?.message;
    for (const part of [
      'Job         broken',
      `Run         ${runIds['broken']}`,
      'Reason      it ended FAILED; it had 3 workers, more than 2',
      'Message     no such bucket',
      `/gluestudio/home?region=us-east-1#/job/broken/run/${runIds['broken']}`,
    ]) {
      expect(broken).toContain(part);
    }
    await send(event('broken', runIds['broken'] ?? '', 'FAILED'));
    expect(await watch('2')).toMatchObject({ recorded: 0, alerted: 0, events: 1 });
    expect(await published()).toHaveLength(5);
    const left = await aws.clients.sqs.send(new ReceiveMessageCommand({ QueueUrl: queueUrl, VisibilityTimeout: 0 }));
    expect(left.Messages).toBeUndefined();
  });

  it('keeps records that expire, under the names of the job tracker', async () => {
    const { JobRun } = await aws.clients.glue.send(
      new GetJobRunCommand({ JobName: 'big', RunId: runIds['big'] ?? '' })
    );
    const id = `${runIds['big']}_${JobRun?.StartedOn?.toISOString()}`;
    const { Item } = await aws.clients.dynamodb.send(
      new GetItemCommand({ TableName: start.guard.table, Key: { glue_id: { S: id } } })
    );
    expect(Item).toMatchObject({
      job_name: { S: 'big' },
      job_run_id: { S: runIds['big'] },
      job_state: { S: 'SUCCEEDED' },
      num_workers: { N: '3' },
      worker_type: { S: 'G.1X' },
      job_version: { S: '5.0' },
      exec_class: { S: 'STANDARD' },
      run_attempt: { N: '0' },
      verdict: { S: 'flagged' },
      is_autoscaled: { BOOL: false },
    });
    const expires = Number(Item?.['ttl']?.N) - Math.floor((JobRun?.CompletedOn?.getTime() ?? 0) / 1000);
    expect(expires).toBe(14 * 86_400);
  });

  it('reports the week as a page in S3 and by e-mail, once, from an address that SES has verified', async () => {
    const due = `${new Date(Date.now() + 3_600_000).toISOString().slice(0, 19)}Z`;
    const report = (): Promise<GlueUsageReportResult> =>
      temporal.client.workflow.execute<typeof glueUsageReport>('glueUsageReport', {
        workflowId: `glueUsageReport-weekly-${due}`,
        taskQueue,
        args: [start],
      });
    const refused = await report().catch((error: Error) =>
      JSON.stringify([error, error.cause, (error.cause as Error).cause])
    );
    expect(refused).toContain('Email address is not verified');
    expect(await mails()).toEqual([]);

    await aws.clients.ses.send(new CreateEmailIdentityCommand({ EmailIdentity: 'sluice@example.com' }));
    const result = await report();
    expect(result).toMatchObject({ runs: 7, recipients: 1, to: due.replace('Z', '.000Z') });
    expect(Date.parse(result.to) - Date.parse(result.from)).toBe(7 * 86_400_000);
    const [mail, ...others] = await mails();
    expect(others).toEqual([]);
    expect(mail).toMatchObject({ from: 'sluice@example.com', to: ['data@example.com'] });
    expect(mail?.subject).toContain('7 runs');
    expect(mail?.text).toMatch(/^broken +0 +1 +0 +0$/m);
    const [, Bucket = '', Key = ''] = /^s3:\/\/([^/]+)\/(.+)$/.exec(result.uri) ?? [];
    const { Body } = await aws.clients.s3.send(new GetObjectCommand({ Bucket, Key }));
    expect(await Body?.transformToString()).toBe(mail?.html);

    expect(await report()).toMatchObject({ recipients: 1 });
    expect(await mails()).toHaveLength(1);
  });

  it('is a schedule of its own, which apply leaves alone once it is as declared', async () => {
    const [watching, weekly] = schedulesSchema.parse([
      { name: 'glue', cron: '*/15 * * * *', glueUsage: 'watch' },
      { name: 'weekly', cron: '0 8 * * MON', glueUsage: 'report' },
    ]) as GlueUsageSchedule[];
    const planned = [watching, weekly].flatMap((declaration) =>
      declaration === undefined ? [] : [{ declaration, guard: start.guard }]
    );
    const actions = planned.map((one) => defineSchedule(one, deployment, taskQueue).action);
    expect(actions.map(({ workflowType, workflowId }) => [workflowType, workflowId])).toEqual([
      ['glueUsage', 'glueUsage-glue'],
      ['glueUsageReport', 'glueUsageReport-weekly'],
    ]);
    const env = { ...temporal.env };
    const schedules = await Schedules.connect({ ...loadConfiguration({ env: {} }), taskQueue }, env);
    try {
      expect((await schedules.apply(planned)).map(({ outcome }) => outcome)).toEqual(['created', 'created']);
      expect((await schedules.apply(planned)).map(({ outcome }) => outcome)).toEqual(['unchanged', 'unchanged']);
      const stricter = planned.map((one) => ({ ...one, guard: { ...one.guard, workers: 1 } }));
      const [changed] = await schedules.apply(stricter);
      expect(changed?.changes.map(({ field }) => field)).toEqual(['usage guard']);
    } finally {
      for (const name of ['glue', 'weekly']) await temporal.client.schedule.getHandle(`sluice-${name}`).delete();
      await schedules.close();
    }
    expect(() => schedulesSchema.parse([{ name: 'both', glueUsage: 'watch', mode: 'full' }])).toThrow(/usage of Glue/);
  });

  it('is shown by sluice glue-usage: runs and the report as a file', async () => {
    const env = Object.fromEntries(Object.entries(aws.env).map(([name, value]) => [name, value ?? '']));
    const { document, code } = await sluice(['glue-usage', 'runs', '--flagged', '--json'], { env });
    const { runs } = document as { runs: (GlueRunRecord & { link: string })[] };
    expect(code).toBe(0);
    expect(runs.map(({ job }) => job).sort()).toEqual(['big', 'broken', 'deleted', 'hung', 'quiet', 'vanished']);
    expect(runs.find(({ job }) => job === 'quiet')).toMatchObject({ optedOut: true, verdict: 'failed' });
    expect(runs.find(({ job }) => job === 'quiet')?.alertedAt).toBeUndefined();
    const out = join(folder, 'report.html');
    const reported = await sluice(['glue-usage', 'report', '--out', out, '--json'], { env });
    expect(reported.document).toMatchObject({ runs: 7, file: out });
    expect(await readFile(out, 'utf8')).toContain('Standard and Flex');

    const config = join(folder, 'sluice.yaml');
    await writeFile(config, 'usageGuard: { table: no-such-table }\n');
    const refused = await sluice(['glue-usage', 'runs', '--config', config, '--json'], { env });
    expect([refused.code, JSON.stringify(refused.document)]).toEqual([2, expect.stringContaining('no-such-table')]);
  });
});
