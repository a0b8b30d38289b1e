import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import {
  DescribeContinuousBackupsCommand,
  DescribeTableCommand,
  DynamoDBClient,
  ScanCommand,
} from '@aws-sdk/client-dynamodb';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { GetDatabaseCommand, GetJobsCommand, GlueClient } from '@aws-sdk/client-glue';
import { ExecuteStatementCommand, RedshiftDataClient } from '@aws-sdk/client-redshift-data';
import { GetObjectCommand, ListBucketsCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { Client, Connection } from '@temporalio/client';
import pg from 'pg';
import { afterEach, describe, expect, it } from 'vitest';
import {
  DataFolderInUseError,
  findRunningEnvironments,
  PortError,
  startEnvironment,
  stopRunningEnvironment,
} from '../../../local/environment/index.js';
import type { DynamoDbJsonItem, Environment, EnvironmentOptions } from '../../../local/environment/index.js';
import { loadConfiguration } from '../../../model/configuration.js';
import { compile, loadModel } from '../../../model/index.js';
import { freePort } from '../../../local/process/ports.js';
import { pythonVenv } from '../../python-venv.js';
import { eventually, processesWith } from '../process/process-group.js';

const root = resolve(import.meta.dirname, '../../..');
const plan = compile(loadModel(join(root, 'examples/ecommerce/warehouse.yaml')));
const { deployment } = loadConfiguration({ env: {} });
const itemsFile = resolve(root, '../shared/data/classicmodels/items.jsonl.gz');
const { TEMPORAL_ADDRESS: _address, TEMPORAL_NAMESPACE: _namespace, ...ownEnv } = process.env;

const running: Environment[] = [];
const children: ChildProcess[] = [];
const folders: string[] = [];
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await Promise.all(running.splice(0).map((environment) => environment.stop()));
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice environment '));
  folders.push(folder);
  return folder;
}

async function start(options: Partial<EnvironmentOptions> = {}): Promise<Environment> {
  const env = { ...ownEnv, XDG_STATE_HOME: join(temporaryFolder(), 'state') };
  const environment = await startEnvironment({
    plan,
    deployment,
    kind: 'demo',
    env,
    onEvent: () => undefined,
    ...options,
  });
  running.push(environment);
  return environment;
}

function clients({ env }: Environment) {
  const configuration = {
    endpoint: env.AWS_ENDPOINT_URL,
    region: env.AWS_REGION,
    credentials: { accessKeyId: env.AWS_ACCESS_KEY_ID, secretAccessKey: env.AWS_SECRET_ACCESS_KEY },
  };
  return {
    s3: new S3Client(configuration),
    dynamodb: new DynamoDBClient(configuration),
    glue: new GlueClient(configuration),
    redshift: new RedshiftDataClient(configuration),
  };
}

async function countItems(environment: Environment): Promise<Record<string, number>> {
  const { dynamodb } = clients(environment);
  const counts: Record<string, number> = {};
  let from: Record<string, AttributeValue> | undefined;
  do {
    const input = { TableName: plan.source.table, ExclusiveStartKey: from };
    const page = await dynamodb.send(new ScanCommand(input));
    for (const item of page.Items ?? []) counts[item.type?.S ?? '?'] = (counts[item.type?.S ?? '?'] ?? 0) + 1;
    from = page.LastEvaluatedKey;
  } while (from);
  return counts;
}

async function sql<Row extends pg.QueryResultRow>(environment: Environment, text: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: environment.warehouse });
  await client.connect();
  try {
    return (await client.query<Row>(text)).rows;
  } finally {
    await client.end();
  }
}

const sample: DynamoDbJsonItem[] = [
  { PK: { S: 'CUST#ann' }, SK: { S: 'CUST#ann' }, type: { S: 'customer' }, username: { S: 'ann' } },
  { PK: { S: 'CUST#ann' }, SK: { S: 'ORD#1' }, type: { S: 'order' }, orderid: { S: '1' } },
];

/** A guard's `sleep 0.1` may outlive it by that. */
const gone = (mark: string): Promise<void> =>
  eventually(() => processesWith(mark).length === 0, `all processes of ${mark} gone`, 5_000);

