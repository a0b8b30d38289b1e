import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import getPort from 'get-port';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { startPostgres } from '../../local/redshift/index.js';
import { lastLine, root } from '../client/sluice.js';
import { makeScene } from './scene.js';
import type { Scene } from './scene.js';

interface ComposeFile {
  readonly services: Record<
    string,
    { command: string[]; environment: Record<string, string>; healthcheck: { test: string[] } }
  >;
}

/*
 * The commands of docker-compose.yml's `aws` and `worker` services, started by hand with this machine's ports and
 * addresses in place of the containers': what the file says is what runs.
 */
describe('the services of docker-compose.yml, started by hand', () => {
  const { services } = parse(readFileSync(join(root, 'docker-compose.yml'), 'utf8')) as ComposeFile;
  let scene: Scene;
  let warehouse: Awaited<ReturnType<typeof startPostgres>>;
  beforeAll(async () => {
    scene = await makeScene('compose');
    warehouse = await startPostgres({ folder: join(scene.folder, 'warehouse'), durable: false });
  });
  afterAll(async () => {
    await warehouse.stop();
    await scene.remove();
  });

  it('run the pipeline into a PostgreSQL of its own', async () => {
    const here: Record<string, string> = {
      '--data': join(scene.folder, 'data'),
      '--host': '127.0.0.1',
      '--port': '', // a free one
      '--warehouse': warehouse.url,
    };
    const command = (services['aws']?.command ?? []).flatMap((argument) => {
      const [name = '', value] = argument.split('=', 2);
      if (value === undefined) return [name];
      const mine = here[name] ?? value;
      return mine === '' ? [] : [name, mine];
    });
    expect(command.slice(0, 2)).toEqual(['up', '--no-worker']);

    const aws = scene.start([...command, '--json']);
    await aws.seen('"temporalUi"');
    const { env, ...document } = lastLine(aws.stdout()) as { env: Record<string, string>; warehouse: string };
    expect(document.warehouse).toBe(warehouse.url);
    const workerEnv = services['worker']?.environment ?? {};
    const watching = /^(SLUICE_(METRICS|HEALTH)_ADDRESS|OTEL_\w+|OPENLINEAGE_URL)$/;
    const needed = Object.keys(workerEnv).filter((name) => !watching.test(name));
    expect(Object.keys(env)).toEqual(expect.arrayContaining(needed));

    const health = `127.0.0.1:${await getPort()}`;
    const worker = scene.start(services['worker']?.command ?? [], { ...env, SLUICE_HEALTH_ADDRESS: health });
    const run = scene.start(['run', 'elt', '--watch', '--json'], env);
    expect(await run.ended, run.stderr()).toBe(0);

    const query = scene.start(['query', 'select count(*) as n from dwh."order"', '--json'], env);
    expect(await query.ended, query.stderr()).toBe(0);
    const { rows } = lastLine(query.stdout()) as { rows: [[number]] };
    expect(rows[0][0]).toBeGreaterThan(3_000);

    const check = services['worker']?.healthcheck.test.at(-1) ?? '';
    expect(check).toContain(`http://${workerEnv['SLUICE_HEALTH_ADDRESS']}/healthz`);
    const checked = spawnSync(process.execPath, [
      '-e',
      check.replace(workerEnv['SLUICE_HEALTH_ADDRESS'] ?? '', health),
    ]);
    expect(checked.status).toBe(0);

    scene.note();
    worker.child.kill('SIGTERM');
    expect(await worker.ended, worker.stderr()).toBe(0);
    aws.child.kill('SIGTERM');
    expect(await aws.ended, aws.stderr()).toBe(0);
    expect((await scene.leftovers()).processes).toEqual([]);
  });
});
