import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compile, loadModel } from '../../model/index.js';
import { root } from '../client/sluice.js';
import { pythonVenv } from '../python-venv.js';
import { readSettings } from '../../infra/settings.js';
import { completeConfiguration, installInfra, makeCdkScene, nagFindings, settings, synthesized } from './cdk-app.js';
import type { CdkScene, Resource, Synthesized } from './cdk-app.js';

const run = promisify(execFile);
const installed = await installInfra();
const bin = await pythonVenv(['cfn-lint==1.58.0']);

interface Statement {
  readonly Effect: string;
  readonly Action: string | string[];
  readonly Resource?: unknown;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

describe.skipIf(!installed)('the CDK app', () => {
  let scene: CdkScene;
  let stack: Synthesized;
  beforeAll(async () => {
    scene = await makeCdkScene();
    const given = { ...settings, createTables: 'true', alertEmail: 'ops@example.com' };
    stack = synthesized(await scene.synth(completeConfiguration, given, { validate: true }));
  });
  afterAll(() => scene?.remove());

  const ofType = (type: string): [string, Resource][] =>
    Object.entries(stack.resources).filter(([, { Type }]) => Type === type);
  const only = (type: string): Resource['Properties'] => {
    const found = ofType(type);
    expect(found).toHaveLength(1);
    return found[0]![1].Properties;
  };

  it('has no finding of cdk-nag without a reason', async () => {
    const { stack: findings, breach } = await nagFindings(completeConfiguration);
    expect(findings).toEqual([]);
    expect(breach).toEqual(['AwsSolutions-S1', 'AwsSolutions-S10']);
  });

  it("passes the CDK's own validation", () => {
    expect(stack.findings).toEqual([]);
  });

  it.skipIf(bin === undefined)('passes cfn-lint', async () => {
    await run(join(bin ?? '', 'cfn-lint'), ['--template', stack.file, '--format', 'parseable']).catch(
      (error: { stdout: string }) => {
        expect(error.stdout).toBe('');
      }
    );
  });

  it('keeps every bucket private, encrypted, logged, over TLS only, and there when the stack goes', () => {
    const buckets = ofType('AWS::S3::Bucket');
    expect(buckets).toHaveLength(7);
    for (const [id, { Properties: bucket, DeletionPolicy }] of buckets) {
      expect(bucket['PublicAccessBlockConfiguration'], id).toEqual({
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      });
      expect(bucket['BucketEncryption'], id).toBeDefined();
      expect(DeletionPolicy, id).toBe('Retain');
      const rules = (bucket['LifecycleConfiguration'] as { Rules: { AbortIncompleteMultipartUpload?: unknown }[] })
        .Rules;
      expect(
        rules.some((rule) => rule.AbortIncompleteMultipartUpload),
        id
      ).toBe(true);
      const policy = ofType('AWS::S3::BucketPolicy').find(
        ([, { Properties }]) => (Properties['Bucket'] as { Ref: string }).Ref === id
      );
      const { Statement } = policy?.[1].Properties['PolicyDocument'] as { Statement: Statement[] };
      const refusesPlain = Statement.some(
        (one) => one.Effect === 'Deny' && one.Condition?.['Bool']?.['aws:SecureTransport'] === 'false'
      );
      expect(refusesPlain, id).toBe(true);
    }
    const unlogged = buckets.filter(([, { Properties }]) => Properties['LoggingConfiguration'] === undefined);
    expect(unlogged.map(([id]) => id)).toEqual([expect.stringMatching(/AccessLogs/)]);
    const withKey = buckets.filter(([, { Properties }]) =>
      JSON.stringify(Properties['BucketEncryption']).includes('aws:kms')
    );
    expect(withKey).toHaveLength(6);
  });

  it('makes the table of the model, with its keys and index, that can be exported', () => {
    const { source } = compile(loadModel(join(root, 'examples', 'ecommerce', 'warehouse.yaml')));
    const table = ofType('AWS::DynamoDB::GlobalTable').find(([, one]) => one.Properties['TableName'] === source.table);
    const properties = table?.[1].Properties as {
      KeySchema: { AttributeName: string; KeyType: string }[];
      GlobalSecondaryIndexes: { IndexName: string; KeySchema: unknown }[];
      BillingMode: string;
      Replicas: { PointInTimeRecoverySpecification: unknown; DeletionProtectionEnabled: boolean }[];
    };
    const keySchema = (keys: typeof source.keys) =>
      keys.map(({ name, role }) => ({ AttributeName: name, KeyType: role }));
    expect(properties.KeySchema).toEqual(keySchema(source.keys));
    expect(properties.GlobalSecondaryIndexes).toMatchObject(
      source.indexes.map(({ name, keys }) => ({ IndexName: name, KeySchema: keySchema(keys) }))
    );
    expect(properties.BillingMode).toBe('PAY_PER_REQUEST');
    expect(properties.Replicas).toMatchObject([
      { PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true }, DeletionProtectionEnabled: true },
    ]);
  });

  it('makes the jobs of the plan, which Glue itself does not repeat', () => {
    const { lake, landing } = compile(loadModel(join(root, 'examples', 'ecommerce', 'warehouse.yaml')));
    const jobs = ofType('AWS::Glue::Job').map(([, { Properties }]) => Properties);
    expect(jobs.map(({ Name }) => Name).sort()).toEqual([lake.jobName, landing?.jobName].sort());
    for (const job of jobs) {
      expect(job).toMatchObject({
        GlueVersion: '5.0',
        WorkerType: 'G.1X',
        MaxRetries: 0,
        JobRunQueuingEnabled: true,
        ExecutionProperty: { MaxConcurrentRuns: 1 },
      });
      expect(job['SecurityConfiguration']).toBeDefined();
    }
  });

  it('keeps the warehouse private, its password with Secrets Manager alone', () => {
    expect(only('AWS::RedshiftServerless::Workgroup')).toMatchObject({
      WorkgroupName: 'sluice',
      PubliclyAccessible: false,
      EnhancedVpcRouting: true,
    });
    const namespace = only('AWS::RedshiftServerless::Namespace');
    expect(namespace).toMatchObject({ DbName: 'salesdwh', ManageAdminPassword: true });
    expect(namespace).not.toHaveProperty('AdminUserPassword');
    const { ConnectionProperties } = only('AWS::Glue::Connection')['ConnectionInput'] as {
      ConnectionProperties: Record<string, unknown>;
    };
    expect(ConnectionProperties).toMatchObject({ SECRET_ID: `redshift!sluice-${String(namespace['AdminUsername'])}` });
    expect(ConnectionProperties).not.toHaveProperty('PASSWORD');
  });

  it('runs the worker with a health check, time to drain, and as many tasks as the backlog needs', () => {
    const { ContainerDefinitions } = only('AWS::ECS::TaskDefinition') as {
      ContainerDefinitions: Record<string, unknown>[];
    };
    const [container] = ContainerDefinitions;
    expect(container).toMatchObject({ Command: ['worker'], ReadonlyRootFilesystem: true });
    expect(container?.['HealthCheck']).toBeDefined();
    expect(container?.['StopTimeout']).toBeGreaterThan(20); // seconds; client/commands/worker.ts drains for 20
    const environment = container?.['Environment'] as { Name: string; Value: unknown }[];
    expect(environment.filter(({ Name }) => /KEY|SECRET|PASSWORD|TOKEN/.test(Name))).toEqual([]);
    expect((container?.['Secrets'] as { Name: string }[]).map(({ Name }) => Name)).toEqual(['TEMPORAL_API_KEY']);
    const policies = ofType('AWS::ApplicationAutoScaling::ScalingPolicy').map(([, { Properties }]) =>
      JSON.stringify(Properties)
    );
    expect(policies.some((text) => text.includes('TaskQueueBacklogPerWorker'))).toBe(true);
  });

  it('hears of data quality and of Glue runs by the names that AWS gives its events', () => {
    const patterns = ofType('AWS::Events::Rule').map(([, { Properties }]) => Properties['EventPattern']);
    expect(patterns).toContainEqual({
      source: ['aws.glue-dataquality'],
      'detail-type': ['Data Quality Evaluation Results Available'],
      detail: { state: ['FAILED'] },
    });
    expect(patterns).toContainEqual({ source: ['aws.glue'], 'detail-type': ['Glue Job State Change'] });
  });

  it('lets people in from nowhere, and the warehouse from the jobs only', () => {
    const ingress = ofType('AWS::EC2::SecurityGroupIngress').map(([, { Properties }]) => Properties);
    const inline = ofType('AWS::EC2::SecurityGroup').flatMap(
      ([, { Properties }]) => Properties['SecurityGroupIngress'] ?? []
    );
    expect(JSON.stringify([ingress, inline])).not.toMatch(/0\.0\.0\.0|::\/0/);
    const warehouse = ingress.filter(({ FromPort }) => FromPort === 5439);
    expect(JSON.stringify(warehouse.map((one) => one['SourceSecurityGroupId']))).toMatch(
      /^\[[^,]*NetworkJobs[^,]*,[^,]*\]$/
    );
  });

  it('leaves a cluster that is there as it is, and gives the worker what it has a use for', async () => {
    const configuration = completeConfiguration.replace(/^(usageGuard|credentials):[^]*/m, '');
    const cluster = 'redshift: { cluster: acme-dwh, dbUser: loader, database: sales }\n';
    const { resources } = synthesized(
      await scene.synth(`${configuration}${cluster}worker: { deployment: shop }\n`, {
        ...settings,
        temporalAuth: 'mtls',
        encryptPayloads: 'true',
      })
    );
    const types = Object.values(resources).map(({ Type }) => Type);
    for (const absent of ['AWS::RedshiftServerless::Namespace', 'AWS::Glue::Connection']) {
      expect(types).not.toContain(absent);
    }
    const [, policy] = Object.entries(resources).find(([id]) => id.startsWith('WorkerRoleredshift'))!;
    const text = JSON.stringify(policy.Properties);
    for (const one of ['redshift:GetClusterCredentials', 'dbuser:acme-dwh/loader', 'dbname:acme-dwh/sales']) {
      expect(text).toContain(one);
    }
    expect(text).not.toContain('redshift-serverless');
    const task = Object.values(resources).find(({ Type }) => Type === 'AWS::ECS::TaskDefinition')!;
    const { ContainerDefinitions } = task.Properties as unknown as {
      ContainerDefinitions: Record<'Environment' | 'Secrets', { Name: string; Value?: unknown }[]>[];
    };
    expect(ContainerDefinitions[0]?.Environment).toContainEqual({ Name: 'SLUICE_DEPLOYMENT', Value: 'shop' });
    expect(ContainerDefinitions[0]?.Secrets.map(({ Name }) => Name)).toEqual([
      'TEMPORAL_TLS_CLIENT_CERT_DATA',
      'TEMPORAL_TLS_CLIENT_KEY_DATA',
      'SLUICE_PAYLOAD_KEY',
    ]);
  });

  it('refuses settings that cannot be, before anything is made', async () => {
    const refused = await scene.synth('assets: { bucket: acme-assets }\n', settings);
    expect(refused).toMatchObject({
      output: expect.stringContaining('bucket raw is sluice-raw, the default') as string,
    });
    expect(refused).not.toHaveProperty('resources');
  });
});

