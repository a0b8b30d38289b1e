import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ListObjectsV2Command, GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { makeScene } from '../e2e/scene.js';
import type { Scene } from '../e2e/scene.js';
import { lastLine } from '../client/sluice.js';
import type { SluiceProcess } from '../client/sluice.js';
import { startPostReceiver } from '../observability/otlp-collector.js';
import type { PostReceiver } from '../observability/otlp-collector.js';
import { findMarks, marks, putMarkedItems, rawHistories, writeModel } from './marked-run.js';
import type { Evidence } from './marked-run.js';

let scene: Scene;
let telemetry: PostReceiver;
let hook: PostReceiver;
let environment: SluiceProcess;
let warehouse: pg.Client;
let s3: S3Client;
const evidence: Evidence[] = [];
const exits: Record<string, number | null> = {};

const text = (where: string, value: string): Evidence => ({ where, bytes: Buffer.from(value) });

async function objects(bucket: string, prefix = ''): Promise<Evidence[]> {
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix }));
  return Promise.all(
    Contents.map(async ({ Key = '' }) => {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key }));
      return { where: `s3://${bucket}/${Key}`, bytes: Buffer.from((await Body?.transformToByteArray()) ?? []) };
    })
  );
}

const quoting = `CREATE OR REPLACE FUNCTION staging.quote_row() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  RAISE EXCEPTION 'invalid input syntax for type integer: "%"', NEW.fullname
  USING DETAIL = format('Failing row contains (%s, %s).', NEW.username, NEW.email); END $$`;

beforeAll(async () => {
  scene = await makeScene('marked');
  telemetry = await startPostReceiver();
  hook = await startPostReceiver();
  // The third landing, that of the run `job`, ends with a message that quotes data.
  const message = `ValueError: could not convert string to float: '${marks.row}'`;
  const faults = [
    {
      operation: 'glue.StartJobRun',
      where: { JobName: 'land_job' },
      calls: 3,
      fault: 'job-ends',
      state: 'FAILED',
      message,
    },
  ];
  await writeFile(join(scene.folder, 'faults.json'), JSON.stringify({ faults }));
  environment = scene.start([
    'up',
    '--no-worker',
    '--json',
    '--data',
    join(scene.folder, 'data'),
    '--faults',
    'faults.json',
  ]);
  await environment.seen('"temporalUi"');
  const up = lastLine(environment.stdout()) as { env: Record<string, string>; warehouse: string };
  await putMarkedItems(up.env);
  const env: Record<string, string> = {
    ...up.env,
    AWS_SECRET_ACCESS_KEY: marks.awsSecret,
    TEMPORAL_API_KEY: marks.temporalKey,
    TEMPORAL_TLS: 'false',
    SLUICE_WEBHOOK_URL: `${hook.url}/services/${marks.webhook}`,
    SLUICE_TOPIC_ARN: 'arn:aws:sns:us-east-1:000000000000:sluice-alerts',
    OTEL_EXPORTER_OTLP_ENDPOINT: telemetry.url,
    OTEL_BSP_SCHEDULE_DELAY: '100',
    OPENLINEAGE_URL: telemetry.url,
  };
  const client = {
    endpoint: env.AWS_ENDPOINT_URL,
    region: env.AWS_REGION,
    credentials: { accessKeyId: 'any', secretAccessKey: 'any' },
  };
  s3 = new S3Client({ ...client, forcePathStyle: true });
  const secrets = new SecretsManagerClient(client);
  const SecretString = JSON.stringify({ username: 'sluice', password: marks.warehouseSecret });
  const { ARN } = await secrets.send(new CreateSecretCommand({ Name: 'warehouse', SecretString }));
  secrets.destroy();
  warehouse = new pg.Client(up.warehouse);
  await warehouse.connect();

  const settings = `redshift: { secretArn: '${ARN}' }\n`;
  const gate = `gates: { known: { on: landing.customer, rules: 'Rules = [ ColumnValues "email" in ["a@b.c"], ColumnLength "fullname" < 3 ]' } }`;
  const configurations = {
    rejects: await writeModel(scene.folder, 'rejects', settings),
    gate: await writeModel(scene.folder, 'gate', settings, (model) => `${model}\n${gate}\n`),
    strict: await writeModel(scene.folder, 'strict', settings, (model) =>
      model.replace('rejects: reject', 'rejects: fail')
    ),
    job: await writeModel(scene.folder, 'job', settings),
    sql: await writeModel(scene.folder, 'sql', settings),
  };
  const worker = scene.start(['worker', '--config', configurations.rejects], env);
  await worker.seen('Working on task queue');
  const command = async (name: string, args: readonly string[]): Promise<void> => {
    const started = scene.start(args, env);
    exits[name] = await started.ended;
    evidence.push(text(`stdout of ${name}`, started.stdout()), text(`stderr of ${name}`, started.stderr()));
  };
  for (const [name, config] of Object.entries(configurations)) {
    if (name === 'sql') {
      await warehouse.query(quoting);
      await warehouse.query(
        'CREATE TRIGGER quote_row BEFORE INSERT ON staging.customer FOR EACH ROW EXECUTE FUNCTION staging.quote_row()'
      );
    }
    await command(`run ${name}`, ['run', 'elt', '--run-key', name, '--watch', '--json', '--config', config]);
    await command(`show ${name}`, ['show', name, '--json', '--config', config]);
  }
  await command('show rejects for people', ['show', 'rejects', '--config', configurations.rejects]);
  await command('runs', ['runs', '--json']);
  await command('plan', ['plan', '--json', '--config', configurations.rejects]);
  await command('doctor', ['doctor', '--json', '--config', configurations.rejects]);
  await command('query that fails', ['query', "SELECT cast('no' AS integer)", '--json']);
  worker.child.kill('SIGTERM');
  await worker.ended;
  evidence.push(text('stdout of the worker', worker.stdout()), text('stderr of the worker', worker.stderr()));
  evidence.push(text('stdout of up', environment.stdout()), text('stderr of up', environment.stderr()));
  evidence.push(...(await rawHistories(env.TEMPORAL_ADDRESS ?? '')));
  evidence.push(...telemetry.posts.map(({ path, body }, index) => text(`telemetry ${index} ${path}`, body)));
  evidence.push(...hook.posts.map(({ body }, index) => text(`notification ${index}`, body)));
  evidence.push(text('SNS', await readFile(join(scene.folder, 'data', 'sns', 'messages.jsonl'), 'utf8')));
  evidence.push(...(await objects('sluice-quality')));
  const { rows: tables } = await warehouse.query<{ name: string }>(
    `SELECT quote_ident(table_schema) || '.' || quote_ident(table_name) AS name FROM information_schema.tables
      WHERE table_schema = 'sluice'`
  );
  for (const { name } of tables) {
    const { rows } = await warehouse.query(`SELECT * FROM ${name}`);
    evidence.push(text(`table ${name}`, JSON.stringify(rows)));
  }
});
afterAll(async () => {
  await warehouse?.end();
  s3?.destroy();
  environment?.child.kill('SIGTERM');
  await environment?.ended;
  await telemetry?.close();
  await hook?.close();
  await scene?.remove();
});

