import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateTableCommand,
  DeleteItemCommand,
  DescribeContinuousBackupsCommand,
  ExportTableToPointInTimeCommand,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { ClassicLevel } from 'classic-level';
import { createDynamoDb } from '../../local/dynamodb/index.js';
import { startGateway } from '../../local/gateway/index.js';
import type { HttpService } from '../../local/gateway/service.js';
import { Catalog } from '../../local/glue/api/catalog.js';
import { serviceLevel } from '../../local/state/entity-store.js';
import { land } from '../../local/glue/jobs/land/index.js';
import { rawToDatalake } from '../../local/glue/jobs/raw-to-datalake/index.js';
import type { JobScript } from '../../local/glue/index.js';
import { createS3 } from '../../local/s3/index.js';
import type { ObjectStore } from '../../local/s3/object-store.js';
import { lakeStateFile, parseLakeState } from '../../model/lake-state.js';
import type { LakeState } from '../../model/lake-state.js';
import type { WarehousePlan } from '../../model/index.js';
import { fullExportAsOf, planExports } from '../../model/windows.js';
import type { ExportPlan } from '../../model/windows.js';
import { clientOf, finished, setRecovery } from '../local/dynamodb/local-dynamodb.js';
import { Warehouse } from '../warehouse/warehouse.js';
import { itemOf, keysOf, smallShop, warehouseSql } from './small-shop.js';
import type { Expected, Kind } from './small-shop.js';

const identity = { account: '000000000000', region: 'us-east-1' };
const elsewhere: HttpService = {
  name: 'elsewhere',
  handle: () => Promise.reject(new Error('only DynamoDB is here')),
  close: () => Promise.resolve(),
};

/** The engines that histories share, without Temporal and without HTTP but for DynamoDB. */
export class Engines {
  #tables = 0;
  #runs = 0;

  private constructor(
    /** Milliseconds since the epoch: DynamoDB's time, and that of the runs. */
    readonly time: { now: number },
    readonly folder: string,
    readonly store: ObjectStore,
    readonly catalog: Catalog,
    readonly dynamodb: DynamoDBClient,
    readonly warehouse: Warehouse,
    private readonly stop: () => Promise<void>
  ) {}

  static async start(): Promise<Engines> {
    const folder = await mkdtemp(join(tmpdir(), 'sluice-histories-'));
    const db = new ClassicLevel<string, string>(join(folder, 'db'));
    await db.open();
    const { service: s3, store } = await createS3({ folder: join(folder, 's3'), db, region: identity.region });
    for (const bucket of ['raw', 'lake']) await store.createBucket(bucket);
    const time = { now: Date.UTC(2026, 0, 1) };
    const clock = (): number => time.now;
    const dynamodb = await createDynamoDb({ folder: join(folder, 'dynamodb'), db, store, ...identity, clock });
    const services = { json: [], dynamodb, sts: elsewhere, s3: elsewhere };
    const gateway = await startGateway({ services, ...identity });
    const client = clientOf(gateway.url);
    const warehouse = await Warehouse.start();
    const catalog = await Catalog.open(serviceLevel(db, 'glue'), identity.account);
    await warehouse.setUp(smallShop('first'));
    return new Engines(time, folder, store, catalog, client, warehouse, async () => {
      client.destroy();
      await gateway.close();
      await dynamodb.close();
      await s3.close();
      await db.close();
      await warehouse.close();
      await rm(folder, { recursive: true, force: true });
    });
  }

  close(): Promise<void> {
    return this.stop();
  }

  /** A new table with an empty warehouse. */
  async newHistory(): Promise<SmallPipeline> {
    this.#tables += 1;
    const plan = smallShop(`history-${this.#tables}`);
    await this.warehouse.empty(plan);
    const { TableDescription: table } = await this.dynamodb.send(
      new CreateTableCommand({
        TableName: plan.source.table,
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: plan.source.keys.map(({ name, type }) => ({ AttributeName: name, AttributeType: type })),
        KeySchema: plan.source.keys.map(({ name, role }) => ({ AttributeName: name, KeyType: role })),
      })
    );
    await setRecovery(this.dynamodb, plan.source.table, true);
    return new SmallPipeline(this, plan, table?.TableArn ?? '', table?.TableId ?? '');
  }

  /** Runs a job's script as the local Glue does. */
  async job(script: JobScript, args: Record<string, string>): Promise<void> {
    this.#runs += 1;
    const folder = join(this.folder, `job-${this.#runs}`);
    await mkdir(folder);
    const { store, catalog, warehouse } = this;
    const shared = {
      store,
      catalog,
      connections: { warehouse: warehouse.url },
      limits: { threads: 1 },
      ruleset: () => undefined,
    };
    const signal = new AbortController().signal;
    await script({ runId: `run-${this.#runs}`, arguments: args, signal, folder, ...shared });
    await rm(folder, { recursive: true });
  }
}

type View = 'NEW_IMAGE' | 'NEW_AND_OLD_IMAGES';

/** How a run goes; default: all the way, with NEW_IMAGE. */
export interface RunOptions {
  readonly incremental: boolean;
  readonly view?: View;
  readonly toLake?: boolean;
}

/** One table and its pipeline: what `elt` does, step by step, but without Temporal. */
export class SmallPipeline {
  #runs = 0;

  constructor(
    private readonly engines: Engines,
    private readonly plan: WarehousePlan,
    private readonly tableArn: string,
    private readonly tableId: string
  ) {}

