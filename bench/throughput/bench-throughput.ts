import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { generateItems } from '../../examples/ecommerce/sample-data.js';
import { loadItems } from '../../local/environment/load-items.js';
import { eltWorkflowOptions } from '../../model/elt-run.js';
import type { WarehousePlan } from '../../model/plan.js';
import { deployment, provisionPlan } from '../../test/workflows/stack.js';
import { createAwsClients } from '../../workers/aws-clients.js';
import { startEnvironment } from '../environment.js';
import { publish } from '../report/report.js';
import type { Measured } from '../report/report.js';
import type { elt } from '../../workflows/index.js';
import { ProcessGroups } from './process-usage.js';
import { smallPlan } from './small-model.js';

/** Sizes of {@link benchThroughput}. */
export interface ThroughputBenchOptions {
  /** How many pipelines at once, one figure after the other. */
  readonly concurrent: readonly number[];
  readonly json: boolean;
}

const items = [...generateItems({ items: 100, seed: 3 })].filter(({ type }) => type?.S === 'order');

const columns = [
  'pipelines/min',
  'seconds each',
  'CPU used %',
  'worker CPU s each',
  'local AWS CPU s each',
  'Temporal CPU s each',
  'worker MiB',
  'local AWS MiB',
  'Temporal MiB',
];

/** Does the work with so many of it under way at once. */
async function inTurns<T, R>(all: readonly T[], atOnce: number, work: (one: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const waiting = [...all.entries()];
  const turn = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) results[next[0]] = await work(next[1]);
  };
  await Promise.all(Array.from({ length: atOnce }, turn));
  return results;
}

/**
 * Small pipelines at the same time on one worker: each has a table, jobs and warehouse tables of its own, so that none
 * waits for another's lock or for a place in its Glue job.
 */
export async function benchThroughput({ concurrent, json }: ThroughputBenchOptions): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-bench-'));
  // The local Data API has no quotas to be kept.
  const settings = 'worker: { redshift: { activitiesPerSecond: 0 } }\n';
  const environment = await startEnvironment(folder, { settings });
  const clients = createAwsClients({ ...process.env, ...environment.env });
  const connection = await Connection.connect({ address: environment.env['TEMPORAL_ADDRESS'] });
  const measured: Measured[] = [];
  let shares = '';
  try {
    const client = new Client({ connection, namespace: environment.env['TEMPORAL_NAMESPACE'] });
    const groups = new ProcessGroups(environment.processes);
    let opened = 0;
    const open = (count: number): Promise<WarehousePlan[]> =>
      inTurns(Array.from({ length: count }), 8, async () => {
        const plan = smallPlan(`p${(opened += 1)}`);
        await provisionPlan({ clients }, plan);
        await loadItems(clients.dynamodb, plan.source, items);
        return plan;
      });
    const run = async (plan: WarehousePlan): Promise<number> => {
      const options = eltWorkflowOptions(plan, deployment, 'run-1');
      const { tables } = await client.workflow.execute<typeof elt>('elt', options);
      return tables[plan.entities[0]?.spec.target ?? ''] ?? 0;
    };
    for (const plan of await open(1)) await run(plan); // the first of a worker compiles and connects
    for (const count of concurrent) {
      const plans = await open(count);
      groups.resetPeaks();
      const before = groups.usage();
      const began = performance.now();
      const taken = await Promise.all(
        plans.map(async (plan) => {
          const rows = await run(plan);
          if (rows !== items.length) throw new Error(`${plan.name} loaded ${rows} rows of ${items.length}`);
          return (performance.now() - began) / 1000;
        })
      );
      const seconds = (performance.now() - began) / 1000;
      const after = groups.usage();
      const cpu = (of: keyof typeof after): number => after[of].cpu - before[of].cpu;
      const used = cpu('worker') + cpu('localAws') + cpu('temporal') + cpu('postgres');
      const share = (of: keyof typeof after): string => `${Math.round((100 * cpu(of)) / used)} %`;
      shares =
        `Of the CPU time with ${count} at once: Temporal’s development server ${share('temporal')}, the worker ` +
        `${share('worker')}, the local AWS ${share('localAws')}, PostgreSQL’s connections that lasted ${share('postgres')}.`;
      const values = [
        (60 * count) / seconds,
        taken.reduce((sum, one) => sum + one, 0) / count,
        (100 * used) / seconds / cpus().length,
        cpu('worker') / count,
        cpu('localAws') / count,
        cpu('temporal') / count,
        after.worker.memory,
        after.localAws.memory,
        after.temporal.memory,
      ];
      const samples = Object.fromEntries(columns.map((column, index) => [column, [values[index] ?? NaN]]));
      measured.push({ by: `${count} at once`, samples });
      console.error(`${count} at once: ${seconds.toFixed(1)} s`, JSON.stringify(samples));
    }
  } finally {
    await connection.close();
    clients.destroy();
    await environment.stop();
    await rm(folder, { recursive: true, force: true });
  }
  publish(
    {
      bench: 'throughput',
      title: `Small pipelines (${items.length} items, an export, two Glue runs, a dimension, a fact), all started at once on one worker`,
      columns,
      reference: { by: measured[0]?.by ?? '', columns: ['pipelines/min'] },
      measured,
      notes: [
        'Each loads a table of its own into warehouse tables of its own. "CPU used" is that of worker, local AWS, Temporal and ' +
          'PostgreSQL, of all cores; the CPU seconds of Temporal are those of the development server.',
        shares,
        'Where CPU used is near 100 % the machine’s cores are the limit. On AWS the first limits are others: 50 Glue runs at ' +
          'once in an account, and the rate of the Data API, see docs/temporal.md.',
      ],
    },
    json
  );
}
