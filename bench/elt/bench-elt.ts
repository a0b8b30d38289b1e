import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Readable } from 'node:stream';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DeleteObjectsCommand, GetObjectCommand, S3Client, paginateListObjectsV2 } from '@aws-sdk/client-s3';
import pg from 'pg';
import { loadItems } from '../../local/environment/load-items.js';
import { pythonVenv } from '../../test/python-venv.js';
import { median, publish } from '../report/report.js';
import type { Measured } from '../report/report.js';
import { startEnvironment } from '../environment.js';
import type { BenchEnvironment } from '../environment.js';
import { shopItems } from './shop-items.js';

const peers = join(import.meta.dirname, 'peers');
const star = readFileSync(join(peers, 'star.sql'), 'utf8');
const dltLanding = readFileSync(join(peers, 'dlt-landing.sql'), 'utf8');
const table: Parameters<typeof loadItems>[1] = {
  table: 'ecommerce',
  keys: [
    { name: 'PK', type: 'S', role: 'HASH' },
    { name: 'SK', type: 'S', role: 'RANGE' },
  ],
};

/** Sizes and repetitions of {@link benchElt}. */
export interface EltBenchOptions {
  readonly items: number;
  readonly rounds: number;
  readonly json: boolean;
  /** Leaves out dlt, which takes most of the time. */
  readonly withoutPeers?: boolean;
}

/** The fact's rows and revenue, by which all contestants are held to have done the same. */
async function outcome(url: string): Promise<string> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query(`SELECT count(*) AS rows, sum(price) AS revenue,
      (SELECT count(*) FROM dwh.address WHERE addresskey > 0) AS addresses FROM dwh."order"`);
    return JSON.stringify(rows[0]);
  } finally {
    await client.end();
  }
}

async function sql(url: string, text: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(text);
  } finally {
    await client.end();
  }
}

/** Everything but the table as it was before the first run. */
async function forget({ aws, warehouse }: BenchEnvironment): Promise<void> {
  await sql(warehouse, dropSchemas);
  const s3 = new S3Client({ ...aws, forcePathStyle: true });
  for (const Bucket of ['sluice-raw', 'sluice-lake', 'sluice-raw-archive', 'sluice-lake-archive']) {
    for await (const { Contents = [] } of paginateListObjectsV2({ client: s3 }, { Bucket })) {
      const Objects = Contents.map(({ Key }) => ({ Key }));
      if (Objects.length > 0) await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
    }
  }
  s3.destroy();
}

const dropSchemas = 'DROP SCHEMA IF EXISTS landing, landing_raw, landing_raw_staging, staging, dwh, sluice CASCADE';
const secondsBetween = (from: string, to: string): number => (Date.parse(to) - Date.parse(from)) / 1000;

interface Stage {
  readonly name: string;
  readonly startedAt: string;
  readonly endedAt: string;
  readonly steps: readonly { readonly name: string; readonly endedAt: string }[];
}

/** A whole run; timed from the moment its export stands in S3 to the moment the workflow has ended. */
async function runSluice(environment: BenchEnvironment): Promise<Record<string, number>> {
  await forget(environment);
  const { workflowId } = await environment.run('run', 'elt', '--fresh', '--watch');
  const shown = await environment.run('show', String(workflowId));
  const { stages } = shown['progress'] as { stages: readonly Stage[] };
  const exported = stages.find(({ name }) => name === 'export')?.steps.find(({ name }) => name === 'export');
  const spent = (...names: string[]): number =>
    stages
      .filter(({ name }) => names.includes(name))
      .reduce((sum, one) => sum + secondsBetween(one.startedAt, one.endedAt), 0);
  return {
    'lake s': spent('lake'),
    'landing s': spent('landing'),
    'star s': spent('staging', 'dwh'),
    'total s': secondsBetween(exported?.endedAt ?? '', String(shown['endedAt'])),
  };
}

/** Copies the data files of the export that stands in S3 into a folder, for the peers. */
async function copyExport({ aws }: BenchEnvironment, folder: string): Promise<string[]> {
  await mkdir(folder, { recursive: true });
  const s3 = new S3Client({ ...aws, forcePathStyle: true });
  const files: string[] = [];
  for await (const { Contents = [] } of paginateListObjectsV2({ client: s3 }, { Bucket: 'sluice-raw' })) {
    for (const { Key = '' } of Contents.filter((object) => object.Key?.endsWith('.json.gz'))) {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: 'sluice-raw', Key }));
      const file = join(folder, `${files.length}.json.gz`);
      await pipeline(Body as Readable, createWriteStream(file));
      files.push(file);
    }
  }
  s3.destroy();
  return files;
}

