import { DescribeStatementCommand, ListStatementsCommand } from '@aws-sdk/client-redshift-data';
import { CancelledFailure } from '@temporalio/activity';
import { ActivityCancellationDetails } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Activities } from '../../activities/index.js';
import { createActivities } from '../../activities/index.js';
import { WarehouseQuery } from '../../client/warehouse-query.js';
import { readRows } from '../../activities/redshift-results.js';
import { deployment, startTestAws } from '../workflows/stack.js';
import type { TestAws } from '../workflows/stack.js';
import { activityEnvironment, runActivity, unusedTemporal } from './activity-environment.js';
import { step } from './source-table.js';

const target = deployment.redshift;

describe('the warehouse', () => {
  let aws: TestAws;
  let activities: Activities;
  beforeAll(async () => {
    aws = await startTestAws();
    activities = createActivities({ ...aws.clients, temporal: unusedTemporal });
  });
  afterAll(async () => aws?.stop());

  const start = async (name: string, sqls: readonly string[], parameters?: Record<string, string>) => {
    const input = { ...step(name), target, transactions: [{ step: name, sqls, parameters }] };
    const [started] = await runActivity(activities.startStatements, input);
    if (started === undefined) throw new Error('nothing was started');
    return started;
  };
  const stateOf = async (Id: string) => (await aws.clients.redshift.send(new DescribeStatementCommand({ Id }))).Status;

  const secretArn = 'arn:aws:secretsmanager:us-east-1:000000000000:secret:warehouse-AbCdEf';
  it.each([
    ['a workgroup, as itself', { workgroup: 'sluice' }, { WorkgroupName: 'sluice' }],
    ['a workgroup, by a secret', { workgroup: 'sluice', secretArn }, { WorkgroupName: 'sluice', SecretArn: secretArn }],
    ['a cluster, as itself', { cluster: 'sluice' }, { ClusterIdentifier: 'sluice' }],
    [
      'a cluster, as a user',
      { cluster: 'sluice', dbUser: 'loader' },
      { ClusterIdentifier: 'sluice', DbUser: 'loader' },
    ],
    ['a cluster, by a secret', { cluster: 'sluice', secretArn }, { ClusterIdentifier: 'sluice', SecretArn: secretArn }],
  ])('logs in to %s, from activities and from commands alike', async (name, login, expected) => {
    const to = { ...login, database: 'salesdwh' };
    const { redshift } = aws.clients;
    const described = async (Id = ''): Promise<object> => {
      const answer = await redshift.send(new DescribeStatementCommand({ Id }));
      const { WorkgroupName, ClusterIdentifier, Database, DbUser, SecretArn, Status } = answer;
      return { WorkgroupName, ClusterIdentifier, Database, DbUser, SecretArn, Status };
    };
    const all = { Database: 'salesdwh', Status: 'FINISHED', ...expected };
    for (const sqls of [['SELECT 1'], ['SELECT 1', 'SELECT 2']]) {
      const named = `${name} ${sqls.length}`;
      const input = { ...step(named), target: to, transactions: [{ step: named, sqls }] };
      const [started] = await runActivity(activities.startStatements, input);
      expect(await described(started?.statementId)).toEqual(all);
    }
    const warehouse = new WarehouseQuery(redshift, to);
    await warehouse.query('SELECT 1 AS of_a_command');
    await warehouse.transaction(['SELECT 1 AS of_a_command', 'SELECT 2']);
    const { Statements = [] } = await redshift.send(new ListStatementsCommand({ Status: 'ALL', MaxResults: 100 }));
    const own = Statements.filter(({ StatementName }) => StatementName === undefined).slice(0, 2);
    expect(own).toHaveLength(2);
    for (const { Id } of own) expect(await described(Id)).toEqual(all);
  });

  it('ends a short statement within its start, with bound parameters', async () => {
    const started = await start('short', ['SELECT :a AS a, :b AS b'], { a: 'x', b: "y'; DROP TABLE t" });
    expect(started.state).toBe('finished');
    expect(await readRows(aws.clients.redshift, started.statementId)).toEqual([{ a: 'x', b: "y'; DROP TABLE t" }]);
  });

  it('answers a repeated start with the statement that is there', async () => {
    await start('once table', ['CREATE TABLE IF NOT EXISTS once (n integer)']);
    const first = await start('once', ['INSERT INTO once VALUES (1)']);
    expect(await start('once', ['INSERT INTO once VALUES (1)'])).toEqual(first);
    const counted = await start('once count', ['SELECT count(*) AS n FROM once']);
    expect(await readRows(aws.clients.redshift, counted.statementId)).toEqual([{ n: 1 }]);
  });

  it('runs several statements as one transaction', async () => {
    const sqls = ['CREATE TABLE half (n integer)', 'INSERT INTO half VALUES (1)', 'SELECT * FROM does_not_exist'];
    expect(await start('half', sqls)).toMatchObject({
      state: 'failed',
      failure: {
        type: 'Permanent',
        message: expect.stringMatching(/^test: half, Redshift statement .*: ended FAILED.*does_not_exist/),
      },
    });
    expect((await start('half count', ['SELECT count(*) FROM half'])).failure?.message).toMatch(/half/);
  });

  it('tells what became of each when one of several fails', async () => {
    const transactions = [
      { step: 'good', sqls: ['SELECT 1'] },
      { step: 'bad', sqls: ['SELECT nonsense'] },
    ];
    const started = await runActivity(activities.startStatements, { ...step('several'), target, transactions });
    expect(started.map(({ state }) => state)).toEqual(['finished', 'failed']);
  });

  it('refuses an empty parameter, which the Data API cannot bind', async () => {
    await expect(start('empty', ['SELECT :a'], { a: '' })).rejects.toThrow(/parameter a is empty/);
  });

  it('keeps values out of error messages', async () => {
    const { failure } = await start('values', ["SELECT CAST('Jane Doe' AS integer)"]);
    expect(failure).toMatchObject({ type: 'Permanent', message: expect.not.stringContaining('Jane') });
  });

  it('waits for a long statement by long polling', async () => {
    const started = await start('long', ['SELECT pg_sleep(12)']);
    expect(started.state).toBe('running');
    const before = aws.calls()['redshift-data.DescribeStatement'] ?? 0;
    await runActivity(activities.waitStatement, { ...step('long'), ...started });
    expect(await stateOf(started.statementId)).toBe('FINISHED');
    expect((aws.calls()['redshift-data.DescribeStatement'] ?? 0) - before).toBeLessThanOrEqual(2);
  });

  it('cancels the statement when a person cancels, and leaves it when the worker shuts down', async () => {
    const started = await start('endless', ['SELECT pg_sleep(300)']);
    const input = { ...step('endless'), ...started };

    const shutDown = activityEnvironment();
    const left = runActivity(activities.waitStatement, input, shutDown);
    shutDown.cancel('WORKER_SHUTDOWN', new ActivityCancellationDetails({ workerShutdown: true }));
    await expect(left).rejects.toThrow(CancelledFailure);
    expect(await stateOf(started.statementId)).toBe('STARTED');

    const cancelled = activityEnvironment();
    const stopped = runActivity(activities.waitStatement, input, cancelled);
    cancelled.cancel('CANCELLED', new ActivityCancellationDetails({ cancelRequested: true }));
    await expect(stopped).rejects.toThrow(CancelledFailure);
    expect(await stateOf(started.statementId)).toBe('ABORTED');
    expect((await start('endless', ['SELECT pg_sleep(300)'])).failure?.message).toMatch(
      /ended ABORTED.*outside Sluice/
    );
  });

  it('counts rows of tables and unknown members in one transaction', async () => {
    const counts = await runActivity(activities.readCounts, {
      ...step('counts'),
      target,
      counts: [
        { table: 'dwh.order', sql: 'SELECT count(*) FROM (SELECT 1 UNION ALL SELECT 2) AS t' },
        { table: "dwh.it's", sql: 'SELECT 0' },
      ],
      unknownMembers: {
        name: 'unknown members',
        sql: `SELECT 'order' AS fact, 'product' AS dimension, CAST(5 AS bigint) AS "rows"`,
      },
    });
    expect(counts).toEqual({
      tables: { 'dwh.order': 2, "dwh.it's": 0 },
      unknownMembers: [{ fact: 'order', dimension: 'product', rows: 5 }],
    });
  });

  it('reads every page of a result', async () => {
    const many = `SELECT n, repeat('x', 2000) AS filler FROM generate_series(1, 3000) AS t(n)`;
    const { statementId } = await start('many', [many]);
    const rows = await readRows(aws.clients.redshift, statementId);
    expect(rows).toHaveLength(3000);
    expect(rows.at(-1)).toMatchObject({ n: 3000 });
  });
});
