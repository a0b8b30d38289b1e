import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { installFunctions } from '../../local/redshift/dialect/install-functions.js';
import { translate } from '../../local/redshift/dialect/translate.js';
import { startPostgres } from '../../local/redshift/postgres/start-postgres.js';
import { compile, loadModel } from '../../model/index.js';
import { publish } from '../report/report.js';
import type { Measured } from '../report/report.js';
import { landingTables, makeSource } from './landing-rows.js';
import { serverCpu, serverMemory } from './server-cpu.js';
import { StatementTimes } from './statement-times.js';

/** Sizes and repetitions of {@link benchStar}. */
export interface StarBenchOptions {
  readonly items: number;
  readonly rounds: number;
  readonly json: boolean;
  /** Prints the statements of the procedures that take longest, with their plans. */
  readonly explain?: boolean;
}

const model = join(import.meta.dirname, '..', '..', 'examples', 'ecommerce', 'warehouse.yaml');
const starSql = readFileSync(join(import.meta.dirname, '..', 'elt', 'peers', 'star.sql'), 'utf8');

/** From landing to dwh on the local Redshift: the procedures that Sluice emits, and the same star written by hand. */
export async function benchStar({ items, rounds, json, explain }: StarBenchOptions): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-star-'));
  const server = await startPostgres({ folder, durable: true });
  const client = new pg.Client({ connectionString: server.url });
  const pool = new pg.Pool({ connectionString: server.url });
  // the server may say that it stops before a connection of the pool is closed
  pool.on('connect', (connection) => connection.on('error', () => undefined));
  const times = new StatementTimes();
  const samples: Record<string, Record<string, number[]>> = {};
  const outcomes = new Set<string>();
  let memory = 0;
  const watch = setInterval(() => (memory = Math.max(memory, serverMemory(folder))), 500);

  const plan = compile(await loadModel(model));
  const call = async (waves: readonly (readonly { readonly sql: string }[])[], runKey: string): Promise<void> => {
    for (const wave of waves) {
      await Promise.all(wave.map(({ sql }) => pool.query(translate(sql.replace(':run_key', `'${runKey}'`)).sql)));
    }
  };
  const timed = async (by: string, parts: Readonly<Record<string, () => Promise<void>>>): Promise<void> => {
    const own = (samples[by] ??= {});
    const seen: Record<string, number> = { 'total s': 0, 'CPU s': 0 };
    for (const [part, run] of Object.entries(parts)) {
      const [cpu, start] = [serverCpu(folder), performance.now()];
      await run();
      const wall = (performance.now() - start) / 1000;
      if (Object.keys(parts).length > 1) seen[`${part} s`] = wall;
      seen['total s'] = (seen['total s'] ?? 0) + wall;
      seen['CPU s'] = (seen['CPU s'] ?? 0) + serverCpu(folder) - cpu;
    }
    for (const [column, value] of Object.entries(seen)) (own[column] ??= []).push(value);
    console.error(by, JSON.stringify(seen));
    const { rows } =
      await client.query(`SELECT count(*) AS rows, sum(price) AS revenue, count(DISTINCT productkey) AS products,
      count(DISTINCT datekey) AS days, count(DISTINCT customerkey) AS customers,
      (SELECT count(*) FROM dwh.address WHERE addresskey > 0) AS addresses FROM dwh."order"`);
    outcomes.add(JSON.stringify(rows[0]));
  };
  const land = async (runKey: string): Promise<void> => {
    for (const { name } of landingTables) {
      await client.query(`BEGIN; TRUNCATE landing."${name}"`);
      await client.query(`INSERT INTO landing."${name}" SELECT * FROM source."${name}"`);
      await client.query(`DELETE FROM sluice.landing_loads WHERE entity = '${name}'`);
      await client.query(`INSERT INTO sluice.landing_loads SELECT '${name}', $1, count(*) FROM landing."${name}"`, [
        runKey,
      ]);
      await client.query(`ANALYZE landing."${name}"`);
      await client.query('COMMIT');
    }
  };
  const loadAll = (runKey: string): Record<string, () => Promise<void>> => ({
    staging: () => call(plan.staging, runKey),
    dwh: () => call([...plan.dimensions, ...plan.facts], runKey),
  });
  try {
    await client.connect();
    await installFunctions(client);
    await makeSource(client, items);
    if (explain) await times.watch(folder, server.url, pool);
    for (let round = 0; round < rounds; round += 1) {
      await client.query('DROP SCHEMA IF EXISTS landing, staging, dwh, sluice CASCADE; CREATE SCHEMA landing');
      for (const { name, columns } of landingTables) {
        await client.query(`CREATE TABLE landing."${name}" (${columns})`);
        await client.query(`INSERT INTO landing."${name}" SELECT * FROM source."${name}"`);
      }
      await client.query('CHECKPOINT').catch(() => undefined);
      await timed('SQL by hand, first load', { all: async () => void (await client.query(starSql)) });
      await client.query('DROP SCHEMA IF EXISTS landing, staging, dwh, sluice CASCADE');
      for (const { sql } of plan.setup) await client.query(translate(sql).sql);
      await land('run-1');
      await timed('Sluice, first load', loadAll('run-1'));
      times.print('first load');
      await land('run-2');
      await timed('Sluice, the same rows again', loadAll('run-2'));
      times.print('the same rows again');
    }
    if (outcomes.size !== 1) throw new Error(`They did not load the same: ${[...outcomes].join(' ')}`);
    publish(
      {
        bench: 'star',
        title: `From landing to a loaded star, ${items.toLocaleString('en')} items, median of ${rounds}`,
        columns: ['staging s', 'dwh s', 'total s', 'CPU s'],
        reference: { by: 'SQL by hand, first load', columns: ['total s', 'CPU s'] },
        measured: Object.entries(samples).map(([by, own]): Measured => ({ by, samples: own })),
        notes: [
          'The procedures that Sluice emits beside bench/elt/peers/star.sql on the same local Redshift (PostgreSQL 18).',
          `Peak memory of PostgreSQL (PSS of all its processes): ${memory.toFixed(0)} MiB.`,
        ],
      },
      json
    );
  } finally {
    clearInterval(watch);
    await client.end();
    await pool.end();
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}
