import { fork } from 'node:child_process';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import Table from 'cli-table3';
import type { Measurement, Task } from './measure.js';
import { rules } from './rules.js';
import { writeTrips } from './trips.js';

const rowCount = 1_000_000;
const rounds = 7;

/** Times rulesets over a million taxi-like trips next to the same metrics by hand, each in a process of its own. */
export async function benchDq(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-bench-'));
  try {
    const file = join(folder, 'trips.parquet');
    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    await writeTrips(connection, file, rowCount);
    connection.closeSync();
    instance.closeSync();
    const megabytes = ((await stat(file)).size / 1e6).toFixed(0);
    console.log(
      `${rowCount.toLocaleString('en')} trips, ${megabytes} MB of Parquet, ${cpus().length} cores, median of ${rounds}\n`
    );
    const table = new Table({
      head: ['rules', 'by', 'cold s', 'warm s', 'ratio warm', 'peak RSS MB'],
      style: { head: [], border: [] },
    });
    for (const count of [20, rules.length]) {
      const hand = await measure({ file, count, by: 'hand', rounds });
      const ours = await measure({ file, count, by: 'evaluate', rounds });
      table.push(line(count, 'DuckDB by hand', hand, hand), line(count, 'evaluate', ours, hand));
    }
    console.log(table.toString());
  } finally {
    await rm(folder, { recursive: true });
  }
}

function line(count: number, by: string, own: Measurement, hand: Measurement): string[] {
  const seconds = (value: number): string => value.toFixed(3);
  return [
    String(count),
    by,
    seconds(own.cold),
    seconds(own.warm),
    (own.warm / hand.warm).toFixed(2),
    own.peakMb.toFixed(0),
  ];
}

async function measure(task: Task): Promise<Measurement> {
  const child = fork(join(import.meta.dirname, 'measure.ts'), [JSON.stringify(task)]);
  return new Promise((resolve, reject) => {
    child.once('message', (message) => resolve(message as Measurement));
    child.once('exit', (code) => reject(new Error(`The measuring process ended with ${code}`)));
  });
}
