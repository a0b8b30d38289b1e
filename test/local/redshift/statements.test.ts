import {
  BatchExecuteStatementCommand,
  CancelStatementCommand,
  DescribeStatementCommand,
  ExecuteStatementCommand,
  GetStatementResultCommand,
  GetStatementResultV2Command,
} from '@aws-sdk/client-redshift-data';
import type { BatchExecuteStatementInput, DescribeStatementCommandOutput, Field } from '@aws-sdk/client-redshift-data';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PostgresServer } from '../../../local/redshift/index.js';
import { limitedRedshift, plain, redshiftOnPostgres, target } from './local-redshift.js';
import type { LocalRedshift, RedshiftOnPostgres } from './local-redshift.js';

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

async function batch(
  sqls: string[],
  more: Partial<BatchExecuteStatementInput> = {}
): Promise<DescribeStatementCommandOutput> {
  const { Id } = await redshift.client.send(
    new BatchExecuteStatementCommand({ ...target, Sqls: sqls, WaitTimeSeconds: 30, ...more })
  );
  return redshift.client.send(new DescribeStatementCommand({ Id }));
}

/** Waits until the statement runs in its backend. */
async function started(id: string | undefined): Promise<void> {
  for (;;) {
    const { Status } = await redshift.client.send(new DescribeStatementCommand({ Id: id }));
    if (Status === 'STARTED') return;
    expect(['SUBMITTED', 'PICKED']).toContain(Status);
  }
}

describe('ExecuteStatement and DescribeStatement', () => {
  it('answer at once, and the statement goes on', async () => {
    const accepted = await redshift.client.send(
      new ExecuteStatementCommand({ ...target, Sql: 'SELECT 1 AS one, pg_sleep(0.2)', StatementName: 'first' })
    );
    expect(accepted.Id).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect(accepted).toMatchObject({ WorkgroupName: 'sluice', Database: 'salesdwh' });
    expect(accepted).not.toHaveProperty('Status');
    expect(accepted.CreatedAt).toBeInstanceOf(Date);
    await expect(redshift.client.send(new GetStatementResultCommand({ Id: accepted.Id }))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
      message: 'Query does not have result. Please check query status with DescribeStatement.',
    });
    const ended = await redshift.client.send(new DescribeStatementCommand({ Id: accepted.Id, WaitTimeSeconds: 30 }));
    expect(ended).toMatchObject({
      Id: accepted.Id,
      Status: 'FINISHED',
      HasResultSet: true,
      ResultRows: 1,
      ResultFormat: 'JSON',
      QueryString: 'SELECT 1 AS one, pg_sleep(0.2)',
    });
    expect(ended.Duration).toBeGreaterThan(200_000_000);
    expect(ended.RedshiftPid).toBeGreaterThan(0);
    expect(ended.RedshiftQueryId).toBeGreaterThan(0);
    expect(ended.UpdatedAt?.getTime()).toBeGreaterThanOrEqual(accepted.CreatedAt?.getTime() ?? Infinity);
  });

  it('tell with WaitTimeSeconds how it ended', async () => {
    const done = await redshift.client.send(
      new ExecuteStatementCommand({ ...target, Sql: 'SELECT 1', WaitTimeSeconds: 30 })
    );
    expect(done).toMatchObject({ Status: 'FINISHED', HasResultSet: true });
    expect(done.RedshiftPid).toBeGreaterThan(0);
    const early = await redshift.client.send(
      new ExecuteStatementCommand({ ...target, Sql: 'SELECT pg_sleep(30)', WaitTimeSeconds: 1 })
    );
    expect(early.Status).toBe('STARTED');
    await redshift.client.send(new CancelStatementCommand({ Id: early.Id }));
  });

  it('count affected rows, and report failures in the words of the engine without row data', async () => {
    expect(await redshift.run('CREATE TABLE rows_of (a integer NOT NULL, secret varchar(50))')).toMatchObject({
      Status: 'FINISHED',
      HasResultSet: false,
      ResultRows: 0,
    });
    expect(await redshift.run("INSERT INTO rows_of VALUES (1, 'x'), (2, 'y')")).toMatchObject({ ResultRows: 2 });
    expect(await redshift.run('SELECT * FROM nowhere')).toMatchObject({
      Status: 'FAILED',
      Error: 'ERROR: relation "nowhere" does not exist',
      HasResultSet: false,
      ResultRows: -1,
      ResultSize: -1,
    });
    const failed = await redshift.run("INSERT INTO rows_of (secret) VALUES ('classified')");
    expect(failed.Error).toBe('ERROR: Cannot insert a NULL value into column a');
    expect(await redshift.run("SELECT 'unfinished")).toMatchObject({
      Status: 'FAILED',
      Error: 'ERROR: unterminated quoted string at line 1',
    });
    expect(await redshift.run('SELECT a FROM rows_of ON CONFLICT')).toMatchObject({
      Error: 'ERROR: syntax error at or near "CONFLICT"',
    });
  });

  it('give each statement a session of its own', async () => {
    await redshift.run('CREATE TEMP TABLE mine (a int)');
    await redshift.run("SET search_path TO 'elsewhere'");
    await redshift.run('BEGIN');
    for (let index = 0; index < 3; index += 1) {
      expect((await redshift.run('SELECT * FROM mine')).Error).toBe('ERROR: relation "mine" does not exist');
      expect(await redshift.rows("SELECT current_setting('search_path')")).toEqual([['"$user", public']]);
    }
  });
});

