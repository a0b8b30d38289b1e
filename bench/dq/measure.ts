import { DuckDBInstance } from '@duckdb/node-api';
import { evaluate, parse } from '../../quality/index.js';
import { handWritten, rulesetOf } from './rules.js';
import { literal } from './sql-text.js';

/** What one measuring process does. */
export interface Task {
  file: string;
  count: number;
  by: 'hand' | 'evaluate';
  rounds: number;
}

/** Seconds of the first round and the median of the others; peak resident memory of the process. */
export interface Measurement {
  cold: number;
  warm: number;
  peakMb: number;
}

const task = JSON.parse(process.argv[2]!) as Task;
const instance = await DuckDBInstance.create(':memory:');
const connection = await instance.connect();
await connection.run(`CREATE VIEW trips AS SELECT * FROM ${literal(task.file)}`);

async function round(): Promise<void> {
  if (task.by === 'hand') {
    await connection.runAndReadAll(handWritten(task.count));
    return;
  }
  const ruleset = parse(rulesetOf(task.count));
  const { rules } = await evaluate({ ruleset, connection, primary: 'trips' });
  const bad = rules.filter(({ result }) => result !== 'PASS');
  if (bad.length > 0) throw new Error(bad.map(({ rule, message }) => `${rule}: ${message}`).join('\n'));
}

const seconds: number[] = [];
for (let index = 0; index <= task.rounds; index++) {
  const start = performance.now();
  await round();
  seconds.push((performance.now() - start) / 1000);
}
const [cold, ...warm] = seconds;
warm.sort((a, b) => a - b);
const result: Measurement = {
  cold: cold!,
  warm: warm[Math.floor(warm.length / 2)]!,
  peakMb: process.resourceUsage().maxRSS / 1024,
};
process.send!(result, () => process.disconnect());
