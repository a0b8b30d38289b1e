import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startPostgres } from '../../../local/redshift/index.js';
import { compile, loadModel } from '../../../model/index.js';
import {
  createJob,
  lakeArguments,
  landArguments,
  putExport,
  readReport,
  runJob,
  startLocalGlue,
  temporaryFolder,
} from './local-glue.js';
import type { Item, LocalGlue } from './local-glue.js';

const examples = resolve(import.meta.dirname, '../../../examples');
const names = readdirSync(examples, { withFileTypes: true }).flatMap((entry) =>
  entry.isDirectory() ? [entry.name] : []
);

describe('the Glue jobs with compiled models', () => {
  const place = { folder: '', remove: async () => {} };
  let local: LocalGlue;
  let server: Awaited<ReturnType<typeof startPostgres>>;

  beforeAll(async () => {
    Object.assign(place, await temporaryFolder());
    server = await startPostgres({ folder: join(place.folder, 'postgres'), durable: false });
    local = await startLocalGlue(place.folder, { connections: { warehouse: server.url } });
    await createJob(local.glue, 'lake', 'raw_to_datalake.py');
    await createJob(local.glue, 'land', 'land.py');
  });
  afterAll(async () => {
    await local.close();
    await server.stop();
    await place.remove();
  });

  it.each(names)('lands every generated item of %s', async (name) => {
    const plan = compile(loadModel(join(examples, name, 'warehouse.yaml')));
    const { generateItems } = (await import(join(examples, name, 'sample-data.ts'))) as {
      generateItems(options: { items: number; seed: number }): Iterable<Item>;
    };
    const items = [...generateItems({ items: 600, seed: 7 })];
    const manifest = await putExport(local.store, [items]);
    const lake = await runJob(local.glue, 'lake', lakeArguments(manifest, items.length, plan.lake.spec));
    expect([lake.JobRunState, lake.ErrorMessage]).toEqual(['SUCCEEDED', undefined]);
    const lakeReport = await readReport(local.store, 'lake');
    expect(lakeReport.rejected).toEqual({ items: 0, reasons: [] });
    expect(Object.values(lakeReport.rows).reduce((sum, rows) => sum + rows)).toBe(items.length);

    const warehouse = new pg.Client(server.url);
    await warehouse.connect();
    await warehouse.query('DROP SCHEMA IF EXISTS landing, sluice CASCADE; CREATE SCHEMA landing; CREATE SCHEMA sluice');
    await warehouse.query(
      'CREATE TABLE sluice.landing_loads (entity varchar(128), run_key varchar(512), row_count bigint)'
    );
    for (const { spec } of plan.entities) {
      const columns = spec.columns.map((column) => `"${column.name}" ${column.type}`).join(', ');
      await warehouse.query(`CREATE TABLE landing."${spec.entity}" (${columns})`);
      const run = await runJob(local.glue, 'land', landArguments(spec));
      expect([spec.entity, run.JobRunState, run.ErrorMessage]).toEqual([spec.entity, 'SUCCEEDED', undefined]);
      const report = await readReport(local.store, spec.entity);
      expect([spec.entity, report.rejected.items]).toEqual([spec.entity, 0]);
      const { rows } = await warehouse.query(`SELECT count(*)::int AS n FROM landing."${spec.entity}"`);
      expect(rows).toEqual([{ n: report.rows[spec.target] }]);
      if (spec.explode === undefined) expect(report.rows[spec.target]).toBe(lakeReport.rows[spec.itemType]);
    }
    await warehouse.end();
  });
});
