import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import pg from 'pg';
import { translate } from '../../local/redshift/dialect/translate.js';
import { installFunctions } from '../../local/redshift/dialect/install-functions.js';
import { startPostgres } from '../../local/redshift/index.js';
import type { EntityPlan, WarehousePlan } from '../../model/index.js';

export type Item = Record<string, AttributeValue>;
export type Row = Record<string, unknown>;

/** What a land job records of how far the lake reaches. */
export interface Watermark {
  readonly pipeline: string;
  readonly loadedTo: string;
  readonly tableId: string;
}

/** Every row of every table in dwh, as text, in the order of the rows. */
export type Dump = Readonly<Record<string, readonly Row[]>>;

/** A value as text; numbers travel as text all the way, as in the jobs. */
function scalar(value: AttributeValue | undefined): unknown {
  if (value === undefined || 'NULL' in value) return null;
  if ('BOOL' in value) return value.BOOL;
  return 'S' in value ? value.S : 'N' in value ? value.N : null;
}

function follow(item: Item, steps: readonly string[]): AttributeValue | undefined {
  const [first, ...rest] = steps;
  const value = item[first!];
  return rest.length === 0 ? value : value && 'M' in value ? follow(value.M!, rest) : undefined;
}

/** The landing rows of items, made as the lake and land jobs' specifications say. */
export function landingRows(plan: WarehousePlan, entity: EntityPlan, items: readonly Item[]): Row[] {
  const { spec } = entity;
  const type = plan.lake.spec.itemTypes.find(({ name }) => name === spec.itemType)!;
  const matches = (item: Item): boolean =>
    type.match.every(({ attribute, equals, pattern }) => {
      const text = scalar(item[attribute]);
      return equals !== undefined ? text === equals : new RegExp(pattern!.replace('(?s)', ''), 's').test(String(text));
    });
  return items.filter(matches).flatMap((item) => {
    const read = (column: string): AttributeValue | undefined =>
      follow(item, type.columns.find(({ name }) => name === column)!.path);
    const elements: Item[] =
      spec.explode?.flatMap((source): Item[] => {
        if (source.kind === 'list')
          return ((read(source.column) as AttributeValue.LMember | undefined)?.L ?? []).map((one) => one.M!);
        const fields = Object.entries(source.fields).flatMap(([field, column]) => {
          const value = read(column);
          return value === undefined ? [] : [[field, value] as const];
        });
        return fields.length === 0 ? [] : [Object.fromEntries(fields)];
      }) ?? [];
    const rows = spec.explode === undefined ? [undefined] : elements;
    return rows.map((element, position) =>
      Object.fromEntries(
        spec.columns.map(({ name, source }) => {
          if (source.kind === 'position') return [name, position];
          if (source.kind === 'field') return [name, scalar(element![source.field])];
          if (source.kind === 'column') return [name, scalar(read(source.column))];
          if (source.kind === 'writtenAt') return [name, scalar(item['sluice_written_at'])];
          const cut = new RegExp(source.pattern.replace('(?s)', ''), 's').exec(String(scalar(read(source.column))));
          return [name, cut?.[1] ?? null];
        })
      )
    );
  });
}

/** A warehouse on a real PostgreSQL, reached through the local Redshift's dialect. */
export class Warehouse {
  private constructor(
    private readonly stop: () => Promise<void>,
    readonly url: string,
    readonly client: pg.Client
  ) {}

  static async start(): Promise<Warehouse> {
    const folder = await mkdtemp(path.join(tmpdir(), 'sluice-model-'));
    const server = await startPostgres({ folder, durable: false });
    return Warehouse.open(server.url, async () => {
      await server.stop();
      await rm(folder, { recursive: true });
    });
  }

  /** On a PostgreSQL that runs already; `stop` comes after the connection is closed. */
  static async open(url: string, stop: () => Promise<void> = () => Promise.resolve()): Promise<Warehouse> {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await installFunctions(client);
    const close = async (): Promise<void> => {
      await client.end();
      await stop();
    };
    return new Warehouse(close, url, client);
  }

  close(): Promise<void> {
    return this.stop();
  }

  /** Runs one statement of Redshift SQL. */
  async redshift(sql: string): Promise<Row[]> {
    const { rows } = await this.client.query<Row>(translate(sql).sql);
    return rows;
  }

  /** Empties the database and makes the plan's tables and procedures. */
  async setUp(plan: WarehousePlan): Promise<void> {
    for (const schema of ['landing', 'staging', 'dwh', 'sluice']) {
      await this.client.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
    }
    for (const { sql } of plan.setup) await this.redshift(sql);
  }

  /** Empties all tables of a plan that is set up, so that a test begins as after {@link setUp} but sooner. */
  async empty(plan: WarehousePlan): Promise<void> {
    const { rows } = await this.client.query<{ name: string }>(
      `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
       WHERE schemaname IN ('landing', 'staging', 'dwh', 'sluice')`
    );
    await this.client.query(`TRUNCATE ${rows.map(({ name }) => name).join(', ')} RESTART IDENTITY`);
    for (const { sql } of plan.setup.filter((one) => one.sql.startsWith('INSERT'))) await this.redshift(sql);
  }