it('ends each run as its mistake demands', () => {
  const runs = Object.fromEntries(Object.entries(exits).filter(([name]) => name.startsWith('run ')));
  expect(runs).toEqual({ 'run rejects': 0, 'run gate': 3, 'run strict': 1, 'run job': 1, 'run sql': 1 });
  const shown = (name: string): string =>
    String(evidence.find(({ where }) => where === `stdout of show ${name}`)?.bytes);
  expect(shown('job')).toContain('could not convert string to float');
  expect(shown('sql')).toContain('invalid input syntax');
});

it('has the marked values where they belong, so that they could be found', async () => {
  const { rows } = await warehouse.query('SELECT * FROM landing.customer');
  expect(findMarks([text('landing', JSON.stringify(rows))])).toEqual(['landing: row']);
  const reports = await objects('sluice-lake', '_sluice/');
  expect(findMarks(reports).some((found) => found.endsWith('.json: row'))).toBe(true); // the sample keys of rejects
  expect(hook.posts.map(({ path }) => path)).toContain(`/services/${marks.webhook}`);
});

it('finds them in none of what is kept of runs, logged, shown, measured and sent', () => {
  const kinds = [
    'stdout of run',
    'stderr of the worker',
    'history of elt',
    'listing of elt',
    'telemetry',
    'notification',
    'SNS',
    'table sluice.runs',
    's3://sluice-quality',
  ];
  for (const kind of kinds) {
    const found = evidence.filter(({ where, bytes }) => where.startsWith(kind) && bytes.length > 0);
    expect(found.length, kind).toBeGreaterThan(0);
  }
  // `sluice show` names the keys of rejected items: it reads them from the report in the lake, as whoever asks.
  expect(findMarks(evidence)).toEqual(['stdout of show rejects for people: row']);
});

it('would find a mark in base64, wherever it begins', () => {
  for (const before of ['', '1', '12', '123']) {
    const encoded = Buffer.from(`${before}${marks.row} and more`).toString('base64');
    expect(findMarks([text('x', encoded)])).toEqual(['x: row']);
  }
});
