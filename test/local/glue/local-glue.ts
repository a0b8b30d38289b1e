import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { CreateJobCommand, GetJobRunCommand, GlueClient, StartJobRunCommand } from '@aws-sdk/client-glue';
import type { JobRun } from '@aws-sdk/client-glue';
import { DuckDBInstance } from '@duckdb/node-api';
import { ClassicLevel } from 'classic-level';
import { startGateway } from '../../../local/gateway/index.js';
import type { HttpService } from '../../../local/gateway/service.js';
import { createGlue } from '../../../local/glue/index.js';
import type { GlueOptions } from '../../../local/glue/index.js';
import type { JobReport } from '../../../local/glue/jobs/job-report.js';
import { createS3 } from '../../../local/s3/index.js';
import type { ObjectStore } from '../../../local/s3/object-store.js';
import type { LakeJobSpec, LandJobSpec } from '../../../model/plan.js';

/** An item in DynamoDB JSON. */
export type Item = Readonly<Record<string, object>>;

/** A local S3 and Glue behind a gateway, with an SDK client. */
export interface LocalGlue {
  readonly glue: GlueClient;
  readonly store: ObjectStore;
  readonly url: string;
  /** Ends gateway, Glue and database, leaving the data. */
  close(): Promise<void>;
}

const absent: HttpService = {
  name: 'absent',
  async handle(_request, response) {
    response.writeHead(404).end();
  },
  close: async () => undefined,
};

