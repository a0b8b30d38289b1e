import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunDetails } from '../../client/run-types.js';
import { lastLine } from '../client/sluice.js';
import type { SluiceProcess } from '../client/sluice.js';
import { makeScene } from './scene.js';
import type { Scene } from './scene.js';

interface UpDocument {
  readonly env: Record<string, string>;
  readonly temporalUi: string;
  readonly warehouse: string;
  readonly data: string;
}

let scene: Scene;
let data: string;
beforeAll(async () => {
  scene = await makeScene('up');
  data = join(scene.folder, 'data');
});
afterAll(async () => {
  await scene.remove();
});

/** Starts `sluice up` and waits for its document. */
async function up(...args: string[]): Promise<{ process: SluiceProcess; document: UpDocument }> {
  const process = scene.start(['up', ...args, '--json']);
  await process.seen('"temporalUi"');
  scene.note();
  return { process, document: lastLine(process.stdout()) as UpDocument };
}

/** Runs a command in the environment; gives its exit code and document. */
async function run(env: Record<string, string>, ...args: string[]) {
  const process = scene.start([...args, '--json'], env);
  const code = await process.ended;
  return { code, document: lastLine(process.stdout()) as Record<string, unknown>, stderr: process.stderr() };
}

describe('an environment that is kept up', () => {
  let environment: SluiceProcess;
  let env: Record<string, string>;
  let runKey: string;

  it('says how to use it once everything answers, its table loaded', async () => {
    const started = await up('--data', data);
    [environment, env] = [started.process, started.document.env];
    expect(Object.keys(env)).toEqual(
      expect.arrayContaining([
        'AWS_ACCESS_KEY_ID',
        'AWS_ENDPOINT_URL',
        'AWS_REGION',
        'AWS_SECRET_ACCESS_KEY',
        'SLUICE_DATABASE',
        'SLUICE_WORKGROUP',
        'TEMPORAL_ADDRESS',
        'TEMPORAL_NAMESPACE',
      ])
    );
    expect(started.document).toMatchObject({ data, warehouse: expect.stringMatching(/^postgres:\/\//) as string });
    expect((await fetch(started.document.temporalUi)).status).toBe(200);
    expect(environment.stderr()).toContain('Loaded the table ecommerce with');
  });

  it('refuses a second one on the same folder', async () => {
    const { code, stderr } = await run({}, 'up', '--data', data);
    expect(code).toBe(2);
    expect(stderr).toContain(data);
  });

  it('runs the pipeline, watched', async () => {
    const { code, document, stderr } = await run(env, 'run', 'elt', '--watch');
    expect(code, stderr).toBe(0);
    runKey = document['runKey'] as string;
    expect(runKey).toMatch(/^\d{4}-\d\d-\d\d$/);
    expect(document).toMatchObject({ status: 'COMPLETED', alreadyRan: false, workflowId: `elt-ecommerce-${runKey}` });
    expect(document['temporalUi']).toContain(`/workflows/elt-ecommerce-${runKey}`);
    expect(stderr).toContain('Export the table to S3');
  });

  it('reports a run key that already ran, and runs it not again', async () => {
    const { code, document } = await run(env, 'run', 'elt', '--run-key', runKey);
    expect(code).toBe(0);
    expect(document).toMatchObject({ runKey, alreadyRan: true, status: 'COMPLETED' });
    const { document: listed } = await run(env, 'runs');
    expect(listed['runs']).toHaveLength(1);
  });

  it('makes a new run with --fresh, and refuses a run key that cannot be one', async () => {
    const fresh = await run(env, 'run', 'elt', '--fresh', '--watch');
    expect(fresh.code, fresh.stderr).toBe(0);
    expect(fresh.document['runKey']).toMatch(/^\d{4}-\d\d-\d\dT\d{6}Z-[0-9a-f]{4}$/);
    const bad = await run(env, 'run', 'elt', '--run-key', 'a b');
    expect(bad.code).toBe(2);
    expect(bad.document).toMatchObject({ error: { message: expect.stringContaining('"a b"') as string } });
  });

  it('lists runs, the latest first, and those of one table', async () => {
    const { document } = await run(env, 'runs');
    const runs = document['runs'] as { runKey: string; table: string; status: string }[];
    expect(runs.map(({ table, status }) => ({ table, status }))).toEqual([
      { table: 'ecommerce', status: 'COMPLETED' },
      { table: 'ecommerce', status: 'COMPLETED' },
    ]);
    expect(runs[1]?.runKey).toBe(runKey);
    expect((await run(env, 'runs', '--limit', '1')).document['runs']).toHaveLength(1);
    expect((await run(env, 'runs', '--table', "o'hara")).document).toEqual({ runs: [] });
  });

  it('shows a run by its key and by its workflow id', async () => {
    const byKey = await run(env, 'show', runKey);
    expect(byKey.code).toBe(0);
    const details = byKey.document as unknown as RunDetails;
    expect(details).toMatchObject({ runKey, status: 'COMPLETED', table: 'ecommerce' });
    expect(details.progress?.stages.map(({ name, state }) => `${name} ${state}`)).toEqual(
      ['prepare', 'archive', 'export', 'lake', 'landing', 'staging', 'dwh', 'counts'].map((stage) => `${stage} done`)
    );
    const steps = details.progress?.stages.flatMap((stage) => stage.steps) ?? [];
    expect(steps.find(({ name }) => name === 'export')?.remoteId).toMatch(/^arn:aws:dynamodb:/);
    expect(details.result?.tables['dwh.order']).toBeGreaterThan(0);
    expect((await run(env, 'show', `elt-ecommerce-${runKey}`)).document).toEqual(byKey.document);
    const unknown = await run(env, 'show', 'never-ran');
    expect(unknown.code).toBe(2);
    const people = scene.start(['show', runKey], env);
    expect(await people.ended).toBe(0);
    expect(people.stdout()).toMatch(/│ landing +│ land_job +│ done +│/);
  });

  it('answers queries with numbers, exact decimals and nulls', async () => {
    const sql = `SELECT 1 AS i, 2.50::numeric(10,2) AS d, 0.5::float8 AS f, NULL::varchar AS n, true AS b, DATE '2024-02-29' AS day`;
    const { code, document } = await run(env, 'query', sql);
    expect(code).toBe(0);
    expect(document['rows']).toEqual([[1, '2.50', 0.5, null, true, '2024-02-29']]);
    expect(
      (document['columns'] as { name: string; type: string }[]).map(({ name, type }) => `${name} ${type}`)
    ).toEqual(['i int4', 'd numeric', 'f float8', 'n varchar', 'b bool', 'day date']);
  });

  it('gives every page of a long result', async () => {
    const wide = `SELECT n, repeat('x', 1000) AS text FROM generate_series(1, 3000) AS n ORDER BY n`;
    const { code, document } = await run(env, 'query', wide);
    expect(code).toBe(0);
    expect((document['rows'] as [number, string][]).map(([n]) => n)).toEqual(
      Array.from({ length: 3000 }, (_, n) => n + 1)
    );
  });

  it("tells an SQL error in the database's words, and an integer that would be rounded", async () => {
    const wrong = await run(env, 'query', 'SELECT * FROM dwh.nowhere');
    expect(wrong.code).toBe(1);
    expect(wrong.document).toMatchObject({ error: { message: expect.stringContaining('dwh.nowhere') as string } });
    const large = await run(env, 'query', 'SELECT 9007199254740993::bigint AS big');
    expect(large.code).toBe(1);
    expect(large.stderr).toContain('Column big');
  });

  it('is pointed to by a command that does not know it', async () => {
    const query = scene.start(['query', 'SELECT 1']);
    expect(await query.ended).toBe(2);
    expect(query.stderr()).toContain(`export AWS_ENDPOINT_URL=${env['AWS_ENDPOINT_URL']}`);
    const runs = scene.start(['runs']);
    expect(await runs.ended).toBe(2);
    expect(runs.stderr()).toContain(`export TEMPORAL_ADDRESS=${env['TEMPORAL_ADDRESS']}`);
  });

  it('is stopped by down, which is a success for both', async () => {
    scene.note();
    const down = await run({}, 'down', '--data', data);
    expect({ code: down.code, document: down.document }).toEqual({
      code: 0,
      document: { stopped: [{ pid: environment.child.pid, data }] },
    });
    expect(await environment.ended).toBe(0);
    expect(await scene.leftovers()).toEqual({ processes: [], files: [] });
    expect((await run({}, 'down')).document).toEqual({ stopped: [] });
  });

  it('comes back on its folder with its items, runs and rows; a worker of its own drains on SIGTERM', async () => {
    const again = await up('--data', data, '--no-worker');
    expect(again.process.stderr()).not.toContain('Load the table');
    const { env: variables } = again.document;
    const { document } = await run(variables, 'query', 'SELECT count(*) FROM dwh."order"');
    expect((document['rows'] as number[][])[0]?.[0]).toBeGreaterThan(0);
    expect((await run(variables, 'runs')).document['runs']).toHaveLength(2);

    const worker = scene.start(['worker', '--json'], variables);
    await worker.seen('Working on task queues sluice');
    const { code, stderr } = await run(variables, 'run', 'elt', '--run-key', 'by-the-other-worker', '--watch');
    expect(code, stderr).toBe(0);
    worker.child.kill('SIGTERM');
    expect(await worker.ended, worker.stderr()).toBe(0);
    expect(lastLine(worker.stdout())).toEqual({
      taskQueue: 'sluice',
      queues: ['main', 'redshift'],
      namespace: 'default',
      drained: true,
    });

    scene.note();
    again.process.child.kill('SIGINT');
    expect(await again.process.ended).toBe(130);
    expect(await scene.leftovers()).toEqual({ processes: [], files: [] });
  });
});

describe('an environment that cannot start', () => {
  it('for a port in use names it and exits with 2', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    const { code, stderr } = await run({}, 'up', '--port', String(port));
    taken.close();
    expect(code).toBe(2);
    expect(stderr).toContain(`Port ${port}`);
    expect((await scene.leftovers()).files).toEqual([]);
  });

  it('for a Temporal server that does not answer names its address', async () => {
    const { code, stderr } = await run({ TEMPORAL_ADDRESS: '127.0.0.1:1' }, 'up');
    expect(code).toBe(2);
    expect(stderr).toContain('127.0.0.1:1');
    expect((await scene.leftovers()).files).toEqual([]);
  });
});
