import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  CancelStatementCommand,
  DescribeStatementCommand,
  ExecuteStatementCommand,
  GetStatementResultCommand,
} from '@aws-sdk/client-redshift-data';
import { ClassicLevel } from 'classic-level';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { StatementStore } from '../../../local/redshift/data/statement-store.js';
import { submitted } from '../../../local/redshift/data/statement-record.js';
import type { StatementRecord } from '../../../local/redshift/data/statement-record.js';
import type { PostgresServer } from '../../../local/redshift/index.js';
import { openRedshift, target, temporaryFolder, temporaryPostgres } from './local-redshift.js';

let postgres: PostgresServer;
let folder: string;

beforeAll(async () => {
  postgres = await temporaryPostgres();
  folder = await temporaryFolder();
});

afterAll(async () => {
  await postgres.stop();
  await rm(folder, { recursive: true, force: true });
});

it('keeps results and client tokens over a restart', async () => {
  const input = { ...target, Sql: 'INSERT INTO kept VALUES (1)', ClientToken: 'kept-token', WaitTimeSeconds: 30 };
  let redshift = await openRedshift(folder, postgres.url);
  await redshift.run('CREATE TABLE kept (a integer)');
  const inserted = await redshift.client.send(new ExecuteStatementCommand(input));
  const selected = await redshift.run("SELECT n, repeat('x', 500) FROM generate_series(1, 6000) AS n");
  await redshift.close();

  redshift = await openRedshift(folder, postgres.url);
  try {
    expect((await redshift.client.send(new ExecuteStatementCommand(input))).Id).toBe(inserted.Id);
    expect(await redshift.rows('SELECT count(*) FROM kept')).toEqual([[1]]);
    await expect(
      redshift.client.send(new ExecuteStatementCommand({ ...input, Sql: 'SELECT 1' }))
    ).rejects.toMatchObject({ name: 'ValidationException' });
    let rows = 0;
    let NextToken: string | undefined;
    do {
      const page = await redshift.client.send(new GetStatementResultCommand({ Id: selected.Id, NextToken }));
      rows += page.Records?.length ?? 0;
      ({ NextToken } = page);
    } while (NextToken !== undefined);
    expect(rows).toBe(6_000);
  } finally {
    await redshift.close();
  }
});

it('ends what runs when it is closed, and says so', async () => {
  let redshift = await openRedshift(folder, postgres.url);
  const { Id } = await redshift.client.send(new ExecuteStatementCommand({ ...target, Sql: 'SELECT pg_sleep(120)' }));
  await redshift.close();

  redshift = await openRedshift(folder, postgres.url);
  try {
    const ended = await redshift.client.send(new DescribeStatementCommand({ Id }));
    expect([ended.Status, ended.Error]).toEqual(['FAILED', expect.stringContaining('The local Redshift was stopped')]);
    await expect(redshift.client.send(new CancelStatementCommand({ Id }))).rejects.toMatchObject({
      name: 'ValidationException',
    });
    expect(
      await redshift.rows(
        "SELECT count(*) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(120)' AND state = 'active'"
      )
    ).toEqual([[0]]);
  } finally {
    await redshift.close();
  }
});

it('fails what a crash left unfinished, and forgets what is older than a day', async () => {
  const record = (id: string, more: Partial<StatementRecord>): StatementRecord => ({
    ...submitted(Date.now()),
    id,
    sqls: ['SELECT 1', 'SELECT 2'],
    batch: true,
    mode: 'TRANSACTION',
    resultFormat: 'JSON',
    database: 'salesdwh',
    redshiftPid: 0,
    parts: [{ ...submitted(Date.now()), status: 'FINISHED' }, submitted(Date.now())],
    ...more,
  });
  const crashed = '11111111-1111-4111-8111-111111111111';
  const old = '22222222-2222-4222-8222-222222222222';
  const db = new ClassicLevel<string, string>(join(folder, 'db'));
  const store = new StatementStore(db);
  await store.accept(record(crashed, { status: 'STARTED' }), 'crashed-token', 'f');
  await store.accept(record(old, { status: 'FINISHED', batch: false, pages: 1 }), 'old-token', 'f');
  await store.savePage(old, 0, 0, [['1']]);
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - 25 * 3_600_000 });
  const before = await store.statement(old);
  await store.save({ ...(before as StatementRecord), updatedAt: Date.now() });
  vi.useRealTimers();
  await db.close();

  const redshift = await openRedshift(folder, postgres.url);
  try {
    const failed = await redshift.client.send(new DescribeStatementCommand({ Id: crashed }));
    expect([failed.Status, failed.SubStatements?.map(({ Status }) => Status)]).toEqual([
      'FAILED',
      ['FINISHED', 'FAILED'],
    ]);
    for (const command of [new DescribeStatementCommand({ Id: old }), new GetStatementResultCommand({ Id: old })]) {
      await expect(redshift.client.send(command as DescribeStatementCommand)).rejects.toMatchObject({
        name: 'ResourceNotFoundException',
      });
    }
  } finally {
    await redshift.close();
  }
});