export async function temporaryFolder(): Promise<{ folder: string; remove(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice glue-'));
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}

/** Starts S3 and Glue on `folder`; a second start finds what the first has left. */
export async function startLocalGlue(
  folder: string,
  options: Partial<Pick<GlueOptions, 'connections' | 'scripts' | 'minuteMs' | 'limits' | 'publishEvent'>> = {}
): Promise<LocalGlue> {
  const [account, region] = ['000000000000', 'us-east-1'];
  const db = new ClassicLevel<string, string>(join(folder, 'db'));
  await db.open();
  const { service: s3, store } = await createS3({ folder: join(folder, 's3'), db, region });
  for (const bucket of ['raw', 'lake']) if (!(await bucketExists(store, bucket))) await store.createBucket(bucket);
  const workFolder = join(folder, 'work');
  const service = await createGlue({ db, store, workFolder, account, region, connections: {}, ...options });
  const services = { json: [service], s3, dynamodb: absent, sts: absent };
  const gateway = await startGateway({ services, account, region });
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const glue = new GlueClient({ endpoint: gateway.url, region, credentials, maxAttempts: 1 });
  const close = async (): Promise<void> => {
    glue.destroy();
    await gateway.close();
    await service.close();
    await s3.close();
    await db.close();
  };
  return { glue, store, url: gateway.url, close };
}

async function bucketExists(store: ObjectStore, bucket: string): Promise<boolean> {
  try {
    for await (const _ of store.listObjects(bucket, '')) break;
    return true;
  } catch {
    return false;
  }
}

/** Creates a job that runs `script` and returns its name. */
export async function createJob(glue: GlueClient, name: string, script: string, more: object = {}): Promise<string> {
  const Command = { Name: 'glueetl', ScriptLocation: `s3://sluice-assets/glue/${script}` };
  await glue.send(new CreateJobCommand({ Name: name, Role: 'arn:aws:iam::000000000000:role/glue', Command, ...more }));
  return name;
}

const terminal = new Set(['STOPPED', 'SUCCEEDED', 'FAILED', 'TIMEOUT', 'ERROR', 'EXPIRED']);

/** Waits until the run is in one of `states`, by default the terminal ones. */
export async function awaitRun(glue: GlueClient, job: string, id: string, states = terminal): Promise<JobRun> {
  for (;;) {
    const { JobRun: run = {} } = await glue.send(new GetJobRunCommand({ JobName: job, RunId: id }));
    if (states.has(run.JobRunState ?? '')) return run;
    await sleep(10);
  }
}

/** Starts the job and waits for its end. */
export async function runJob(glue: GlueClient, job: string, args: Record<string, string>): Promise<JobRun> {
  const { JobRunId = '' } = await glue.send(new StartJobRunCommand({ JobName: job, Arguments: args }));
  return awaitRun(glue, job, JobRunId);
}

/** Puts an export as DynamoDB writes it: a data file per list of lines, and the manifest, whose URI is returned. */
export async function putExport(
  store: ObjectStore,
  files: readonly (readonly Item[] | Buffer)[],
  change: { readonly itemCounts?: readonly number[]; readonly keyPrefix?: string; readonly md5?: string } = {}
): Promise<string> {
  const folder = 'shop/AWSDynamoDB/01700000000000-abcdef12';
  const lines: string[] = [];
  for (const [index, content] of files.entries()) {
    const items = Buffer.isBuffer(content) ? [] : content;
    const text = items.map((item) => `${JSON.stringify({ Item: item })}\n`).join('');
    const body = Buffer.isBuffer(content) ? content : gzipSync(text);
    const key = `${folder}/data/file${index}.json.gz`;
    await store.putObject('raw', key, body);
    lines.push(
      JSON.stringify({
        itemCount: change.itemCounts?.[index] ?? items.length,
        md5Checksum: change.md5 ?? createHash('md5').update(body).digest('base64'),
        etag: 'x-1',
        dataFileS3Key: key.slice(change.keyPrefix?.length ?? 0),
      })
    );
  }
  const manifest = `${folder}/manifest-files.json`;
  await store.putObject('raw', manifest, lines.map((line) => `${line}\n`).join(''));
  return `s3://raw/${manifest}`;
}

/** Arguments of the lake job. */
export function lakeArguments(
  manifestUri: string,
  expectedItems: number,
  spec: LakeJobSpec,
  runKey = 'run-1'
): Record<string, string> {
  return {
    '--sluice_token': 'token',
    '--run_key': runKey,
    '--manifest_uri': manifestUri,
    '--expected_items': String(expectedItems),
    '--as_of': '2026-03-01T00:00:00Z',
    '--table_id': 'table-1',
    '--lake_uri': 's3://lake/shop/',
    '--catalog_database': 'sluice_lake',
    '--report_uri': 's3://lake/_sluice/shop/lake.json',
    '--spec': JSON.stringify(spec),
  };
}

/** Arguments of a land job. */
export function landArguments(spec: LandJobSpec, runKey = 'run-1'): Record<string, string> {
  return {
    '--sluice_token': 'token',
    '--run_key': runKey,
    '--lake_uri': 's3://lake/shop/',
    '--connection': 'warehouse',
    '--database': 'salesdwh',
    '--report_uri': `s3://lake/_sluice/shop/${spec.entity}.json`,
    '--spec': JSON.stringify(spec),
  };
}

export async function readReport(store: ObjectStore, name: string): Promise<JobReport> {
  return JSON.parse(await readFile(await store.filePath('lake', `_sluice/shop/${name}.json`), 'utf8')) as JobReport;
}

/** Keys below `prefix` of the lake with the MD5 of their bytes. */
export async function lakeObjects(store: ObjectStore, prefix = 'shop/'): Promise<Record<string, string>> {
  const objects: Record<string, string> = {};
  for await (const { key } of store.listObjects('lake', prefix)) {
    objects[key] = createHash('md5')
      .update(await readFile(await store.filePath('lake', key)))
      .digest('hex');
  }
  return objects;
}

/** Rows of a dataset of the lake, read by an engine of its own; values as text, NULL as null. */
export async function lakeRows(store: ObjectStore, itemType: string, select = '*'): Promise<unknown[]> {
  const paths: string[] = [];
  for await (const { key } of store.listObjects('lake', `shop/type=${itemType}/`))
    paths.push(await store.filePath('lake', key));
  const instance = await DuckDBInstance.create();
  const connection = await instance.connect();
  const list = paths.map((path) => `'${path.replaceAll("'", "''")}'`).join(', ');
  const reader = await connection.runAndReadAll(`SELECT ${select} FROM read_parquet([${list}])`);
  const rows = reader.getRowObjectsJson();
  connection.closeSync();
  instance.closeSync();
  return rows;
}
