import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { cacheFolder } from '../../local/process/user-folders.js';
import { publish } from '../report/report.js';
import { checkAnswers, expectedNumbers } from './check-answers.js';
import type { Expected } from './check-answers.js';
import { byHand, ownContestants, peers } from './contestants.js';
import type { Contestant } from './contestants.js';
import type { Measured } from './rules.js';
import { rulesFor } from './rules.js';
import { literal } from './sql-text.js';
import { writeTrips } from './trips.js';

/** Options of `npm run bench -- dq`. */
export interface DqOptions {
  /** Numbers of trips, a result of its own for each. */
  readonly rows: readonly number[];
  readonly rounds: number;
  readonly withoutPeers?: boolean;
  readonly json: boolean;
}

/** Slow contestants are measured once at each size, with as many warm evaluations. */
const warmOfSlow = 2;
const warmOfOthers = 4;

/** Times 20 and 55 rules over trips in Parquet: Sluice, SQL by hand and peers, each in processes of its own. */
export async function benchDq({ rows, rounds, withoutPeers, json }: DqOptions): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-bench-'));
  try {
    const contestants = [...ownContestants(folder), ...(withoutPeers ? [] : await peers())];
    for (const count of rows) await benchSize(count, contestants, rounds, json);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function benchSize(
  rows: number,
  contestants: readonly Contestant[],
  rounds: number,
  json: boolean
): Promise<void> {
  const file = await tripsFile(rows);
  const all = rulesFor(rows);
  const expected = await numbersOf(file, all);
  const samples = new Map<string, Record<string, number[]>>(contestants.map(({ by }) => [by, {}]));
  const sizes = [20, all.length];
  // The first round warms the file system's cache and is not counted; slow contestants do without.
  for (let round = 0; round <= rounds; round += 1) {
    for (const count of sizes) {
      const rules = all.slice(0, count);
      for (const contestant of contestants) {
        if (contestant.slow && round !== 1) continue;
        const warm = contestant.slow ? warmOfSlow : warmOfOthers;
        const run = await contestant.run({ file, rules, warm });
        checkAnswers(contestant, rules, contestant.by === byHand ? handAnswers(rules) : run.answers, expected);
        if (round === 0) continue;
        const own = samples.get(contestant.by)!;
        (own[`${count} rules cold s`] ??= []).push(run.cold);
        (own[`${count} rules warm s`] ??= []).push(...run.warm);
        (own[`${count} rules peak MB`] ??= []).push(run.peakMb);
      }
    }
  }
  const columns = sizes.flatMap((count) => ['cold s', 'warm s', 'peak MB'].map((what) => `${count} rules ${what}`));
  const millions = rows / 1e6;
  publish(
    {
      bench: `dq-${millions >= 1 ? `${millions}m` : rows}`,
      title: `Data quality rules over ${rows.toLocaleString('en')} taxi-like trips of 20 columns in one Parquet file`,
      columns,
      reference: { by: byHand, columns: columns.filter((column) => !column.endsWith('MB')) },
      measured: contestants.map(({ by }) => ({ by, samples: samples.get(by)! })),
      notes: [
        'Cold: from the start of a process to the end of its first evaluation (of `sluice dq evaluate`, to its own end). Warm: each later evaluation in the process, of the file again.',
        `Every verdict, and every metric that a contestant tells, is checked against SQL by hand. ${rounds} rounds; the slow ones once, with ${warmOfSlow} warm evaluations.`,
        '`sluice dq evaluate` also counts the rows that fail each rule, which the others do not.',
        ...contestants.flatMap((contestant) => leftOut(contestant, all)),
      ],
    },
    json
  );
}

/** SQL by hand is what the others are checked against. */
function handAnswers(rules: readonly Measured[]): [number, boolean, null][] {
  return rules.map((_, at) => [at, true, null]);
}

function leftOut({ by, says }: Contestant, rules: readonly Measured[]): string[] {
  const unsaid = rules.filter((rule) => !says(rule));
  if (unsaid.length === 0) return [];
  const types = [...new Set(unsaid.map(({ rule }) => rule.split(' ')[0]!))].join(', ');
  const ofTwenty = rules.slice(0, 20).filter((rule) => !says(rule)).length;
  return [`${by} cannot say ${unsaid.length} of the ${rules.length} rules and ${ofTwenty} of the 20: ${types}.`];
}

/** The file with so many trips, written once and kept in the cache folder. */
async function tripsFile(rows: number): Promise<string> {
  const folder = join(cacheFolder(), 'bench');
  const file = join(folder, `trips-1-${rows}.parquet`);
  if (existsSync(file)) return file;
  mkdirSync(folder, { recursive: true });
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  await writeTrips(connection, `${file}.part`, rows);
  connection.closeSync();
  instance.closeSync();
  renameSync(`${file}.part`, file);
  return file;
}

async function numbersOf(file: string, rules: readonly Measured[]): Promise<Expected> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  try {
    await connection.run(`CREATE VIEW trips AS SELECT * FROM ${literal(file)}`);
    return await expectedNumbers(connection, rules);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