describe('GetStatementResult', () => {
  it('types its fields and describes its columns', async () => {
    await redshift.run(
      `CREATE TABLE typed (i2 int2, i4 int4 NOT NULL, i8 int8, n numeric(38,2), f8 float8, f4 real, b bool, v varchar(20), c char(3),
                           d date, ts timestamp, tz timestamptz, s super DEFAULT JSON_PARSE('{}'))`
    );
    await redshift.run(
      `INSERT INTO typed VALUES (1, 2, 9007199254740991, 123456789012345678901234567890123456.78, 1.5, 'NaN', true, 'é', 'ab',
                                 '2024-02-29', '2024-02-29 12:00:00.5', '2024-02-29 12:00:00+02', JSON_PARSE('{"a":1}'))`
    );
    const { Id } = await redshift.run('SELECT *, NULL AS nothing FROM typed');
    const { Records, ColumnMetadata, TotalNumRows } = await redshift.client.send(new GetStatementResultCommand({ Id }));
    expect(TotalNumRows).toBe(1);
    expect(Records?.[0]).toEqual<Field[]>([
      { longValue: 1 },
      { longValue: 2 },
      { longValue: 9007199254740991 },
      { stringValue: '123456789012345678901234567890123456.78' },
      { doubleValue: 1.5 },
      { stringValue: 'NaN' },
      { booleanValue: true },
      { stringValue: 'é' },
      { stringValue: 'ab ' },
      { stringValue: '2024-02-29' },
      { stringValue: '2024-02-29 12:00:00.5' },
      { stringValue: '2024-02-29 10:00:00+00' },
      { stringValue: '{"a": 1}' },
      { isNull: true },
    ]);
    expect(ColumnMetadata?.map(({ typeName }) => typeName)).toEqual(
      'int2,int4,int8,numeric,float8,float4,bool,varchar,bpchar,date,timestamp,timestamptz,super,varchar'.split(',')
    );
    expect(ColumnMetadata?.[1]).toMatchObject({
      name: 'i4',
      label: 'i4',
      nullable: 0,
      tableName: 'typed',
      schemaName: 'public',
    });
    expect(ColumnMetadata?.[3]).toMatchObject({ precision: 38, scale: 2, isSigned: true, nullable: 1 });
    expect(ColumnMetadata?.[7]).toMatchObject({ precision: 20, length: 20, isCaseSensitive: true });
    expect(ColumnMetadata?.[12]?.columnDefault).toContain('json_parse');
  });

  it('pages 10,000 rows and more bytes than fit one answer', async () => {
    const { Id, ResultRows, ResultSize } = await redshift.run(
      "SELECT n, repeat('x', 300) AS filler FROM generate_series(1, 10000) AS n ORDER BY n"
    );
    expect([ResultRows, ResultSize]).toEqual([10_000, 10_000 * 300 + 38_894]);
    const numbers: unknown[] = [];
    let pages = 0;
    let token: string | undefined;
    do {
      const page = await redshift.client.send(new GetStatementResultCommand({ Id, NextToken: token }));
      expect(page.TotalNumRows).toBe(10_000);
      expect(page.ColumnMetadata).toHaveLength(2);
      numbers.push(...(page.Records ?? []).map(([field]) => plain(field as Field)));
      token = page.NextToken;
      pages += 1;
    } while (token !== undefined);
    expect(pages).toBeGreaterThan(2);
    expect(numbers).toEqual(Array.from({ length: 10_000 }, (_, index) => index + 1));
    await expect(
      redshift.client.send(new GetStatementResultCommand({ Id, NextToken: 'not a token' }))
    ).rejects.toMatchObject({ name: 'ValidationException' });
  });

  it('gives an empty result its columns', async () => {
    const { Id, HasResultSet, ResultRows } = await redshift.run('SELECT 1 AS a WHERE false');
    expect([HasResultSet, ResultRows]).toEqual([true, 0]);
    const page = await redshift.client.send(new GetStatementResultCommand({ Id }));
    expect([page.Records, page.ColumnMetadata?.[0]?.name, page.NextToken]).toEqual([[], 'a', undefined]);
  });

  it('gives CSV to those who asked for it, and to them only', async () => {
    const { Id } = await redshift.client.send(
      new ExecuteStatementCommand({
        ...target,
        Sql: `SELECT 1 AS a, 'x,"y"' AS b, NULL AS c, '' AS d`,
        ResultFormat: 'CSV',
        WaitTimeSeconds: 30,
      })
    );
    const { Records, ResultFormat } = await redshift.client.send(new GetStatementResultV2Command({ Id }));
    expect(Records?.map((record) => record.CSVRecords).join('')).toBe('a,b,c,d\r\n1,"x,""y""",,""\r\n');
    expect(ResultFormat).toBe('CSV');
    await expect(redshift.client.send(new GetStatementResultCommand({ Id }))).rejects.toMatchObject({
      name: 'ValidationException',
    });
  });

  it('refuses a row or a result that is too large', async () => {
    const wide = await redshift.run("SELECT repeat('x', 65537)");
    expect([wide.Status, wide.Error]).toEqual(['FAILED', expect.stringContaining('Packet for query is too large')]);
    const small = await limitedRedshift(postgres.url, { resultBytes: 1_000_000 });
    try {
      const large = await small.run("SELECT repeat('x', 1000) FROM generate_series(1, 20000)");
      expect([large.Status, large.Error]).toEqual(['FAILED', expect.stringContaining('larger than the maximum')]);
      expect(await small.rows('SELECT 1')).toEqual([[1]]);
    } finally {
      await small.close();
    }
  });
});

