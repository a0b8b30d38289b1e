import {
  BatchGetJobsCommand,
  CreateJobCommand,
  DeleteJobCommand,
  GetConnectionCommand,
  GetConnectionsCommand,
  GetJobCommand,
  GetJobRunsCommand,
  GetJobsCommand,
  GetTagsCommand,
  ListJobsCommand,
  StartJobRunCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateJobCommand,
} from '@aws-sdk/client-glue';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createJob, startLocalGlue, temporaryFolder } from './local-glue.js';
import type { LocalGlue } from './local-glue.js';

describe('Glue job definitions', () => {
  const place = { folder: '', remove: async () => {} };
  let local: LocalGlue;

  beforeAll(async () => {
    Object.assign(place, await temporaryFolder());
    local = await startLocalGlue(place.folder, {
      connections: { warehouse: 'postgres://u:secret@127.0.0.1:5433/salesdwh' },
    });
  });
  afterAll(async () => {
    await local.close();
    await place.remove();
  });

  it('keeps a definition with the defaults of AWS and gives its times as dates', async () => {
    await createJob(local.glue, 'first', 'land.py', { DefaultArguments: { '--a': '1' }, Tags: { team: 'data' } });
    const { Job } = await local.glue.send(new GetJobCommand({ JobName: 'first' }));
    expect(Job).toMatchObject({
      Name: 'first',
      Command: { Name: 'glueetl', ScriptLocation: 's3://sluice-assets/glue/land.py', PythonVersion: '3' },
      DefaultArguments: { '--a': '1' },
      ExecutionProperty: { MaxConcurrentRuns: 1 },
      MaxRetries: 0,
      Timeout: 480,
      WorkerType: 'G.1X',
    });
    expect(Job?.CreatedOn).toBeInstanceOf(Date);
    expect(Job).not.toHaveProperty('Tags');
  });

  it('takes the same definition twice, and refuses another one under the same name', async () => {
    await createJob(local.glue, 'twice', 'land.py');
    await expect(createJob(local.glue, 'twice', 'land.py')).resolves.toBe('twice');
    await expect(createJob(local.glue, 'twice', 'land.py', { Timeout: 5 })).rejects.toMatchObject({
      name: 'IdempotentParameterMismatchException',
    });
  });

  it('replaces a definition as a whole, keeping when it was created', async () => {
    await createJob(local.glue, 'changed', 'land.py', { Description: 'old', Timeout: 7 });
    const before = await local.glue.send(new GetJobCommand({ JobName: 'changed' }));
    const JobUpdate = { Role: 'r', Command: { Name: 'glueetl', ScriptLocation: 's3://b/other.py' } };
    await local.glue.send(new UpdateJobCommand({ JobName: 'changed', JobUpdate }));
    const after = await local.glue.send(new GetJobCommand({ JobName: 'changed' }));
    expect(after.Job).toMatchObject({ Role: 'r', Timeout: 480, Command: { ScriptLocation: 's3://b/other.py' } });
    expect(after.Job?.Description).toBeUndefined();
    expect(after.Job?.CreatedOn).toEqual(before.Job?.CreatedOn);
  });

  it('pages names in order and selects by tag', async () => {
    for (const name of ['p1', 'p2', 'p3']) await createJob(local.glue, name, 'land.py', { Tags: { page: 'yes' } });
    const one = await local.glue.send(new ListJobsCommand({ Tags: { page: 'yes' }, MaxResults: 2 }));
    expect(one.JobNames).toEqual(['p1', 'p2']);
    const two = await local.glue.send(
      new ListJobsCommand({ Tags: { page: 'yes' }, MaxResults: 2, NextToken: one.NextToken })
    );
    expect(two).toMatchObject({ JobNames: ['p3'] });
    expect(two.NextToken).toBeUndefined();
    const all = await local.glue.send(new GetJobsCommand({}));
    expect(all.Jobs?.map((job) => job.Name)).toEqual(expect.arrayContaining(['p1', 'p2', 'p3']));
    const some = await local.glue.send(new BatchGetJobsCommand({ JobNames: ['p1', 'nobody'] }));
    expect(some.JobsNotFound).toEqual(['nobody']);
    expect(some.Jobs?.map((job) => job.Name)).toEqual(['p1']);
  });

  it('deletes a job once and for all, without complaint when it is gone', async () => {
    await createJob(local.glue, 'gone', 'land.py');
    for (let time = 0; time < 2; time++) {
      await expect(local.glue.send(new DeleteJobCommand({ JobName: 'gone' }))).resolves.toMatchObject({
        JobName: 'gone',
      });
    }
    await expect(local.glue.send(new GetJobCommand({ JobName: 'gone' }))).rejects.toMatchObject({
      name: 'EntityNotFoundException',
    });
  });

  it('keeps tags of a job', async () => {
    await createJob(local.glue, 'tagged', 'land.py', { Tags: { a: '1' } });
    const ResourceArn = 'arn:aws:glue:us-east-1:000000000000:job/tagged';
    await local.glue.send(new TagResourceCommand({ ResourceArn, TagsToAdd: { b: '2' } }));
    await local.glue.send(new UntagResourceCommand({ ResourceArn, TagsToRemove: ['a'] }));
    await expect(local.glue.send(new GetTagsCommand({ ResourceArn }))).resolves.toMatchObject({ Tags: { b: '2' } });
  });

  it('shows connections without their password', async () => {
    const { Connection } = await local.glue.send(new GetConnectionCommand({ Name: 'warehouse' }));
    expect(Connection).toMatchObject({
      Name: 'warehouse',
      ConnectionProperties: { JDBC_CONNECTION_URL: 'jdbc:postgresql://127.0.0.1:5433/salesdwh', USERNAME: 'u' },
    });
    const list = await local.glue.send(new GetConnectionsCommand({}));
    expect(list.ConnectionList?.map((connection) => connection.Name)).toEqual(['warehouse']);
    expect(JSON.stringify([Connection, list])).not.toContain('secret');
  });

  const command = { Name: 'glueetl', ScriptLocation: 's3://b/land.py' };
  const refused: [string, () => Promise<unknown>, string][] = [
    ['a job that is not there', () => local.glue.send(new GetJobCommand({ JobName: 'no' })), 'EntityNotFoundException'],
    ['a run of no job', () => local.glue.send(new StartJobRunCommand({ JobName: 'no' })), 'EntityNotFoundException'],
    ['runs of no job', () => local.glue.send(new GetJobRunsCommand({ JobName: 'no' })), 'EntityNotFoundException'],
    ['no connection', () => local.glue.send(new GetConnectionCommand({ Name: 'no' })), 'EntityNotFoundException'],
    ['no resource', () => local.glue.send(new GetTagsCommand({ ResourceArn: 'arn:x' })), 'EntityNotFoundException'],
    ['a false token', () => local.glue.send(new GetJobsCommand({ NextToken: 'xx' })), 'InvalidInputException'],
    ['an empty name', () => local.glue.send(new GetJobCommand({ JobName: '' })), 'ValidationException'],
    [
      'no command',
      () => local.glue.send(new CreateJobCommand({ Name: 'x', Role: 'r', Command: undefined })),
      'ValidationException',
    ],
    [
      'two kinds of capacity',
      () => createJob(local.glue, 'x', 'land.py', { MaxCapacity: 2, WorkerType: 'G.1X', NumberOfWorkers: 2 }),
      'InvalidInputException',
    ],
    [
      'a type without a number',
      () => createJob(local.glue, 'x', 'land.py', { WorkerType: 'G.1X' }),
      'InvalidInputException',
    ],
    [
      'retries of queued runs',
      () => createJob(local.glue, 'x', 'land.py', { JobRunQueuingEnabled: true, MaxRetries: 1 }),
      'InvalidInputException',
    ],
    [
      'an unknown kind of job',
      () => local.glue.send(new CreateJobCommand({ Name: 'x', Role: 'r', Command: { ...command, Name: 'fortran' } })),
      'InvalidInputException',
    ],
  ];
  it.each(refused)('refuses %s', async (_, call, name) => {
    await expect(call()).rejects.toMatchObject({ name });
  });
});
