import {
  BatchExecuteStatementCommand,
  CancelStatementCommand,
  DescribeStatementCommand,
  DescribeTableCommand,
  ExecuteStatementCommand,
  GetStatementResultCommand,
  ListDatabasesCommand,
  ListSchemasCommand,
  ListSessionsCommand,
  ListStatementsCommand,
  ListTablesCommand,
} from '@aws-sdk/client-redshift-data';
import type { ExecuteStatementInput } from '@aws-sdk/client-redshift-data';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PostgresServer } from '../../../local/redshift/index.js';
import { limitedRedshift, redshiftOnPostgres, target, temporaryPostgres } from './local-redshift.js';
import type { LocalRedshift, RedshiftOnPostgres } from './local-redshift.js';

const unknownId = '00000000-0000-4000-8000-000000000000';
let both: RedshiftOnPostgres;
let redshift: LocalRedshift;
let postgres: PostgresServer;

beforeAll(async () => {
  both = await redshiftOnPostgres();
  ({ postgres, redshift } = both);
});

afterAll(async () => {
  await both.close();
});

function execute(input: Partial<ExecuteStatementInput>): Promise<{ Id?: string; SessionId?: string }> {
  return redshift.client.send(new ExecuteStatementCommand({ Sql: 'SELECT 1', WaitTimeSeconds: 30, ...input }));
}

describe('a request is refused as AWS refuses it', () => {
  it.each<[string, Partial<ExecuteStatementInput>, string]>([
    [
      'without a warehouse',
      { Database: 'salesdwh' },
      'Either ClusterIdentifier, WorkgroupName or SessionId must be provided.',
    ],
    [
      'with two warehouses',
      { ...target, ClusterIdentifier: 'sluice' },
      'Only one of ClusterIdentifier and WorkgroupName',
    ],
    ['for another workgroup', { ...target, WorkgroupName: 'other' }, "Redshift endpoint doesn't exist in this region."],
    ['without a database', { WorkgroupName: 'sluice' }, 'Database name is required.'],
    ['without SQL', { ...target, Sql: ' \n' }, 'SQL statement cannot be empty.'],
    ['with two statements', { ...target, Sql: 'SELECT 1; SELECT 2' }, 'Multiple SQL statements are not allowed'],
    ['with a NUL in it', { ...target, Sql: "SELECT '\0'" }, 'NUL character'],
    [
      'with more than 100 KB of SQL',
      { ...target, Sql: `SELECT '${'x'.repeat(100_000)}'` },
      'SQL statement is too long',
    ],
    ['with a long token', { ...target, ClientToken: 'x'.repeat(65) }, "Value at 'clientToken'"],
    ['with a long wait', { ...target, WaitTimeSeconds: 31 }, "'waitTimeSeconds'"],
    ['with an unknown session', { SessionId: unknownId }, `Session ${unknownId} is not available.`],
  ])('%s', async (_, input, message) => {
    await expect(execute(input)).rejects.toMatchObject({
      name: 'ValidationException',
      message: expect.stringContaining(message),
    });
  });

  it('with more than 40 statements in a batch', async () => {
    const send = (count: number): Promise<unknown> =>
      redshift.client.send(
        new BatchExecuteStatementCommand({ ...target, Sqls: Array<string>(count).fill('SELECT 1') })
      );
    await expect(send(41)).rejects.toMatchObject({
      name: 'ValidationException',
      message: expect.stringContaining("'sqls'"),
    });
    await expect(send(0)).rejects.toMatchObject({ name: 'ValidationException' });
  });

  it('for a statement that is not there, or whose id is none', async () => {
    for (const command of [
      new DescribeStatementCommand({ Id: unknownId }),
      new GetStatementResultCommand({ Id: unknownId }),
      new CancelStatementCommand({ Id: unknownId }),
      new DescribeStatementCommand({ Id: `${(await execute(target)).Id}:1` }),
    ]) {
      await expect(redshift.client.send(command as DescribeStatementCommand)).rejects.toMatchObject({
        name: 'ResourceNotFoundException',
        message: 'Query does not exist.',
        ResourceId: command.input.Id,
      });
    }
    await expect(redshift.client.send(new DescribeStatementCommand({ Id: 'nonsense' }))).rejects.toMatchObject({
      name: 'ValidationException',
      message: expect.stringContaining('id must satisfy regex pattern'),
    });
  });

  it('but a semicolon at the end, a cluster and a secret are fine', async () => {
    const input = {
      ClusterIdentifier: 'sluice',
      Database: 'salesdwh',
      DbUser: 'awsuser',
      SecretArn: 'arn:aws:secret',
      Sql: 'SELECT 1; -- end',
    };
    const { Id } = await execute(input);
    const described = await redshift.client.send(new DescribeStatementCommand({ Id }));
    expect(described).toMatchObject({
      Status: 'FINISHED',
      ClusterIdentifier: 'sluice',
      DbUser: 'awsuser',
      SecretArn: 'arn:aws:secret',
    });
    expect(described.WorkgroupName).toBeUndefined();
  });

  it('and an unknown database fails the statement', async () => {
    const { Id } = await execute({ WorkgroupName: 'sluice', Database: 'nowhere' });
    expect(await redshift.client.send(new DescribeStatementCommand({ Id }))).toMatchObject({
      Status: 'FAILED',
      Error: 'FATAL: database "nowhere" does not exist',
    });
  });
});

