import type { Stack } from 'aws-cdk-lib';
import type { Key } from 'aws-cdk-lib/aws-kms';
import type { Buckets } from './buckets.js';
import { jobNames } from './glue.js';
import type { JobPlaces } from './iam/job-grants.js';
import type { Places } from './iam/grants.js';
import type { Network } from './network.js';
import type { Notifications } from './notifications.js';
import type { Readers } from './readers.js';
import type { Warehouse } from './redshift.js';
import type { GlueRoles, WorkerRole } from './roles.js';
import { sesIdentities } from './ses-identities.js';
import type { Settings } from './settings.js';
import type { Usage } from './usage.js';
import { warehouseLogin } from './warehouse-login.js';

/** What of the stack the grants are about. */
export interface Resources {
  readonly key: Key;
  readonly network: Network;
  readonly buckets: Buckets;
  readonly notifications: Notifications;
  readonly glueRoles: GlueRoles;
  readonly workerRole: WorkerRole;
  readonly readers: Readers;
  readonly usage: Usage | undefined;
  readonly warehouse: Warehouse | undefined;
}

/** ARNs of all that policies name, of resources of the stack and of those that `sluice.yaml` and the models name. */
export function placesOf(
  stack: Stack,
  { configuration: { deployment, usageGuard }, plans }: Settings,
  { key, buckets, notifications, glueRoles, workerRole, readers, usage, warehouse }: Resources
): Places {
  const arn = (service: string, resource: string, resourceName?: string): string =>
    stack.formatArn({ service, resource, resourceName });
  const { lake, landing } = jobNames(plans);
  const { catalogDatabase, resultsDatabase = 'data_quality', connection } = deployment.glue;
  const catalog = arn('glue', 'catalog');
  return {
    buckets: Object.fromEntries(
      Object.entries(buckets.byName).map(([name, { bucketArn }]) => [name, bucketArn])
    ) as Places['buckets'],
    keys: [key.keyArn],
    tables: [...new Set(plans.map(({ source }) => arn('dynamodb', 'table', source.table)))],
    jobs: [lake, ...landing].map((name) => arn('glue', 'job', name)),
    catalog: [
      catalog,
      ...[catalogDatabase, resultsDatabase].flatMap((name) => [
        arn('glue', 'database', name),
        arn('glue', 'table', `${name}/*`),
      ]),
    ],
    rulesets: [arn('glue', 'dataQualityRuleset', '*')],
    qualityRole: glueRoles.quality.roleArn,
    jobRole: glueRoles.jobs.roleArn,
    workerRole: workerRole.role.roleArn,
    connections: [catalog, arn('glue', 'connection', connection)],
    topics: [notifications.topic.topicArn],
    usage: {
      tables: usage === undefined ? [] : [usage.table.tableArn],
      queues: usage === undefined ? [] : [usage.queue.queueArn],
      identities: sesIdentities(usageGuard).map((identity) => arn('ses', 'identity', identity)),
      jobs: usage === undefined ? [] : [arn('glue', 'job', '*')],
    },
    readers,
    warehouse: warehouseLogin(stack, deployment.redshift, warehouse),
  };
}

/** Where Glue runs jobs. */
export function jobPlacesOf(stack: Stack, { vpc, jobs }: Network): JobPlaces {
  const { partition, region, account } = stack;
  return {
    partition,
    region,
    account,
    subnet: stack.formatArn({ service: 'ec2', resource: 'subnet', resourceName: vpc.privateSubnets[0]?.subnetId }),
    securityGroup: stack.formatArn({ service: 'ec2', resource: 'security-group', resourceName: jobs.securityGroupId }),
    vpc: vpc.vpcArn,
  };
}