describe('parameters', () => {
  it('are bound as values whatever they hold, each in the type its place asks for', async () => {
    await redshift.run('CREATE TABLE bound (id integer, name varchar(100), price decimal(10,2), day date)');
    const hostile = `'; DROP TABLE bound; -- :id $1 \\`;
    const parameters = Object.entries({ id: '7', name: hostile, price: '1.10', day: '2024-02-29' }).map(
      ([name, value]) => ({
        name,
        value,
      })
    );
    const inserted = await redshift.run('INSERT INTO bound VALUES (:id, :name, :price, :day)', parameters);
    expect(inserted).toMatchObject({ Status: 'FINISHED', ResultRows: 1, QueryParameters: parameters });
    expect(
      await redshift.rows('SELECT id, name, price, day FROM bound WHERE id = :id AND :id = 7 AND name LIKE :start', [
        { name: 'id', value: '7' },
        { name: 'start', value: "'; DROP%" },
      ])
    ).toEqual([[7, hostile, '1.10', '2024-02-29']]);
  });

  it('leave casts, strings, comments, identifiers and dollar quotes alone', async () => {
    expect(
      await redshift.rows(`SELECT :a::varchar, ':b', $$:c$$, ":d" /* :e */ FROM (SELECT 1 AS ":d") x -- :f`, [
        { name: 'a', value: 'v' },
      ])
    ).toEqual([['v', ':b', ':c', 1]]);
  });

  it.each([
    [
      'unused',
      'SELECT 1',
      [{ name: 'a', value: '1' }],
      'Parameters list contains unused parameters. Unused parameters: [a]',
    ],
    ['missing', 'SELECT :a, :b', [{ name: 'a', value: '1' }], 'Cannot find parameter: b'],
    ['empty', 'SELECT :a', [{ name: 'a', value: '' }], 'length greater than or equal to 1'],
    ['misnamed', 'SELECT :a', [{ name: ':a', value: '1' }], '^[0-9a-zA-Z_]+$'],
    ['in a string', "SELECT ':a'", [{ name: 'a', value: '1' }], 'Unused parameters: [a]'],
    ['none', 'SELECT 1', [], 'length greater than or equal to 1'],
  ])('that are %s are refused', async (_, sql, parameters, message) => {
    await expect(redshift.run(sql, parameters)).rejects.toMatchObject({
      name: 'ValidationException',
      message: expect.stringContaining(message),
    });
  });
});