describe('ClientToken', () => {
  it('runs a statement once, however often and however close together it is sent', async () => {
    await redshift.run('CREATE TABLE once (a integer)');
    const input = { ...target, Sql: 'INSERT INTO once VALUES (1)', ClientToken: 'once-token' };
    const answers = await Promise.all(Array.from({ length: 10 }, () => execute(input)));
    answers.push(await execute({ ...input, WaitTimeSeconds: undefined }));
    expect(new Set(answers.map(({ Id }) => Id)).size).toBe(1);
    expect(await redshift.rows('SELECT count(*) FROM once')).toEqual([[1]]);
  });

  it('refuses other parameters under the same token', async () => {
    await execute({ ...target, ClientToken: 'taken' });
    const expected = { name: 'ValidationException', message: expect.stringContaining('ClientToken') };
    await expect(execute({ ...target, ClientToken: 'taken', Sql: 'SELECT 2' })).rejects.toMatchObject(expected);
    await expect(execute({ ...target, ClientToken: 'taken', StatementName: 'x' })).rejects.toMatchObject(expected);
    await expect(
      redshift.client.send(new BatchExecuteStatementCommand({ ...target, Sqls: ['SELECT 1'], ClientToken: 'taken' }))
    ).rejects.toMatchObject(expected);
  });
});

describe('limits', () => {
  it('on statements that are not finished', async () => {
    const narrow = await limitedRedshift(postgres.url, { concurrency: 1, activeStatements: 2 });
    const send = (Sql: string): Promise<{ Id?: string }> =>
      narrow.client.send(new ExecuteStatementCommand({ ...target, Sql }));
    try {
      const ids = [(await send('SELECT pg_sleep(120)')).Id, (await send('SELECT 1')).Id];
      await expect(send('SELECT 2')).rejects.toMatchObject({ name: 'ActiveStatementsExceededException' });
      for (const Id of ids) await narrow.client.send(new CancelStatementCommand({ Id }));
      for (const Id of ids) await narrow.client.send(new DescribeStatementCommand({ Id, WaitTimeSeconds: 30 }));
      expect(await narrow.rows('SELECT 2')).toEqual([[2]]);
    } finally {
      await narrow.close();
    }
  });

  it('on requests that wait for the same statement', async () => {
    const narrow = await limitedRedshift(postgres.url, { waitingRequests: 1 });
    try {
      const { Id } = await narrow.client.send(new ExecuteStatementCommand({ ...target, Sql: 'SELECT pg_sleep(120)' }));
      const waiting = [1, 2].map(() => narrow.client.send(new DescribeStatementCommand({ Id, WaitTimeSeconds: 30 })));
      await expect(Promise.race(waiting)).rejects.toMatchObject({ name: 'ActiveWaitingRequestsExceededException' });
      await narrow.client.send(new CancelStatementCommand({ Id }));
      const outcomes = await Promise.allSettled(waiting);
      expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    } finally {
      await narrow.close();
    }
  });

  it('on statements that run at the same time: the others wait their turn', async () => {
    const narrow = await limitedRedshift(postgres.url, { concurrency: 3 });
    try {
      await narrow.run('CREATE TABLE turns (a integer)');
      const ids = await Promise.all(
        Array.from({ length: 40 }, async (_, index) => {
          const Sql = `INSERT INTO turns SELECT ${index} FROM pg_sleep(0.01)`;
          return (await narrow.client.send(new ExecuteStatementCommand({ ...target, Sql }))).Id;
        })
      );
      await Promise.all(ids.map((Id) => narrow.client.send(new DescribeStatementCommand({ Id, WaitTimeSeconds: 30 }))));
      expect(await narrow.rows('SELECT count(DISTINCT a), count(*) FROM turns')).toEqual([[40, 40]]);
    } finally {
      await narrow.close();
    }
  });
});

