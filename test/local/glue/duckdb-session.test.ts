import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openDuckDb } from '../../../local/glue/duckdb/session.js';
import type { DuckDbSession } from '../../../local/glue/duckdb/session.js';

const limits = { memoryLimit: '123MB', threads: 1 }; // an instance is used again for the same limits only
const { signal } = new AbortController();

let folder: string;
beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'sluice-duckdb-'))));
afterEach(() => rm(folder, { recursive: true, force: true }));

const open = (name: string): Promise<DuckDbSession> => openDuckDb(join(folder, name), signal, limits);

/** How many databases the session's instance has had, relative to others. */
async function databases(session: DuckDbSession): Promise<number> {
  const [row] = await session.rows(`SELECT database_oid FROM duckdb_databases() WHERE database_name = 'job_run'`);
  return Number(row?.['database_oid']);
}

const ended = (session: DuckDbSession): Promise<void> => {
  session.close();
  session.close();
  return setTimeout(200);
};

it('gives each session an empty database, also in an instance that another has used', async () => {
  const first = await open('one');
  const atFirst = await databases(first);
  await first.run('CREATE TABLE people AS SELECT 1 AS id');
  await first.run('CREATE TEMP TABLE passing AS SELECT 2 AS id');
  await first.run('CREATE MACRO twice(x) AS 2 * x');
  await first.run('CREATE SCHEMA more');
  await ended(first);

  const second = await open('two');
  expect(await databases(second)).toBeGreaterThan(atFirst);
  expect(await second.rows('SELECT table_name FROM duckdb_tables()')).toEqual([]);
  expect(await second.rows(`SELECT schema_name FROM duckdb_schemas() WHERE schema_name = 'more'`)).toEqual([]);
  expect(
    await second.rows(`SELECT current_setting('temp_directory') AS folder, current_setting('TimeZone') AS zone`)
  ).toEqual([{ folder: join(folder, 'two', 'spill'), zone: 'UTC' }]);
  await expect(second.run('SELECT twice(1)')).rejects.toThrow('twice');
  await ended(second);

  const third = await open('three');
  expect(await databases(third), 'an instance in which a statement failed').toBe(atFirst);
  await ended(third);
});

it('gives sessions at the same time an instance each', async () => {
  const [left, right] = await Promise.all([open('left'), open('right')]);
  await left.run('CREATE TABLE mine AS SELECT 1 AS id');
  expect(await right.rows('SELECT table_name FROM duckdb_tables()')).toEqual([]);
  await Promise.all([ended(left), ended(right)]);
});
