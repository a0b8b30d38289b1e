import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { CreateJobCommand, DeleteJobCommand, GetJobCommand } from '@aws-sdk/client-glue';
import { CreateBucketCommand, GetObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { deployAssets } from '../../../client/commands/deploy-assets.js';
import { jobRelease } from '../../../client/deploy/job-release.js';
import { smallShopYaml } from '../../incremental/small-shop.js';
import { startTestAws } from '../../workflows/stack.js';
import type { TestAws } from '../../workflows/stack.js';
import { recordingContext } from '../recording-console.js';
import { root, sluice } from '../sluice.js';

const glueFolder = join(root, 'glue');

let aws: TestAws;
let folder: string;
let configFile: string;
beforeAll(async () => {
  aws = await startTestAws();
  folder = await mkdtemp(join(tmpdir(), 'sluice assets '));
  configFile = join(folder, 'sluice.yaml');
  await writeFile(join(folder, 'warehouse.yaml'), smallShopYaml('small'));
  await writeFile(configFile, 'assets: { bucket: my-assets, prefix: jobs/glue }\n');
});
afterAll(async () => {
  await aws.stop();
  await rm(folder, { recursive: true });
});

async function deploy(): Promise<Record<string, unknown>> {
  const { context, documents } = recordingContext(aws.env);
  await deployAssets({ ...context, configFile }, {});
  return documents[0] as Record<string, unknown>;
}

async function objects(): Promise<Record<string, Uint8Array>> {
  const { Contents = [] } = await aws.clients.s3.send(new ListObjectsV2Command({ Bucket: 'my-assets' }));
  const found = Contents.map(async ({ Key = '' }) => {
    const { Body } = await aws.clients.s3.send(new GetObjectCommand({ Bucket: 'my-assets', Key }));
    return [Key, await Body!.transformToByteArray()] as const;
  });
  return Object.fromEntries(await Promise.all(found));
}

const job = async (name: string): Promise<Record<string, unknown>> => {
  const { Job } = await aws.clients.glue.send(new GetJobCommand({ JobName: name }));
  return { ...Job };
};

const names = ['raw_to_datalake_job', 'land_job'];

it('changes nothing where the bucket or a job is missing, and names them: exit code 2', async () => {
  const { code, stderr } = await sluice(['deploy-assets', '--config', configFile], {
    env: aws.env as Record<string, string>,
  });
  expect(code).toBe(2);
  expect(stderr).toContain('nothing was changed');
  expect(stderr).toContain('  - there is no bucket my-assets');
  for (const name of names) expect(stderr).toContain(`  - there is no Glue job ${name}`);
  const client = new pg.Client({ connectionString: aws.warehouseUrl });
  await client.connect();
  const { rows } = await client.query(`SELECT 1 FROM pg_namespace WHERE nspname IN ('dwh', 'sluice')`);
  await client.end();
  expect(rows).toEqual([]);
});

it('puts scripts and package in S3, and points the jobs at them, leaving all else of them as it was', async () => {
  await aws.clients.s3.send(new CreateBucketCommand({ Bucket: 'my-assets' }));
  for (const Name of names) {
    await aws.clients.glue.send(
      new CreateJobCommand({
        Name,
        Description: 'as infra/ makes it',
        Role: 'role',
        Command: { Name: 'glueetl', ScriptLocation: 's3://my-assets/glue/old.py', PythonVersion: '3' },
        DefaultArguments: { '--TempDir': 's3://t/', '--extra-py-files': 's3://mine/x.zip,s3://old/sluice_jobs.zip' },
        Connections: { Connections: ['warehouse'] },
        WorkerType: 'G.2X',
        NumberOfWorkers: 3,
        ExecutionClass: 'FLEX',
        Timeout: 77,
      })
    );
  }
  const before = await Promise.all(names.map(job));
  const document = await deploy();
  const release = String(document.release);
  const stored = await objects();
  const key = (name: string): string => `jobs/glue/${release}/${name}`;
  expect(Object.keys(stored).sort()).toEqual(
    ['land.py', 'raw_to_datalake.py', 'sluice_jobs.zip'].map((name) => key(name))
  );
  for (const script of ['land.py', 'raw_to_datalake.py']) {
    expect(Buffer.from(stored[key(script)]!).toString()).toBe(await readFile(join(glueFolder, script), 'utf8'));
  }
  const uri = (name: string): string => `s3://my-assets/${key(name)}`;
  const scripts = ['raw_to_datalake.py', 'land.py'];
  for (const [index, name] of names.entries()) {
    const { LastModifiedOn: _then, ...old } = before[index]!;
    const { LastModifiedOn: _now, ...made } = await job(name);
    expect(made).toEqual({
      ...old,
      Command: { ...(old.Command as object), ScriptLocation: uri(scripts[index]!) },
      DefaultArguments: {
        '--TempDir': 's3://t/',
        '--extra-py-files': `${uri('sluice_jobs.zip')},s3://mine/x.zip`,
      },
    });
  }
});

it('makes a zip that Python imports', async (test) => {
  const python = await promisify(execFile)('python3', ['--version']).catch(() => undefined);
  if (python === undefined) return test.skip('no python3');
  const zip = join(folder, 'sluice_jobs.zip');
  const { files } = await jobRelease();
  await writeFile(zip, files.find(({ name }) => name === 'sluice_jobs.zip')!.body);
  const code = 'import sys; sys.path.insert(0, sys.argv[1]); import sluice_jobs.arguments as a; print(a.__file__)';
  const { stdout } = await promisify(execFile)('python3', ['-B', '-c', code, zip]);
  expect(stdout.trim()).toBe(join(zip, 'sluice_jobs', 'arguments.py'));
});

it('has nothing to do for a second time', async () => {
  const [stored, jobs] = [await objects(), await Promise.all(names.map(job))];
  expect(await deploy()).toMatchObject({ nothingToDo: true, uploaded: [], jobs: [], setup: 'current' });
  expect([await objects(), await Promise.all(names.map(job))]).toEqual([stored, jobs]);
});

it('is refused where a job has gone since', async () => {
  await aws.clients.glue.send(new DeleteJobCommand({ JobName: 'land_job' }));
  const { context } = recordingContext(aws.env);
  await expect(deployAssets({ ...context, configFile }, {})).rejects.toMatchObject({
    exitCode: 2,
    problems: [expect.stringContaining('there is no Glue job land_job')],
  });
});

it('gives a release the same bytes wherever and whenever it is made, and another id when a file differs', async () => {
  const copy = join(folder, 'glue');
  await mkdir(copy);
  await cp(glueFolder, copy, { recursive: true });
  await mkdir(join(copy, 'sluice_jobs', '__pycache__'), { recursive: true });
  await writeFile(join(copy, 'sluice_jobs', '__pycache__', 'spec.cpython-311.pyc'), 'compiled');
  const first = await jobRelease(glueFolder);
  expect(await jobRelease(copy)).toEqual(first);
  const [module] = (await readdir(join(copy, 'sluice_jobs'))).filter((name) => name.endsWith('.py')).sort();
  await writeFile(join(copy, 'sluice_jobs', module!), '# changed\n');
  expect((await jobRelease(copy)).id).not.toBe(first.id);
});
