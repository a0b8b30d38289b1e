/**
 * A contestant in a Node process of its own: `evaluate` of what was built, or SQL by hand, on DuckDB. Plain JavaScript,
 * because compiling TypeScript would take longer than what is measured. Takes its task as JSON and prints what the
 * Python contestants do: a line after the cold evaluation, another after the warm ones.
 */
import { DuckDBInstance } from '@duckdb/node-api';

const task = JSON.parse(process.argv[2]);
const quality = task.sql === undefined ? await import('../../dist/quality/index.js') : undefined;
const connection = await (await DuckDBInstance.create(':memory:')).connect();
await connection.run(`CREATE VIEW trips AS SELECT * FROM '${task.file.replaceAll("'", "''")}'`);

async function evaluation() {
  if (quality === undefined) return void (await connection.runAndReadAll(task.sql));
  const { rules } = await quality.evaluate({ ruleset: quality.parse(task.ruleset), connection, primary: 'trips' });
  return rules.map(({ result, metrics }, at) => [at, result === 'PASS', Object.values(metrics)[0] ?? null]);
}

console.log(JSON.stringify({ results: (await evaluation()) ?? [] }));
const warm = [];
for (let index = 0; index < task.warm; index += 1) {
  const start = performance.now();
  await evaluation();
  warm.push((performance.now() - start) / 1000);
}
console.log(JSON.stringify({ warm, peakMb: process.resourceUsage().maxRSS / 1024 }));