describe('the settings of the CDK app', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice settings '));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it.each([
    ['temporalAddress: give it by -c temporalAddress=…', completeConfiguration, { image: settings.image }],
    ['temporalAuth: ', completeConfiguration, { ...settings, temporalAuth: 'password' }],
    ['minWorkers: more than maxWorkers', completeConfiguration, { ...settings, minWorkers: '9' }],
    ['two buckets are acme-raw', completeConfiguration.replace('acme-lake,', 'acme-raw,'), settings],
    ['assets.bucket is missing', completeConfiguration.replace(/^assets:.*$/m, ''), settings],
  ])('are told what is wrong with them: %s', async (message, configuration, given) => {
    await writeFile(join(folder, 'sluice.yaml'), configuration);
    expect(() => readSettings({ ...given, config: 'sluice.yaml' }, folder)).toThrow(message);
  });

  it('take in every model of the configuration', async () => {
    const game = join(root, 'examples', 'game', 'warehouse.yaml');
    const schedules = `schedules: [{ name: game, cron: '0 1 * * *', model: ${JSON.stringify(game)} }]\n`;
    await writeFile(join(folder, 'sluice.yaml'), `${completeConfiguration}${schedules}`);
    const { plans } = readSettings({ ...settings, config: 'sluice.yaml' }, folder);
    expect(plans.map(({ name }) => name)).toEqual(['ecommerce', 'game']);
  });
});
