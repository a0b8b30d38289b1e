import { paginateSimulatePrincipalPolicy } from '@aws-sdk/client-iam';
import type { EvaluationResult, IAMClient } from '@aws-sdk/client-iam';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import type { Deployment } from '../../model/configuration.js';
import type { WarehousePlan } from '../../model/plan.js';
import type { DoctorClients } from './aws-clients.js';
import { fail, ok, unknown } from './check.js';
import type { Check, Outcome } from './check.js';
import type { NeededJob } from './glue-checks.js';

/** Actions that a worker takes on resources. */
interface Need {
  readonly actions: readonly string[];
  readonly resources: readonly string[];
}

/** Where the resources are. */
interface Place {
  readonly partition: string;
  readonly region: string;
  readonly account: string;
}

/**
 * What a worker does that the doctor may not try, because it would change something or cost something. What it does to
 * look, the other checks have tried already. Statements go to a workgroup whose ARN has an id that only
 * redshift-serverless:GetWorkgroup tells: logging in is the check of those.
 */
export function workerNeeds(
  plan: WarehousePlan,
  { buckets, glue, notifications }: Deployment,
  jobs: readonly NeededJob[],
  { partition, region, account }: Place
): Need[] {
  const arn = (service: string, rest: string): string => `arn:${partition}:${service}:${region}:${account}:${rest}`;
  const all = Object.values(buckets).map((bucket) => `arn:${partition}:s3:::${bucket}`);
  const table = arn('dynamodb', `table/${plan.source.table}`);
  const role = glue.role ?? 'sluice-glue';
  const { gates = [] } = plan;
  return [
    { actions: ['dynamodb:ExportTableToPointInTime', 'dynamodb:ListExports'], resources: [table] },
    { actions: ['dynamodb:DescribeExport'], resources: [`${table}/export/01234567890123-01234567`] },
    { actions: ['s3:ListBucket'], resources: all },
    {
      actions: ['s3:GetObject', 's3:PutObject', 's3:DeleteObject', 's3:AbortMultipartUpload'],
      resources: all.map((bucket) => `${bucket}/${plan.source.table}/object`),
    },
    {
      actions: ['glue:StartJobRun', 'glue:GetJobRun', 'glue:GetJobRuns', 'glue:BatchStopJobRun'],
      resources: jobs.map(({ name }) => arn('glue', `job/${name}`)),
    },
    ...(gates.length === 0
      ? []
      : [
          {
            actions: ['glue:StartDataQualityRulesetEvaluationRun', 'glue:CreateDataQualityRuleset'],
            resources: gates.map(({ name }) => arn('glue', `dataQualityRuleset/${name}`)),
          },
          {
            actions: ['iam:PassRole'],
            resources: [role.startsWith('arn:') ? role : `arn:${partition}:iam::${account}:role/${role}`],
          },
        ]),
    ...(notifications?.topicArn ? [{ actions: ['sns:Publish'], resources: [notifications.topicArn] }] : []),
  ];
}

/**
 * The identity that policies are attached to: of a session of a role, the role. Sessions do not tell the role's path:
 * of a role with one, name its ARN.
 */
export function principalOf(arn: string): string {
  const [, partition, account, role] = /^arn:([^:]+):sts::(\d+):assumed-role\/([^/]+)\//.exec(arn) ?? [];
  return role === undefined ? arn : `arn:${partition}:iam::${account}:role/${role}`;
}

/** Simulates one need; a call takes all its actions on all its resources. */
async function simulate(
  client: IAMClient,
  principal: string,
  { actions, resources }: Need,
  abortSignal: AbortSignal
): Promise<EvaluationResult[]> {
  const results: EvaluationResult[] = [];
  const input = { PolicySourceArn: principal, ActionNames: [...actions], ResourceArns: [...resources] };
  for await (const page of paginateSimulatePrincipalPolicy({ client }, input, { abortSignal })) {
    results.push(...(page.EvaluationResults ?? []));
  }
  return results;
}

function outcomeOf(principal: string, results: readonly EvaluationResult[]): Outcome {
  const denied = results.filter(({ EvalDecision: decision }) => decision !== 'allowed');
  // A condition on something that the simulation was not told, such as the source VPC, decides nothing.
  const conditional = denied.filter(({ MissingContextValues: missing = [] }) => missing.length > 0);
  const certain = denied.filter((result) => !conditional.includes(result));
  const spell = (list: readonly EvaluationResult[]): string =>
    list.map(({ EvalActionName: action, EvalResourceName: resource }) => `${action} on ${resource}`).join('; ');
  if (certain.length > 0) {
    const fix = 'Grant it, as infra/ does for the role of the workers.';
    return fail(`${principal} may not: ${spell(certain)}`, fix);
  }
  if (conditional.length > 0) return unknown(`depends on conditions for ${principal}: ${spell(conditional)}`);
  return ok(`${principal} may do what a run does`);
}

/**
 * Whether an identity may do what workers do, by simulation of its policies: nothing is done.
 * @param principal - ARN of the workers' role or user; by default whoever asks.
 */
export function permissionCheck(
  clients: DoctorClients,
  plan: WarehousePlan,
  deployment: Deployment,
  jobs: readonly NeededJob[],
  principal?: string
): Check {
  const name = 'aws.permissions';
  return {
    names: [name],
    limitMs: 30_000,
    async run(signal): Promise<Record<string, Outcome>> {
      const { Arn: caller = '', Account: account = '' } = await clients.sts.send(new GetCallerIdentityCommand({}), {
        abortSignal: signal,
      });
      const subject = principal ?? principalOf(caller);
      if (subject.endsWith(':root')) return { [name]: ok('the root user of the account may do everything') };
      const place = { partition: caller.split(':')[1] ?? 'aws', region: await clients.sts.config.region(), account };
      const needs = workerNeeds(plan, deployment, jobs, place);
      const results: EvaluationResult[] = [];
      for (const need of needs) results.push(...(await simulate(clients.iam, subject, need, signal)));
      return { [name]: outcomeOf(subject, results) };
    },
  };
}
