import type { Grant, Places } from './grants.js';

/** Files whose AWS calls the operator's policy allows: the commands, but not those of the local AWS. */
export const operatorFiles = /^client\/(?!commands\/(up|down|demo)\.ts|environment\/|items\/)/;

/** What the `sluice` command calls itself; runs are the worker's. */
export function operatorGrants({ tables }: Places): readonly Grant[] {
  return [
    { operations: ['dynamodb.DescribeContinuousBackups', 'dynamodb.DescribeTable'], on: tables },
    {
      operations: [
        'redshift-data.CancelStatement',
        'redshift-data.DescribeStatement',
        'redshift-data.ExecuteStatement',
        'redshift-data.GetStatementResult',
      ],
    },
    { operations: ['s3.GetObject', 's3.ListObjectsV2', 's3.PutObject'], buckets: ['quality'] },
    { operations: ['s3.GetObject', 's3.ListObjectsV2'], buckets: ['lake', 'lakeArchive'] },
  ];
}
