import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { iamActions, knownOperations } from '../../infra/iam/actions.js';
import { activityGroups } from '../../infra/iam/activity-groups.js';
import type { CallGroup } from '../../infra/iam/activity-groups.js';
import { commandGroups } from '../../infra/iam/command-groups.js';
import { workerNeeds } from '../../client/doctor/permission-checks.js';
import { loadConfiguration } from '../../model/configuration.js';
import { compile, loadModel } from '../../model/index.js';
import type { GatePlan } from '../../model/plan.js';
import { root } from '../client/sluice.js';
import { pythonVenv } from '../python-venv.js';
import { boto3Calls } from './boto3-calls.js';
import { completeConfiguration, installInfra, makeCdkScene, settings, synthesized } from './cdk-app.js';
import type { CdkScene, Synthesized } from './cdk-app.js';
import { sdkCalls } from './sdk-calls.js';
import type { SdkCall } from './sdk-calls.js';

const run = promisify(execFile);
const installed = await installInfra();
const bin = await pythonVenv(['policy_sentry==0.15.2']);

interface Statement {
  readonly Action: string | string[];
  readonly Resource: unknown;
}

const list = <T>(one: T | readonly T[]): readonly T[] => (Array.isArray(one) ? (one as readonly T[]) : [one as T]);
const unique = (texts: Iterable<string>): string[] => [...new Set(texts)].sort();

/** Files of client/ that no AWS account sees: they start the local AWS or fill it. */
const local = /^client\/(commands\/(up|down|demo)\.ts$|environment\/|items\/)/;

describe('the calls of the code', () => {
  let calls: readonly SdkCall[];
  beforeAll(async () => {
    calls = (
      await Promise.all(['activities', 'workers', 'workflows', 'client'].map((folder) => sdkCalls(root, folder)))
    ).flat();
  });

  it('are told by what files import, and there are some', () => {
    expect(calls).toContainEqual({ file: 'activities/glue.ts', operation: 'glue.StartJobRun' });
    expect(calls).toContainEqual({ file: 'activities/glue.ts', operation: 'glue.GetJobRuns' }); // by its paginator
    expect(calls.length).toBeGreaterThan(60);
  });

  it('are each of exactly one group', () => {
    const groups = [...activityGroups, ...commandGroups];
    const lost = calls.flatMap(({ file, operation }) => {
      const found = groups.filter(({ files }) => files.test(file)).map(({ name }) => name);
      if (found.length === 1 || local.test(file) || file === reader) return [];
      const where = file.startsWith('client/') ? 'command-groups.ts' : 'activity-groups.ts';
      return [`${file} calls ${operation} and is of ${found.length} groups: see to its files in infra/iam/${where}`];
    });
    expect(lost).toEqual([]);
  });

  it('are all in the table of IAM actions, which has no others but those of jobs', async () => {
    const operations = unique([...calls.filter(({ file }) => !local.test(file)).map((one) => one.operation)]);
    const missing = operations.filter((one) => !knownOperations.includes(one));
    expect(missing.map((one) => `add ${one} to infra/iam/actions.ts`)).toEqual([]);
    const jobs = await scriptOperations();
    const spare = knownOperations.filter((one) => !operations.includes(one) && !jobs.includes(one));
    expect(spare.map((one) => `nobody calls ${one}: remove it from infra/iam/actions.ts`)).toEqual([]);
  });
});

/** The one activity file that calls with a reader's credentials instead of the worker's. */
const reader = 'activities/credentials/verify-read.ts';

const scriptOperations = (): Promise<string[]> => boto3Calls(join(root, 'glue'));

