import { statementOperations } from './activity-groups.js';
import type { CallGroup } from './activity-groups.js';

/**
 * What people and machines may do that run the `sluice` command, by what they run. The IAM test holds each group's
 * actions against the calls in its files; the commands of the local AWS are nobody's.
 */
export const commandGroups: readonly CallGroup[] = [
  {
    name: 'operator',
    files: /^client\/(?!deploy\/|doctor\/|environment\/|items\/|commands\/(up|down|demo)\.ts)/,
    grants: ({ tables }) => [
      { operations: ['dynamodb.DescribeContinuousBackups', 'dynamodb.DescribeTable'], on: tables },
      { operations: statementOperations },
      { operations: ['s3.GetObject', 's3.ListObjectsV2', 's3.PutObject'], buckets: ['quality'] },
      { operations: ['s3.GetObject'], buckets: ['lake', 'lakeArchive'] },
    ],
  },
  {
    name: 'deployer', // besides what an operator may: it changes the warehouse's tables as the command's user
    files: /^client\/deploy\//,
    grants: ({ jobs }) => [
      { operations: ['s3.HeadBucket', 's3.HeadObject', 's3.PutObject'], buckets: ['assets'] },
      { operations: ['glue.GetJob', 'glue.UpdateJob'], on: jobs, passes: 'jobRole' },
    ],
  },
  {
    name: 'doctor',
    files: /^client\/doctor\//,
    grants: ({ buckets, catalog, connections, jobs, tables, topics, warehouse, workerRole }) => [
      { operations: ['dynamodb.DescribeContinuousBackups', 'dynamodb.DescribeTable'], on: tables },
      { operations: ['glue.GetDatabase'], on: catalog },
      { operations: ['glue.GetConnection'], on: connections },
      { operations: ['glue.GetJob'], on: jobs },
      { operations: ['iam.SimulatePrincipalPolicy'], on: [workerRole] },
      {
        operations: ['s3.GetBucketEncryption', 's3.GetBucketLocation', 's3.GetPublicAccessBlock', 's3.HeadBucket'],
        buckets: Object.keys(buckets) as (keyof typeof buckets)[],
      },
      { operations: ['s3.GetObject'], buckets: ['assets'] },
      { operations: ['secretsmanager.DescribeSecret'], on: warehouse.secrets },
      { operations: ['sns.GetTopicAttributes'], on: topics },
      { operations: ['sts.GetCallerIdentity'] },
    ],
  },
];
