import { Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { iamActions } from './actions.js';
import type { Grant, Places } from './grants.js';

/**
 * Actions that AWS can restrict to no resource (service authorization reference); the IAM test holds the list against it.
 */
const unrestricted = new Set([
  'dynamodb:ListExports',
  'glue:CreateDataQualityRuleset',
  'glue:GetJobs',
  'glue:ListJobs',
  'redshift-data:CancelStatement',
  'redshift-data:DescribeStatement',
  'redshift-data:GetStatementResult',
  'redshift-data:ListStatements',
]);

const ofBucket =
  /^s3:(ListBucket|ListBucketMultipartUploads|Get(Lifecycle|Encryption)Configuration|PutLifecycleConfiguration|GetBucketLocation|GetBucketPublicAccessBlock)$/;
const ofLogin =
  /^(redshift-serverless:GetCredentials|redshift:GetClusterCredentials(WithIAM)?|secretsmanager:GetSecretValue)$/;

function resourcesOf(action: string, grant: Grant, places: Places): readonly string[] {
  const buckets = (grant.buckets ?? []).map((name) => places.buckets[name]);
  if (unrestricted.has(action)) return ['*'];
  if (action.startsWith('kms:')) return places.keys;
  if (action === 'iam:PassRole') return [places[grant.passes ?? 'qualityRole']];
  if (ofBucket.test(action)) return buckets;
  if (action.startsWith('s3:')) return buckets.map((arn) => `${arn}/*`);
  if (action.startsWith('redshift-data:')) return places.warehouse.arns;
  if (ofLogin.test(action) && grant.on === undefined) return places.warehouse.loginArns;
  return grant.on ?? [];
}

/** The fewest statements that allow grants: one for all actions on the same resources. */
export function statementsOf(grants: readonly Grant[], places: Places): PolicyStatement[] {
  const resources = new Map<string, Set<string>>();
  for (const grant of grants) {
    if (grant.on?.length === 0) continue;
    for (const action of iamActions(grant.operations, places.warehouse.login)) {
      const on = resources.get(action) ?? new Set();
      for (const arn of resourcesOf(action, grant, places)) on.add(arn);
      resources.set(action, on);
    }
  }
  const statements = new Map<string, { readonly actions: string[]; readonly resources: string[]; passes: boolean }>();
  for (const [action, on] of resources) {
    if (on.size === 0) throw new Error(`${action} is granted on nothing`);
    const passes = action === 'iam:PassRole';
    const key = JSON.stringify([passes, ...[...on].sort()]);
    const statement = statements.get(key) ?? { actions: [], resources: [...on].sort(), passes };
    statement.actions.push(action);
    statements.set(key, statement);
  }
  return [...statements.values()].map(
    ({ passes, ...statement }) =>
      new PolicyStatement({
        effect: Effect.ALLOW,
        ...statement,
        ...(passes && { conditions: { StringEquals: { 'iam:PassedToService': 'glue.amazonaws.com' } } }),
      })
  );
}