describe.skipIf(!installed)('the IAM actions of the stack', () => {
  let scene: CdkScene;
  let stack: Synthesized;
  beforeAll(async () => {
    scene = await makeCdkScene();
    stack = synthesized(await scene.synth(completeConfiguration, settings));
  });
  afterAll(() => scene?.remove());

  /** Statements of the policy whose logical id begins so. */
  const statements = (id: RegExp): readonly Statement[] => {
    const found = Object.entries(stack.resources).filter(
      ([name, { Type }]) => Type === 'AWS::IAM::ManagedPolicy' && id.test(name)
    );
    expect(
      found.map(([name]) => name),
      `policies named ${id.source}`
    ).toHaveLength(1);
    return (found[0]![1].Properties['PolicyDocument'] as { Statement: Statement[] }).Statement;
  };
  const actions = (id: RegExp): string[] => unique(statements(id).flatMap(({ Action }) => list(Action)));

  const compare = async (
    groups: readonly CallGroup[],
    folders: readonly string[],
    construct: string
  ): Promise<string[]> => {
    const calls = (await Promise.all(folders.map((folder) => sdkCalls(root, folder)))).flat();
    return groups.flatMap(({ name, files }) => {
      const called = iamActions(calls.filter(({ file }) => files.test(file)).map(({ operation }) => operation));
      const granted = actions(new RegExp(`^${construct}${name}[0-9A-F]{8}$`));
      const where = `infra/iam/${construct === 'WorkerRole' ? 'activity' : 'command'}-groups.ts`;
      return [
        ...called
          .filter((one) => !granted.includes(one))
          .map((one) => `${name} calls for ${one}: grant it in ${where}`),
        ...granted
          .filter((one) => !called.includes(one))
          .map((one) => `${name} never needs ${one}: remove it from ${where}`),
      ];
    });
  };

  it('of the worker are those that its activities call, group by group', async () => {
    expect(await compare(activityGroups, ['activities', 'workers'], 'WorkerRole')).toEqual([]);
  });

  it('of the worker are all that sluice doctor asks for', () => {
    const plan = compile(loadModel(join(root, 'examples/ecommerce/warehouse.yaml')));
    const { deployment } = loadConfiguration({ env: {} });
    const notifications = { topicArn: 'arn:aws:sns:eu-west-1:123456789012:sluice' };
    const gate = { name: 'orders' } as GatePlan;
    const place = { partition: 'aws', region: 'eu-west-1', account: '123456789012' };
    const jobs = [{ name: plan.lake.jobName, script: 'raw_to_datalake.py', pipelines: 1 }];
    const needs = workerNeeds({ ...plan, gates: [gate] }, { ...deployment, notifications }, jobs, place);
    const granted = activityGroups.flatMap(({ name }) => actions(new RegExp(`^WorkerRole${name}[0-9A-F]{8}$`)));
    const asked = unique(needs.flatMap((need) => need.actions));
    expect(asked).toContain('glue:StartJobRun');
    expect(asked.filter((action) => !granted.includes(action))).toEqual([]);
  });

  it('of those who run commands are those that the commands call', async () => {
    expect(await compare(commandGroups, ['client'], 'Commands')).toEqual([]);
  });

  it('of Glue jobs are those that the scripts call, and those of Glue itself', async () => {
    const called = iamActions(await scriptOperations());
    const granted = actions(/^GlueRolesJobsPolicy/);
    // Of its own accord Glue writes logs and metrics, and makes network interfaces for the connection.
    const own = /^(ec2|logs):|^cloudwatch:PutMetricData$/;
    const spare = granted.filter((one) => !called.includes(one) && !own.test(one));
    const missing = called.filter((one) => !granted.includes(one));
    const where = 'infra/iam/job-grants.ts';
    expect([
      ...missing.map((one) => `the scripts call for ${one}: grant it in ${where}`),
      ...spare.map((one) => `no script calls for ${one}: remove it from ${where}`),
    ]).toEqual([]);
  });

  it('of readers are those that the check of their credentials calls', async () => {
    const calls = (await sdkCalls(root, 'activities')).filter(({ file }) => file === reader);
    const called = iamActions(calls.map(({ operation }) => operation));
    // Hadoop's S3A asks for the bucket's Region.
    expect(actions(/^Readerspartnerpolicy/)).toEqual(unique([...called, 's3:GetBucketLocation']));
  });

  it.skipIf(bin === undefined)('exist, and name a resource wherever AWS can restrict them to one', async () => {
    const policies = Object.entries(stack.resources).filter(([, { Type }]) => Type === 'AWS::IAM::ManagedPolicy');
    const all = policies.flatMap(([name, { Properties }]) =>
      (Properties['PolicyDocument'] as { Statement: Statement[] }).Statement.flatMap(({ Action, Resource }) =>
        list(Action).map((action) => ({ name, action, anything: list(Resource).includes('*') }))
      )
    );
    const known = await authorizationReference(unique(all.map(({ action }) => action)));
    expect(all.filter(({ action }) => action.includes('*')).map(({ action }) => action)).toEqual([]);
    expect(unique(all.filter(({ action }) => known[action] === undefined).map(({ action }) => action))).toEqual([]);
    const loose = all.filter(({ action, anything }) => anything && known[action]?.some((arn) => arn !== '*'));
    expect(unique(loose.map(({ name, action }) => `${action} on * in ${name}`))).toEqual([]);
  });
});

/** Resource types of actions, `*` for none, as AWS's service authorization reference has them; absent: no such action. */
async function authorizationReference(names: readonly string[]): Promise<Partial<Record<string, string[]>>> {
  const program = `
import json, sys
from policy_sentry.querying.actions import get_action_data
found = {}
for name in json.load(sys.stdin):
    service, action = name.split(":")
    data = get_action_data(service, action)
    if data:
        found[name] = [row["resource_arn_format"] for row in data[service]]
json.dump(found, sys.stdout)`;
  const child = run(join(bin ?? '', 'python'), ['-c', program], { maxBuffer: 2 ** 24 });
  child.child.stdin?.end(JSON.stringify(names));
  return JSON.parse((await child).stdout) as Partial<Record<string, string[]>>;
}