describe('BatchExecuteStatement', () => {
  it('runs its statements as one transaction', async () => {
    const done = await batch(
      [
        'CREATE TABLE counted (a integer)',
        'INSERT INTO counted VALUES (:n), (2)',
        'SELECT count(*) FROM counted WHERE a <= :n',
      ],
      { Parameters: [{ name: 'n', value: '1' }] }
    );
    expect(done).toMatchObject({
      Status: 'FINISHED',
      HasResultSet: true,
      ResultRows: -1,
      ExecutionMode: 'TRANSACTION',
    });
    expect(done.SubStatements?.map(({ Id, Status, ResultRows }) => [Id, Status, ResultRows])).toEqual([
      [`${done.Id}:1`, 'FINISHED', 0],
      [`${done.Id}:2`, 'FINISHED', 2],
      [`${done.Id}:3`, 'FINISHED', 1],
    ]);
    const { Records } = await redshift.client.send(new GetStatementResultCommand({ Id: `${done.Id}:3` }));
    expect(Records).toEqual([[{ longValue: 1 }]]);
    expect(await redshift.client.send(new DescribeStatementCommand({ Id: `${done.Id}:2` }))).toMatchObject({
      Id: `${done.Id}:2`,
      Status: 'FINISHED',
      QueryString: 'INSERT INTO counted VALUES (:n), (2)',
    });
    await expect(redshift.client.send(new GetStatementResultCommand({ Id: done.Id }))).rejects.toMatchObject({
      name: 'ValidationException',
      message: 'BatchExecuteStatement result can only be retrieved with sub-statement id.',
    });
  });

  it('takes all back when one fails, and aborts the rest', async () => {
    await redshift.run('CREATE TABLE undone (a integer)');
    const failed = await batch([
      'INSERT INTO undone VALUES (1)',
      'SELECT 1',
      'SELECT 1/0',
      'INSERT INTO undone VALUES (2)',
    ]);
    expect([failed.Status, failed.Error]).toEqual(['FAILED', 'ERROR: division by zero']);
    expect(failed.SubStatements?.map(({ Status, Error: failure }) => [Status, failure])).toEqual([
      ['FINISHED', undefined],
      ['FINISHED', undefined],
      ['FAILED', 'ERROR: division by zero'],
      ['ABORTED', undefined],
    ]);
    expect(await redshift.rows('SELECT count(*) FROM undone')).toEqual([[0]]);
    await expect(redshift.client.send(new GetStatementResultCommand({ Id: `${failed.Id}:2` }))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
  });

  it('commits each by itself when asked to', async () => {
    await redshift.run('CREATE TABLE kept (a integer)');
    const mixed = await batch(['INSERT INTO kept VALUES (1)', 'SELECT 1/0', 'INSERT INTO kept VALUES (2)'], {
      ExecutionMode: 'AUTO_COMMIT',
    });
    expect(mixed.SubStatements?.map(({ Status }) => Status)).toEqual(['FINISHED', 'FAILED', 'FINISHED']);
    expect(mixed.Status).toBe('FAILED');
    expect(await redshift.rows('SELECT a FROM kept ORDER BY a')).toEqual([[1], [2]]);
  });

  it('alters the length of a column outside of transactions only, as Redshift does', async () => {
    await redshift.run('CREATE TABLE longer (a varchar(2))');
    const alter = 'ALTER TABLE longer ALTER COLUMN a TYPE varchar(3)';
    const refused = await batch([alter, "INSERT INTO longer VALUES ('abc')"]);
    expect(refused).toMatchObject({ Status: 'FAILED', Error: expect.stringContaining('transaction block') });
    expect((await batch([alter], { ExecutionMode: 'AUTO_COMMIT' })).Status).toBe('FINISHED');
    expect((await redshift.run("INSERT INTO longer VALUES ('abc')")).Status).toBe('FINISHED');
  });

  it('lets TRUNCATE commit, as Redshift does', async () => {
    await redshift.run('CREATE TABLE cut (a integer)');
    await redshift.run('INSERT INTO cut VALUES (1)');
    const failed = await batch([
      'INSERT INTO undone VALUES (5)',
      'TRUNCATE cut',
      'INSERT INTO undone VALUES (6)',
      'SELECT 1/0',
    ]);
    expect(failed.Status).toBe('FAILED');
    expect(await redshift.rows('SELECT (SELECT count(*) FROM cut), (SELECT max(a) FROM undone)')).toEqual([[0, 5]]);
  });

  it('cannot call a procedure that truncates', async () => {
    await redshift.run('CREATE PROCEDURE empties() AS $$ BEGIN TRUNCATE cut; END $$ LANGUAGE plpgsql');
    const failed = await batch(['INSERT INTO kept VALUES (9)', 'CALL empties()']);
    expect(failed.Error).toContain('cannot be invoked from a procedure that is executing in an atomic context');
    expect(await redshift.rows('SELECT max(a) FROM kept')).toEqual([[2]]);
    expect((await redshift.run('CALL empties()')).Status).toBe('FINISHED');
  });
});

describe('CancelStatement', () => {
  it('stops the backend', async () => {
    const { Id } = await redshift.client.send(new ExecuteStatementCommand({ ...target, Sql: 'SELECT pg_sleep(120)' }));
    await started(Id);
    expect(await redshift.client.send(new CancelStatementCommand({ Id }))).toMatchObject({ Status: true });
    const ended = await redshift.client.send(new DescribeStatementCommand({ Id, WaitTimeSeconds: 30 }));
    expect(ended).toMatchObject({ Status: 'ABORTED', Error: expect.stringMatching(/^ERROR: Query \(\d+\) cancelled/) });
    expect(
      await redshift.rows(
        "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(120)' AND state = 'active'"
      )
    ).toEqual([[0]]);
    await expect(redshift.client.send(new CancelStatementCommand({ Id }))).rejects.toMatchObject({
      name: 'ValidationException',
      message: `Could not cancel a query that is already in ABORTED state with ID: ${Id}`,
    });
  });

  it('takes a whole batch back', async () => {
    const { Id } = await redshift.client.send(
      new BatchExecuteStatementCommand({
        ...target,
        Sqls: ['INSERT INTO kept VALUES (100)', 'SELECT pg_sleep(120)', 'SELECT 1'],
      })
    );
    // a part is waited for by itself
    await redshift.client.send(new DescribeStatementCommand({ Id: `${Id}:1`, WaitTimeSeconds: 30 }));
    await redshift.client.send(new CancelStatementCommand({ Id }));
    const ended = await redshift.client.send(new DescribeStatementCommand({ Id, WaitTimeSeconds: 30 }));
    expect(ended.Status).toBe('ABORTED');
    expect(ended.SubStatements?.map(({ Status }) => Status)).toEqual(['FINISHED', 'ABORTED', 'ABORTED']);
    expect(await redshift.rows('SELECT count(*) FROM kept WHERE a = 100')).toEqual([[0]]);
  });

  it('stops one that still waits for its turn', async () => {
    const narrow = await limitedRedshift(postgres.url, { concurrency: 1 });
    try {
      const send = (Sql: string): Promise<{ Id?: string }> =>
        narrow.client.send(new ExecuteStatementCommand({ ...target, Sql }));
      const first = await send('SELECT pg_sleep(120)');
      const second = await send('INSERT INTO kept VALUES (101)');
      expect(await narrow.client.send(new DescribeStatementCommand({ Id: second.Id }))).toMatchObject({
        Status: 'SUBMITTED',
      });
      await narrow.client.send(new CancelStatementCommand({ Id: second.Id }));
      await narrow.client.send(new CancelStatementCommand({ Id: first.Id }));
      for (const { Id } of [first, second]) {
        expect(await narrow.client.send(new DescribeStatementCommand({ Id, WaitTimeSeconds: 30 }))).toMatchObject({
          Status: 'ABORTED',
        });
      }
      expect(await narrow.rows('SELECT count(*) FROM kept WHERE a = 101')).toEqual([[0]]);
    } finally {
      await narrow.close();
    }
  });
});