describe('ListStatements', () => {
  it('shows finished ones by default, newest first, and filters by name, status and page', async () => {
    for (const name of ['list-a', 'list-b', 'list-c']) await execute({ ...target, StatementName: name });
    await execute({ ...target, StatementName: 'list-bad', Sql: 'SELECT 1/0' });
    const names = async (input: object): Promise<(string | undefined)[]> => {
      const { Statements } = await redshift.client.send(new ListStatementsCommand(input));
      return (Statements ?? []).map(({ StatementName }) => StatementName);
    };
    expect((await names({ StatementName: 'list-' })).sort()).toEqual(['list-a', 'list-b', 'list-c']);
    expect(await names({ StatementName: 'list-', Status: 'FAILED' })).toEqual(['list-bad']);
    expect(await names({ StatementName: 'list-', Status: 'ALL' })).toHaveLength(4);
    expect(await names({ StatementName: 'list-', WorkgroupName: 'other' })).toEqual([]);
    const first = await redshift.client.send(new ListStatementsCommand({ StatementName: 'list-', MaxResults: 2 }));
    const second = await redshift.client.send(
      new ListStatementsCommand({ StatementName: 'list-', MaxResults: 2, NextToken: first.NextToken })
    );
    expect([first.Statements?.length, second.Statements?.length, second.NextToken]).toEqual([2, 1, undefined]);
    expect(first.Statements?.[0]).toMatchObject({
      QueryString: 'SELECT 1',
      IsBatchStatement: false,
      Status: 'FINISHED',
    });
    await expect(redshift.client.send(new ListStatementsCommand({ MaxResults: 101 }))).rejects.toMatchObject({
      name: 'ValidationException',
    });
  });
});

describe('the catalog', () => {
  it('lists databases, schemas and tables, and describes a table', async () => {
    await redshift.run('CREATE SCHEMA shop');
    await redshift.run(
      'CREATE TABLE shop.order (orderkey bigint IDENTITY(1,1), price decimal(10,2) NOT NULL DEFAULT 1, name varchar(20))'
    );
    await redshift.run('CREATE VIEW shop.orders AS SELECT orderkey FROM shop.order');
    expect((await redshift.client.send(new ListDatabasesCommand(target))).Databases).toEqual(['salesdwh']);
    const { Schemas } = await redshift.client.send(new ListSchemasCommand(target));
    expect(Schemas).toEqual(['information_schema', 'pg_catalog', 'public', 'shop']);
    expect((await redshift.client.send(new ListSchemasCommand({ ...target, SchemaPattern: 'sh%' }))).Schemas).toEqual([
      'shop',
    ]);
    const tables = { ...target, SchemaPattern: 'shop', TablePattern: 'order%' };
    expect((await redshift.client.send(new ListTablesCommand(tables))).Tables).toEqual([
      { name: 'order', schema: 'shop', type: 'TABLE' },
      { name: 'orders', schema: 'shop', type: 'VIEW' },
    ]);
    const page = await redshift.client.send(new ListTablesCommand({ ...tables, MaxResults: 1 }));
    expect(
      (await redshift.client.send(new ListTablesCommand({ ...tables, NextToken: page.NextToken }))).Tables
    ).toHaveLength(1);
    const described = await redshift.client.send(
      new DescribeTableCommand({ ...target, Schema: 'shop', Table: 'order' })
    );
    expect(described.TableName).toBe('order');
    expect(
      described.ColumnList?.map(({ name, typeName, nullable, precision, scale }) => [
        name,
        typeName,
        nullable,
        precision,
        scale,
      ])
    ).toEqual([
      ['orderkey', 'int8', 0, 19, 0],
      ['price', 'numeric', 0, 10, 2],
      ['name', 'varchar', 1, 20, 0],
    ]);
  });
});