async function command(program: string, args: readonly string[], env: Record<string, string> = {}): Promise<void> {
  const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'ignore', 'inherit'] });
  const [code] = (await once(child, 'close')) as [number];
  if (code !== 0) throw new Error(`${program} ended with ${code}`);
}

/** A contestant's round on the same server, beginning with nothing; `load` fills landing. */
async function runPeer(warehouse: string, load: (url: string) => Promise<void>): Promise<Record<string, number>> {
  await sql(warehouse, dropSchemas);
  const start = performance.now();
  await load(warehouse);
  const loaded = performance.now();
  await sql(warehouse, star);
  const end = performance.now();
  outcomes.add(await outcome(warehouse));
  return { 'star s': (end - loaded) / 1000, 'total s': (end - start) / 1000 };
}

const outcomes = new Set<string>();

/** ELT end to end: from an export in S3 to a loaded star, Sluice beside dlt and bare DuckDB. */
export async function benchElt({ items, rounds, json, withoutPeers }: EltBenchOptions): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-bench-'));
  const venv = withoutPeers ? undefined : await pythonVenv(['dlt[postgres]==1.31.0', 'pyarrow==26.0.1']);
  const environment = await startEnvironment(folder);
  const samples: Record<string, Record<string, number[]>> = {};
  const add = (by: string, values: Record<string, number>): void => {
    for (const [column, value] of Object.entries(values)) ((samples[by] ??= {})[column] ??= []).push(value);
    console.error(by, JSON.stringify(values));
  };
  try {
    const dynamodb = new DynamoDBClient(environment.aws);
    const start = performance.now();
    await loadItems(dynamodb, table, shopItems(items));
    const loaded = (performance.now() - start) / 1000;
    dynamodb.destroy();
    for (let round = 0; round < rounds; round += 1) {
      add('Sluice', await runSluice(environment));
      outcomes.add(await outcome(environment.warehouse));
      const work = join(folder, 'peers');
      const files = await copyExport(environment, work);
      const bare = [join(peers, 'duckdb-load.ts'), work];
      const { warehouse } = environment;
      add(
        'bare DuckDB',
        await runPeer(warehouse, (url) => command(process.execPath, ['--import', 'tsx', ...bare, url, ...files]))
      );
      for (const mode of venv === undefined ? [] : ['fastest', 'default']) {
        const load = async (url: string): Promise<void> => {
          const python = join(venv ?? '', 'python');
          await command(python, [join(peers, 'dlt_load.py'), mode, url, ...files], { DLT_FOLDER: join(work, mode) });
          await sql(url, dltLanding);
        };
        add(`dlt 1.31.0, ${mode}`, await runPeer(warehouse, load));
        await rm(join(work, mode), { recursive: true, force: true });
      }
      await rm(work, { recursive: true });
    }
    if (outcomes.size !== 1) throw new Error(`They did not load the same: ${[...outcomes].join(' ')}`);
    const { localAws, worker } = environment.peaks();
    publish(
      {
        bench: 'elt',
        title: `ELT of ${items.toLocaleString('en')} items from the export in S3 to a loaded star, median of ${rounds}`,
        columns: ['lake s', 'landing s', 'star s', 'total s'],
        reference: { by: 'Sluice', columns: ['total s'] },
        measured: Object.entries(samples).map(([by, own]): Measured => ({ by, samples: own })),
        notes: [
          `Loading the table took ${loaded.toFixed(1)} s, ${Math.round(items / loaded).toLocaleString('en')} items/s.`,
          `Peak memory: local AWS ${localAws.toFixed(0)} MiB, worker ${worker.toFixed(0)} MiB.`,
          `Sluice over bare DuckDB: ${(median(samples['Sluice']?.['total s'] ?? []) / median(samples['bare DuckDB']?.['total s'] ?? [])).toFixed(2)} ×.`,
        ],
      },
      json
    );
  } finally {
    await environment.stop();
    await rm(folder, { recursive: true, force: true });
  }
}