  async put(id: number, kind: Kind, value: number): Promise<void> {
    const TableName = this.plan.source.table;
    await this.engines.dynamodb.send(new PutItemCommand({ TableName, Item: itemOf(id, kind, value) }));
  }

  async delete(id: number): Promise<void> {
    await this.engines.dynamodb.send(new DeleteItemCommand({ TableName: this.plan.source.table, Key: keysOf(id) }));
  }

  /** Switches point-in-time recovery off and on. */
  async interruptRecovery(): Promise<void> {
    await setRecovery(this.engines.dynamodb, this.plan.source.table, false);
    await setRecovery(this.engines.dynamodb, this.plan.source.table, true);
  }

  async #earliest(): Promise<string> {
    const { ContinuousBackupsDescription: backups } = await this.engines.dynamodb.send(
      new DescribeContinuousBackupsCommand({ TableName: this.plan.source.table })
    );
    const { EarliestRestorableDateTime: earliest } = backups?.PointInTimeRecoveryDescription ?? {};
    return earliest?.toISOString() ?? '';
  }

  /** The lake's state; undefined before the first run. */
  async lakeState(): Promise<LakeState | undefined> {
    const key = `${this.plan.source.table}/${lakeStateFile}`;
    if ((await this.engines.store.headObject('lake', key)) === undefined) return undefined;
    return parseLakeState(await readFile(await this.engines.store.filePath('lake', key), 'utf8'));
  }

  /** What an incremental run would export. */
  async planned(): Promise<ExportPlan> {
    const [row] = await this.engines.warehouse.redshift(this.plan.watermark?.sql ?? '');
    const watermark = row && { loadedTo: String(row['watermark']), tableId: String(row['table_id']) };
    const source = { tableId: this.tableId, earliest: await this.#earliest() };
    return planExports({
      now: new Date(this.engines.time.now).toISOString(),
      source,
      lake: await this.lakeState(),
      watermark,
    });
  }

  /**
   * A run. `toLake` ends it there, as a crash would, so that the next one exports the same windows again. Returns what
   * was planned.
   */
  async run(options: RunOptions): Promise<ExportPlan> {
    this.#runs += 1;
    const runKey = `run-${this.#runs}`;
    const plan: ExportPlan = options.incremental ? await this.planned() : { kind: 'baseline', reason: 'asked for' };
    if (plan.kind === 'windows' && plan.windows.length === 0) return plan;
    const { table } = this.plan.source;
    const common = {
      '--run_key': runKey,
      '--lake_uri': `s3://lake/${table}/`,
      '--catalog_database': 'lake',
      '--report_uri': `s3://lake/_sluice/${table}/report.json`,
      '--table_id': this.tableId,
    };
    let asOf = '';
    let lake: Record<string, string>;
    if (plan.kind === 'windows') {
      const manifests = [];
      for (const { from, to } of plan.windows) {
        const window = { from: new Date(from), to: new Date(to) };
        manifests.push(await this.#export({ ...window, view: options.view ?? 'NEW_IMAGE' }));
        asOf = to;
      }
      lake = {
        '--manifests': JSON.stringify(manifests.map(({ uri, items }) => ({ uri, items }))),
        '--previous': common['--lake_uri'],
        '--changes_from': plan.from,
      };
    } else {
      const earliest = await this.#earliest();
      const { uri, items, exportTime } = await this.#export();
      asOf = fullExportAsOf(exportTime.toISOString(), earliest);
      lake = {
        '--manifest_uri': uri,
        '--expected_items': String(items),
        '--export_time': exportTime.toISOString(),
      };
    }
    const spec = JSON.stringify(this.plan.lake.spec);
    await this.engines.job(rawToDatalake, { ...common, ...lake, '--as_of': asOf, '--spec': spec });
    if (options.toLake) return plan;
    for (const entity of this.plan.entities) {
      await this.engines.job(land, {
        ...common,
        '--connection': 'warehouse',
        '--database': new URL(this.engines.warehouse.url).pathname.slice(1),
        '--spec': JSON.stringify(entity.spec),
        '--watermark': asOf,
        '--pipeline': this.plan.name,
      });
    }
    await this.engines.warehouse.load(this.plan, runKey);
    return plan;
  }

  async #export(window?: {
    from: Date;
    to: Date;
    view: View;
  }): Promise<{ uri: string; items: number; exportTime: Date }> {
    const { ExportDescription: started } = await this.engines.dynamodb.send(
      new ExportTableToPointInTimeCommand({
        TableArn: this.tableArn,
        S3Bucket: 'raw',
        S3Prefix: this.plan.source.table,
        ...(window && {
          ExportType: 'INCREMENTAL_EXPORT',
          IncrementalExportSpecification: {
            ExportFromTime: window.from,
            ExportToTime: window.to,
            ExportViewType: window.view,
          },
        }),
      })
    );
    const done = await finished(this.engines.dynamodb, started?.ExportArn);
    const uri = `s3://raw/${(done.ExportManifest ?? '').replace('manifest-summary', 'manifest-files')}`;
    return { uri, items: done.ItemCount ?? 0, exportTime: done.ExportTime ?? new Date(0) };
  }

  /** What lake and warehouse hold, in the form of the model's. */
  async held(): Promise<Expected> {
    const rows = async (sql: string): Promise<string[]> =>
      (await this.engines.warehouse.client.query(sql)).rows.map((row) => JSON.stringify(row)).sort();
    const state = await this.lakeState();
    return {
      customers: await rows(warehouseSql.customers),
      sales: await rows(warehouseSql.sales),
      rejected: state?.datasets['rejected']?.rows ?? -1,
    };
  }
}
