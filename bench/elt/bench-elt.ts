import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pythonVenv } from '../../test/python-venv.js';
import { median, publish } from '../report/report.js';
import type { Measured } from '../report/report.js';
import { startEnvironment } from '../environment.js';
import { exportFiles } from './export-files.js';
import { startExportFront } from './export-front.js';
import type { ExportFront } from './export-front.js';
import { emptyWarehouse, outcome, runSluice, sql } from './sluice-run.js';

const peers = join(import.meta.dirname, 'peers');
const star = readFileSync(join(peers, 'star.sql'), 'utf8');
const dltLanding = readFileSync(join(peers, 'dlt-landing.sql'), 'utf8');

/** Sizes and repetitions of {@link benchElt}. */
export interface EltBenchOptions {
  readonly items: number;
  /** Of Sluice and bare DuckDB. */
  readonly rounds: number;
  /** Of dlt, which takes most of the time. */
  readonly dltRounds: number;
  readonly json: boolean;
  /** Leaves out dlt. */
  readonly withoutPeers?: boolean;
}

async function command(program: string, args: readonly string[], env: Record<string, string> = {}): Promise<void> {
  const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'ignore', 'inherit'] });
  const [code] = (await once(child, 'close')) as [number];
  if (code !== 0) throw new Error(`${program} ended with ${code}`);
}

/** A contestant's round on the same server, beginning with nothing; `load` fills landing. */
async function runPeer(warehouse: string, load: (url: string) => Promise<void>): Promise<Record<string, number>> {
  await emptyWarehouse(warehouse);
  const start = performance.now();
  await load(warehouse);
  const loaded = performance.now();
  await sql(warehouse, star);
  const end = performance.now();
  return { 'star s': (end - loaded) / 1000, 'total s': (end - start) / 1000 };
}

/** ELT end to end: from an export in S3 to a loaded star, Sluice beside dlt and bare DuckDB. */
export async function benchElt({ items, rounds, dltRounds, json, withoutPeers }: EltBenchOptions): Promise<void> {
  const files = await exportFiles(items);
  const paths = files.map(({ path }) => path);
  const folder = await mkdtemp(join(tmpdir(), 'sluice-bench-'));
  const venv = withoutPeers ? undefined : await pythonVenv(['dlt[postgres]==1.31.0', 'pyarrow==26.0.1']);
  let front: ExportFront | undefined;
  const environment = await startEnvironment(folder, {
    dynamodb: async (aws) => (front = await startExportFront(aws)).url,
  });
  const { warehouse } = environment;
  front?.use(files);
  const samples: Record<string, Record<string, number[]>> = {};
  const outcomes = new Set<string>();
  const add = async (by: string, values: Record<string, number>): Promise<void> => {
    for (const [column, value] of Object.entries(values)) ((samples[by] ??= {})[column] ??= []).push(value);
    console.error(by, JSON.stringify(values));
    outcomes.add(await outcome(warehouse));
  };
  try {
    for (let round = 0; round < rounds; round += 1) {
      await add('Sluice', await runSluice(environment));
      const work = join(folder, 'peers');
      await mkdir(work);
      const bare = [join(peers, 'duckdb-load.ts'), work];
      const run = (url: string): Promise<void> =>
        command(process.execPath, ['--import', 'tsx', ...bare, url, ...paths]);
      await add('bare DuckDB', await runPeer(warehouse, run));
      for (const mode of venv === undefined || round >= dltRounds ? [] : ['fastest', 'default']) {
        const load = async (url: string): Promise<void> => {
          const python = join(venv ?? '', 'python');
          await command(python, [join(peers, 'dlt_load.py'), mode, url, ...paths], { DLT_FOLDER: join(work, mode) });
          await sql(url, dltLanding);
        };
        await add(`dlt 1.31.0, ${mode}`, await runPeer(warehouse, load));
      }
      await rm(work, { recursive: true });
    }
    if (outcomes.size !== 1) throw new Error(`They did not load the same: ${[...outcomes].join(' ')}`);
    const { localAws, worker } = environment.peaks();
    const of = (by: string, column: string): number => median(samples[by]?.[column] ?? []);
    const total = of('Sluice', 'total s');
    const between = of('Sluice', 'between steps s');
    publish(
      {
        bench: 'elt',
        title: `ELT of ${items.toLocaleString('en')} items from the export in S3 to a loaded star, median of ${rounds}`,
        columns: ['lake s', 'landing s', 'star s', 'total s'],
        reference: { by: 'Sluice', columns: ['total s'] },
        measured: Object.entries(samples).map(([by, own]): Measured => ({ by, samples: own })),
        notes: [
          `Sluice over bare DuckDB: ${(total / of('bare DuckDB', 'total s')).toFixed(2)} ×. Bare DuckDB verifies, rejects and records nothing.`,
          `Of Sluice's total, ${between.toFixed(1)} s (${((between / total) * 100).toFixed(0)} %) were between its steps; the rest is the time of its steps, verification, counts and the record of the run among them.`,
          `Peak memory: local AWS ${localAws.toFixed(0)} MiB, worker ${worker.toFixed(0)} MiB.`,
          'The export is made beforehand by a generator and put into S3 at the run’s request; bare DuckDB and dlt read its files.',
          ...(venv === undefined ? [] : [`dlt: median of ${Math.min(rounds, dltRounds)}.`]),
        ],
      },
      json
    );
  } finally {
    await environment.stop();
    await front?.close();
    await rm(folder, { recursive: true, force: true });
  }
}