describe('sessions', () => {
  it('keep temporary tables between statements until their time is up', async () => {
    const { SessionId } = await execute({
      ...target,
      Sql: 'CREATE TEMP TABLE mine (a integer)',
      SessionKeepAliveSeconds: 60,
    });
    expect(SessionId).toMatch(/^[0-9a-f-]{36}$/);
    await execute({ SessionId, Sql: 'INSERT INTO mine VALUES (1)' });
    const { Id } = await execute({ SessionId, Sql: 'SELECT a FROM mine' });
    expect(await redshift.client.send(new GetStatementResultCommand({ Id }))).toMatchObject({
      Records: [[{ longValue: 1 }]],
    });
    expect((await redshift.client.send(new ListSessionsCommand({}))).Sessions).toMatchObject([
      { SessionId, Status: 'AVAILABLE', Database: 'salesdwh', WorkgroupName: 'sluice', SessionAliveSeconds: 60 },
    ]);
    await execute({ SessionId, Sql: 'SET statement_timeout TO 50' });
    const slow = await execute({ SessionId, Sql: 'SELECT pg_sleep(120)' });
    expect(await redshift.client.send(new DescribeStatementCommand({ Id: slow.Id }))).toMatchObject({
      Status: 'FAILED',
      Error: 'ERROR: canceling statement due to statement timeout',
    });
    await execute({ SessionId, Sql: 'SET statement_timeout TO 0' });
    const running = await execute({ SessionId, Sql: 'SELECT pg_sleep(120)', WaitTimeSeconds: undefined });
    await expect(execute({ SessionId })).rejects.toMatchObject({
      name: 'ValidationException',
      message: expect.stringContaining('busy'),
    });
    await redshift.client.send(new CancelStatementCommand({ Id: running.Id }));
    await redshift.client.send(new DescribeStatementCommand({ Id: running.Id, WaitTimeSeconds: 30 }));
    await execute({ SessionId, SessionKeepAliveSeconds: 0 });
    await expect
      .poll(async () => (await redshift.client.send(new ListSessionsCommand({}))).Sessions, { timeout: 10_000 })
      .toEqual([]);
    await expect(execute({ SessionId })).rejects.toMatchObject({ name: 'ValidationException' });
  });
});

describe('a warehouse that is away', () => {
  it('fails statements and refuses the catalog, until it is back', async () => {
    const own = await temporaryPostgres();
    const lonely = await limitedRedshift(own.url, {});
    try {
      expect(await lonely.rows('SELECT 1')).toEqual([[1]]);
      const interrupted = lonely.client.send(
        new ExecuteStatementCommand({ ...target, Sql: 'SELECT pg_sleep(120)', WaitTimeSeconds: 30 })
      );
      await expect
        .poll(
          async () =>
            (await lonely.rows("SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%sleep(120)'"))[0]?.[0]
        )
        .toBe(1);
      await own.stop();
      expect(await interrupted).toMatchObject({ Status: 'FAILED' });
      expect(await lonely.run('SELECT 1')).toMatchObject({
        Status: 'FAILED',
        Error: expect.stringContaining('ECONNREFUSED'),
      });
      await expect(lonely.client.send(new ListTablesCommand(target))).rejects.toMatchObject({
        name: 'DatabaseConnectionException',
        message: expect.not.stringContaining('postgres://'),
      });
    } finally {
      await lonely.close();
      await own.stop();
    }
  });
});