  /** Replaces a landing table and records the load, as a land job does. */
  async land(entity: EntityPlan, rows: readonly Row[], runKey: string, watermark?: Watermark): Promise<void> {
    const target = `landing."${entity.name}"`;
    const types = entity.spec.columns.map(({ name, type }) => `"${name}" ${type}`).join(', ');
    const names = entity.spec.columns.map(({ name }) => `"${name}"`).join(', ');
    await this.client.query('BEGIN');
    await this.client.query(`DELETE FROM ${target}`);
    await this.client.query(
      `INSERT INTO ${target} (${names}) SELECT ${names} FROM json_to_recordset($1) AS r(${types})`,
      [JSON.stringify(rows)]
    );
    await this.client.query('DELETE FROM sluice.landing_loads WHERE entity = $1', [entity.name]);
    const load = [entity.name, runKey, rows.length];
    await this.client.query('INSERT INTO sluice.landing_loads (entity, run_key, row_count) VALUES ($1, $2, $3)', load);
    if (watermark !== undefined) {
      const { pipeline, loadedTo, tableId } = watermark;
      const name = `landing.${entity.name}`;
      await this.client.query('DELETE FROM sluice.watermarks WHERE pipeline = $1 AND target = $2', [pipeline, name]);
      await this.client.query('INSERT INTO sluice.watermarks VALUES ($1, $2, $3, $4, $5)', [
        ...[pipeline, name, runKey, loadedTo, tableId],
      ]);
    }
    await this.client.query('COMMIT');
  }

  /**
   * Lands all items.
   * @param loadedTo the run's watermark, of the source table `table-1` unless given
   */
  async landAll(
    plan: WarehousePlan,
    items: readonly Item[],
    runKey: string,
    loadedTo?: string,
    tableId = 'table-1'
  ): Promise<void> {
    const watermark = loadedTo === undefined ? undefined : { pipeline: plan.name, loadedTo, tableId };
    for (const entity of plan.entities) await this.land(entity, landingRows(plan, entity, items), runKey, watermark);
  }

  /** Calls one procedure of the plan, by its name. */
  async call(procedure: string, runKey: string): Promise<void> {
    const [schema, name] = procedure.split('.');
    await this.redshift(`CALL "${schema}"."${name}"('${runKey}')`);
  }

  /** Calls all procedures, wave by wave. */
  async load(plan: WarehousePlan, runKey: string): Promise<void> {
    for (const wave of [...plan.staging, ...plan.dimensions, ...plan.facts]) {
      for (const { sql } of wave) await this.redshift(sql.replace(':run_key', `'${runKey}'`));
    }
  }

  /** Calls all procedures, those of a wave at the same time on connections of their own. */
  async together(plan: WarehousePlan, runKey: string): Promise<void> {
    const pool = new pg.Pool({ connectionString: this.url });
    try {
      for (const wave of [...plan.staging, ...plan.dimensions, ...plan.facts]) {
        await Promise.all(wave.map(({ sql }) => pool.query(translate(sql.replace(':run_key', `'${runKey}'`)).sql)));
      }
    } finally {
      await pool.end();
    }
  }

  /** A whole run: lands the items and loads them. */
  async run(plan: WarehousePlan, items: readonly Item[], runKey: string, loadedTo?: string): Promise<void> {
    await this.landAll(plan, items, runKey, loadedTo);
    await this.load(plan, runKey);
  }

  /** All of dwh. */
  async dump(plan: WarehousePlan): Promise<Dump> {
    const names = plan.counts.map(({ table }) => table).filter((table) => table.startsWith('dwh.'));
    const dump: Record<string, Row[]> = {};
    for (const name of names) {
      const quoted = name.replace(/\.(.*)/, '."$1"');
      const { rows } = await this.client.query<{ row: string }>(`SELECT t::text AS row FROM ${quoted} t ORDER BY 1`);
      dump[name] = rows;
    }
    return dump;
  }

  /** Runs the plan's counts: rows by table. */
  async counts(plan: WarehousePlan): Promise<Record<string, number>> {
    const counts: Record<string, number> = {};
    for (const { table, sql } of plan.counts) counts[table] = Number((await this.redshift(sql))[0]!['rows']);
    return counts;
  }

  /** Fact rows with the unknown member by `fact.dimension`, those with some. */
  async unknown(plan: WarehousePlan): Promise<Record<string, number>> {
    const rows = await this.redshift(plan.unknownMembers.sql);
    const entries = rows.map((row) => [`${row['fact']}.${row['dimension']}`, Number(row['rows'])] as const);
    return Object.fromEntries(entries.filter(([, count]) => count > 0));
  }
}