describe('startEnvironment', () => {
  it('makes all that a run of the plan needs', async () => {
    const lines: string[] = [];
    const environment = await start({ onEvent: (line) => lines.push(line) });
    const { s3, dynamodb, glue, redshift } = clients(environment);
    const { Buckets: buckets } = await s3.send(new ListBucketsCommand({}));
    expect(buckets?.map(({ Name }) => Name)).toEqual(Object.values(deployment.buckets).sort());

    const { Table: table } = await dynamodb.send(new DescribeTableCommand({ TableName: plan.source.table }));
    expect(table).toMatchObject({
      TableStatus: 'ACTIVE',
      BillingModeSummary: { BillingMode: 'PAY_PER_REQUEST' },
      KeySchema: [
        { AttributeName: 'PK', KeyType: 'HASH' },
        { AttributeName: 'SK', KeyType: 'RANGE' },
      ],
      GlobalSecondaryIndexes: [{ IndexName: 'GSI1', IndexStatus: 'ACTIVE' }],
    });
    const backups = await dynamodb.send(new DescribeContinuousBackupsCommand({ TableName: plan.source.table }));
    const { PointInTimeRecoveryDescription: recovery } = backups.ContinuousBackupsDescription ?? {};
    expect(recovery?.PointInTimeRecoveryStatus).toBe('ENABLED');

    const { Database: database } = await glue.send(new GetDatabaseCommand({ Name: 'sluice_lake' }));
    expect(database?.Name).toBe('sluice_lake');
    const { Jobs: jobs = [] } = await glue.send(new GetJobsCommand({}));
    expect(jobs.map(({ Name, Command }) => [Name, Command?.ScriptLocation]).sort()).toEqual([
      ['land_job', 's3://sluice-assets/glue/land.py'],
      ['raw_to_datalake_job', 's3://sluice-assets/glue/raw_to_datalake.py'],
    ]);
    for (const job of jobs) {
      expect(job).toMatchObject({ GlueVersion: '5.0', WorkerType: 'G.1X', NumberOfWorkers: 2 });
      expect(job.ExecutionProperty).toEqual({ MaxConcurrentRuns: 1 });
    }

    const { SLUICE_WORKGROUP: WorkgroupName, SLUICE_DATABASE: Database } = environment.env;
    const statement = await redshift.send(new ExecuteStatementCommand({ Sql: 'SELECT 1', WorkgroupName, Database }));
    expect(statement.Id).toBeTruthy();
    const connection = await Connection.connect({ address: environment.env.TEMPORAL_ADDRESS });
    const { customAttributes } = await connection.operatorService.listSearchAttributes({
      namespace: environment.env.TEMPORAL_NAMESPACE,
    });
    expect(Object.keys(customAttributes)).toEqual(
      expect.arrayContaining(['SluiceTable', 'SluiceStage', 'SluiceRunKey', 'SluiceVerdict'])
    );
    await connection.close();
    expect((await fetch(environment.temporalUi ?? '')).ok).toBe(true);
    expect(lines.at(-1)).toMatch(/^Temporal: .*: using /); // after the places that have none
  });

  it.skipIf(!existsSync(itemsFile))('loads the classic models (skipped without ../shared)', async () => {
    const environment = await start();
    const lines = gunzipSync(readFileSync(itemsFile)).toString('utf8').trim().split('\n');
    const items = lines.map((line) => (JSON.parse(line) as { Item: Record<string, object> }).Item);
    expect(await environment.loadItems(items)).toEqual({ items: items.length, retried: 0 });
    expect(await countItems(environment)).toEqual({ customer: 122, order: 326, product: 2_996 });
  });

  it('keeps table, objects, warehouse and workflows in its data folder, and can be started on it again', async () => {
    const dataFolder = join(temporaryFolder(), 'my data');
    const first = await start({ dataFolder });
    await first.loadItems(sample);
    await clients(first).s3.send(
      new PutObjectCommand({ Bucket: deployment.buckets.raw, Key: 'a key/ü', Body: 'the bytes' })
    );
    await sql(first, 'CREATE TABLE kept AS SELECT 42 AS answer');
    const connection = await Connection.connect({ address: first.env.TEMPORAL_ADDRESS });
    await new Client({ connection }).workflow.start('elt', { workflowId: 'kept', taskQueue: 'nobody' });
    await connection.close();
    await first.stop();
    expect(readdirSync(dataFolder)).not.toContain('environment.json');

    const second = await start({ dataFolder });
    expect(await countItems(second)).toEqual({ customer: 1, order: 1 });
    const object = await clients(second).s3.send(
      new GetObjectCommand({ Bucket: deployment.buckets.raw, Key: 'a key/ü' })
    );
    expect(await object.Body?.transformToString()).toBe('the bytes');
    expect(await sql(second, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
    const again = await Connection.connect({ address: second.env.TEMPORAL_ADDRESS });
    expect((await new Client({ connection: again }).workflow.getHandle('kept').describe()).status.name).toBe('RUNNING');
    await again.close();
  });

  it('runs twice at the same time, each with its own data, and removes temporary data', async () => {
    const [one, other] = await Promise.all([start(), start()]);
    expect(one.env.AWS_ENDPOINT_URL).not.toBe(other.env.AWS_ENDPOINT_URL);
    await one.loadItems(sample);
    expect(await countItems(one)).toEqual({ customer: 1, order: 1 });
    expect(await countItems(other)).toEqual({});
    await Promise.all([one.stop(), one.stop()]);
    expect(existsSync(one.data)).toBe(false);
    await gone(one.data);
    expect(processesWith(other.data).length).toBeGreaterThan(0);
    expect(await countItems(other)).toEqual({});
  });

  it('refuses a data folder that another one uses, and leaves that one alone', async () => {
    const dataFolder = temporaryFolder();
    const first = await start({ dataFolder });
    const failure = await start({ dataFolder }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(DataFolderInUseError);
    expect((failure as Error).message).toContain(dataFolder);
    expect(await countItems(first)).toEqual({});
    expect(JSON.parse(readFileSync(join(dataFolder, 'environment.json'), 'utf8'))).toMatchObject({ env: first.env });
  });

  it('says so when the data folder cannot be one', async () => {
    const file = join(temporaryFolder(), 'file');
    writeFileSync(file, '');
    await expect(start({ dataFolder: file })).rejects.toThrow(`The data folder ${file} cannot be made`);
  });

  it('answers requests for the host names it is told of, and for no others', async () => {
    const environment = await start({ allowedHosts: ['aws'] });
    const status = async (host: string): Promise<number | undefined> => {
      const url = `${environment.env.AWS_ENDPOINT_URL}/_sluice/health`;
      const [response] = (await once(get(url, { headers: { host } }), 'response')) as [IncomingMessage];
      response.resume();
      return response.statusCode;
    };
    expect(await Promise.all(['aws:4566', 'localhost', 'evil.example'].map(status))).toEqual([200, 200, 403]);
  });

  it('says which port is in use, and leaves nothing running', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    for (const name of ['aws', 'warehouse', 'temporal', 'temporalUi'] as const) {
      const dataFolder = temporaryFolder();
      const failure = await start({ dataFolder, ports: { [name]: port } }).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(PortError);
      expect(failure).toMatchObject({ port });
      await gone(dataFolder);
    }
    server.close();
  });

  it('uses the ports that are asked for', async () => {
    const free = await Promise.all([1, 2, 3, 4].map(() => freePort()));
    const [aws, warehouse, temporal, temporalUi] = free as [number, number, number, number];
    const environment = await start({ ports: { aws, warehouse, temporal, temporalUi } });
    expect(environment.env.AWS_ENDPOINT_URL).toBe(`http://127.0.0.1:${aws}`);
    expect(new URL(environment.warehouse).port).toBe(String(warehouse));
    expect(environment.env.TEMPORAL_ADDRESS).toBe(`127.0.0.1:${temporal}`);
    expect(environment.temporalUi).toBe(`http://127.0.0.1:${temporalUi}`);
  });

  it('tells when an engine dies, and can still be stopped', async () => {
    for (const engine of ['PostgreSQL', 'Temporal server']) {
      const environment = await start();
      const port = environment.env.TEMPORAL_ADDRESS.split(':')[1] ?? '';
      const warehousePort = new URL(environment.warehouse).port;
      const mark = engine === 'PostgreSQL' ? `port=${warehousePort} ` : `--port ${port} `;
      const victim = processesWith(mark).find(({ command }) => !command.includes('sluice-guard'));
      process.kill(victim?.pid ?? 0, 'SIGKILL');
      expect((await environment.failed).message).toMatch(new RegExp(`${engine} ended unexpectedly with code \\d+`));
      await environment.stop();
      expect(existsSync(environment.data)).toBe(false);
    }
  });

  it('uses a PostgreSQL and a Temporal server that run already', async () => {
    const host = await start();
    const env = { ...ownEnv, XDG_STATE_HOME: temporaryFolder(), TEMPORAL_ADDRESS: host.env.TEMPORAL_ADDRESS };
    const guest = await start({ env, warehouseUrl: host.warehouse });
    expect(guest.env.TEMPORAL_ADDRESS).toBe(host.env.TEMPORAL_ADDRESS);
    expect(guest.warehouse).toBe(host.warehouse);
    await guest.stop();
    expect(await sql(host, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('stops what it has started when the start is aborted', async () => {
    const abort = new AbortController();
    const dataFolder = temporaryFolder();
    const starting = start({ dataFolder, signal: abort.signal });
    setTimeout(() => abort.abort(new Error('interrupted')), 300);
    await expect(starting).rejects.toThrow('interrupted');
    await gone(dataFolder);
    await start({ dataFolder }); // the folder is free again
  });
});

/** Starts an environment in a process of its own; resolves with what it says once everything answers. */
async function startInProcess(folder: string, dataFolder?: string) {
  const script = join(root, 'test/local/environment/run-environment.ts');
  const child = spawn(process.execPath, ['--import', 'tsx', script, ...(dataFolder ? [dataFolder] : [])], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...ownEnv, XDG_STATE_HOME: join(folder, 'state') },
  });
  children.push(child);
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return { child, environment: JSON.parse(line) as Pick<Environment, 'env' | 'warehouse' | 'data'> };
}

describe('an environment in a process of its own', () => {
  it('leaves no process when it is killed, and its temporary folder is swept', async () => {
    const folder = temporaryFolder();
    const { child, environment } = await startInProcess(folder);
    const marks = [`--port ${environment.env.TEMPORAL_ADDRESS.split(':')[1]} `, environment.data];
    for (const mark of marks) expect(processesWith(mark).length, mark).toBeGreaterThan(0);
    child.kill('SIGKILL');
    await once(child, 'exit');
    await eventually(() => marks.every((mark) => processesWith(mark).length === 0), 'all processes gone', 15_000);
    expect(existsSync(environment.data)).toBe(true);
    expect(await findRunningEnvironments({ XDG_STATE_HOME: join(folder, 'state') })).toEqual([]);
    expect(existsSync(environment.data)).toBe(false);
  });

  it('keeps what was written when it is killed and started again on its folder', async () => {
    const folder = temporaryFolder();
    const dataFolder = join(folder, 'data');
    mkdirSync(dataFolder);
    const { child } = await startInProcess(folder, dataFolder); // it loads one item once it is ready
    child.kill('SIGKILL');
    await once(child, 'exit');
    const again = await start({ dataFolder });
    expect(await countItems(again)).toEqual({ customer: 1 });
    expect(await sql(again, 'SELECT word FROM written')).toEqual([{ word: 'committed' }]);
  });

  it('is found and stopped by another process', async () => {
    const folder = temporaryFolder();
    const { child, environment } = await startInProcess(folder);
    const env = { XDG_STATE_HOME: join(folder, 'state') };
    const [found] = await findRunningEnvironments(env);
    expect(found).toMatchObject({ pid: child.pid, kind: 'up', data: environment.data, env: environment.env });
    if (found) await stopRunningEnvironment(found, { env });
    expect(child.exitCode ?? ((await once(child, 'exit')) as [number])[0]).toBe(0);
    expect(existsSync(environment.data)).toBe(false);
    expect(await findRunningEnvironments(env)).toEqual([]);
  });
});

describe('the AWS CLI', () => {
  it('works against it', async ({ skip }) => {
    const bin = await pythonVenv(['awscli']);
    if (bin === undefined) return skip('no python3, or no registry within reach');
    const environment = await start();
    await environment.loadItems(sample);
    const env = { ...environment.env, PATH: process.env.PATH, HOME: temporaryFolder(), AWS_PAGER: '' };
    const aws = async (...args: string[]): Promise<unknown> => {
      const { stdout } = await promisify(execFile)(join(bin, 'aws'), [...args, '--output', 'json'], { env });
      return stdout.trim() === '' ? undefined : JSON.parse(stdout);
    };
    expect(await aws('sts', 'get-caller-identity')).toMatchObject({ Account: '000000000000' });
    expect(await aws('dynamodb', 'scan', '--table-name', plan.source.table, '--select', 'COUNT')).toMatchObject({
      Count: 2,
    });
    const file = join(temporaryFolder(), 'object');
    await aws('s3api', 'put-object', '--bucket', 'sluice-raw', '--key', 'k', '--body', join(root, 'package.json'));
    await aws('s3api', 'get-object', '--bucket', 'sluice-raw', '--key', 'k', file);
    expect(readFileSync(file)).toEqual(readFileSync(join(root, 'package.json')));
    expect(await aws('glue', 'get-job', '--job-name', 'land_job')).toMatchObject({ Job: { GlueVersion: '5.0' } });
    const args = ['--sql', 'SELECT 1', '--workgroup-name', 'sluice', '--database', 'salesdwh'];
    expect(await aws('redshift-data', 'execute-statement', ...args)).toMatchObject({ WorkgroupName: 'sluice' });
  });
});
