import { DeleteObjectsCommand, S3Client, paginateListObjectsV2 } from '@aws-sdk/client-s3';
import pg from 'pg';
import type { BenchEnvironment } from '../environment.js';

interface Step {
  readonly name: string;
  readonly startedAt?: string;
  readonly endedAt?: string;
}

interface Stage {
  readonly name: string;
  readonly startedAt: string;
  readonly endedAt: string;
  readonly steps: readonly Step[];
}

const dropSchemas = 'DROP SCHEMA IF EXISTS landing, landing_raw, landing_raw_staging, staging, dwh, sluice CASCADE';
const secondsBetween = (from: string, to: string): number => (Date.parse(to) - Date.parse(from)) / 1000;

/** Runs SQL on the warehouse and returns the first row of the last statement's result. */
export async function sql(url: string, text: string): Promise<unknown> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const results = [await client.query<Record<string, unknown>>(text)].flat();
    return results.at(-1)?.rows[0];
  } finally {
    await client.end();
  }
}

/** The fact's rows and revenue and the addresses, by which all contestants are held to have done the same. */
export async function outcome(url: string): Promise<string> {
  const found = await sql(
    url,
    `SELECT count(*) AS rows, sum(price) AS revenue,
      (SELECT count(*) FROM dwh.address WHERE addresskey > 0) AS addresses FROM dwh."order"`
  );
  return JSON.stringify(found);
}

/** Empties the warehouse. */
export async function emptyWarehouse(url: string): Promise<void> {
  await sql(url, dropSchemas);
}

/** Everything but the table as it was before the first run. */
async function forget({ aws, warehouse }: BenchEnvironment): Promise<void> {
  await emptyWarehouse(warehouse);
  const s3 = new S3Client({ ...aws, forcePathStyle: true });
  for (const Bucket of ['sluice-raw', 'sluice-lake', 'sluice-raw-archive', 'sluice-lake-archive']) {
    for await (const { Contents = [] } of paginateListObjectsV2({ client: s3 }, { Bucket })) {
      const Objects = Contents.map(({ Key }) => ({ Key }));
      if (Objects.length > 0) await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
    }
  }
  s3.destroy();
}

/** Seconds in which at least one of the steps was under way after `from`. */
function busySeconds(steps: readonly Step[], from: string): number {
  const spans = steps
    .flatMap(({ startedAt, endedAt }) => (startedAt && endedAt ? [[startedAt, endedAt] as const] : []))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  let [reached, busy] = [from, 0];
  for (const [start, end] of spans) {
    if (end <= reached) continue;
    busy += secondsBetween(start > reached ? start : reached, end);
    reached = end;
  }
  return busy;
}

/**
 * A whole run that begins with nothing, timed from the moment its export stands in S3 to the moment the workflow has ended:
 * seconds by column. `between steps s` is the part of the total in which no step was under way.
 */
export async function runSluice(environment: BenchEnvironment): Promise<Record<string, number>> {
  await forget(environment);
  const { workflowId } = await environment.run('run', 'elt', '--fresh', '--watch');
  const shown = await environment.run('show', String(workflowId));
  const { stages } = shown['progress'] as { stages: readonly Stage[] };
  const from = stages.find(({ name }) => name === 'export')?.steps.find(({ name }) => name === 'export')?.endedAt ?? '';
  const spent = (...names: string[]): number =>
    stages
      .filter(({ name }) => names.includes(name))
      .reduce((sum, one) => sum + secondsBetween(one.startedAt, one.endedAt), 0);
  const total = secondsBetween(from, String(shown['endedAt']));
  return {
    'lake s': spent('lake'),
    'landing s': spent('landing'),
    'star s': spent('staging', 'dwh'),
    'total s': total,
    'between steps s':
      total -
      busySeconds(
        stages.flatMap(({ steps }) => steps),
        from
      ),
  };
}
