import type { Grant, Places } from './grants.js';

/** Code whose calls one policy allows. */
export interface CallGroup {
  readonly name: string;
  /** Files of the checkout, `/` between folders, whose AWS calls are this group's. */
  readonly files: RegExp;
  /** Empty where the configuration has no use for the group. */
  readonly grants: (places: Places) => readonly Grant[];
}

/** What running statements and reading their results takes. */
export const statementOperations = [
  'redshift-data.BatchExecuteStatement',
  'redshift-data.CancelStatement',
  'redshift-data.DescribeStatement',
  'redshift-data.ExecuteStatement',
  'redshift-data.GetStatementResult',
] as const;

/**
 * What the worker may do, by group of activities. The IAM test (test/infra/iam.test.ts) holds each group's actions
 * against the calls in its files: neither may have more than the other.
 */
export const activityGroups: readonly CallGroup[] = [
  {
    name: 'dynamodb',
    files: /^activities\/dynamodb\.ts$/,
    grants: ({ tables }) => [
      {
        operations: [
          'dynamodb.DescribeContinuousBackups',
          'dynamodb.DescribeTable',
          'dynamodb.ExportTableToPointInTime',
          'dynamodb.ListExports',
        ],
        buckets: ['raw'],
        on: tables,
      },
      { operations: ['dynamodb.DescribeExport'], on: tables.map((arn) => `${arn}/export/*`) },
    ],
  },
  {
    name: 'export',
    files: /^activities\/(s3|lake-base|job-report|batch)\.ts$/,
    grants: () => [
      { operations: ['s3.GetObject', 's3.ListObjectsV2'], buckets: ['raw', 'lake', 'lakeArchive'] },
      { operations: ['s3.GetObject'], buckets: ['quality'] }, // the pages of a batch
    ],
  },
  {
    name: 'archive',
    files: /^activities\/archive\//,
    grants: () => [
      {
        operations: [
          's3.AbortMultipartUpload',
          's3.CompleteMultipartUpload',
          's3.CopyObject',
          's3.CreateMultipartUpload',
          's3.DeleteObjects',
          's3.GetObject',
          's3.GetObjectAttributes',
          's3.GetObjectTagging',
          's3.HeadObject',
          's3.ListMultipartUploads',
          's3.ListObjectsV2',
          's3.PutObject',
          's3.UploadPartCopy',
        ],
        buckets: ['raw', 'lake', 'rawArchive', 'lakeArchive'],
      },
      {
        operations: [
          's3.DeleteBucketLifecycle',
          's3.GetBucketLifecycleConfiguration',
          's3.PutBucketLifecycleConfiguration',
        ],
        buckets: ['rawArchive', 'lakeArchive'],
      },
    ],
  },
  {
    name: 'glue',
    files: /^activities\/glue\.ts$/,
    grants: ({ jobs }) => [
      { operations: ['glue.BatchStopJobRun', 'glue.GetJobRun', 'glue.GetJobRuns', 'glue.StartJobRun'], on: jobs },
      { operations: ['s3.PutObject'], buckets: ['lake'] }, // arguments that are too long for Glue
    ],
  },
  {
    name: 'redshift',
    files: /^activities\/(redshift|redshift-results|run-history|load-state)\.ts$/,
    grants: () => [{ operations: [...statementOperations, 'redshift-data.ListStatements'] }],
  },
  {
    name: 'quality',
    files: /^activities\/quality\//,
    grants: ({ catalog, rulesets }) => [
      {
        operations: [
          'glue.BatchGetDataQualityResult',
          'glue.CancelDataQualityRuleRecommendationRun',
          'glue.CancelDataQualityRulesetEvaluationRun',
          'glue.CreateDataQualityRuleset',
          'glue.GetDataQualityRuleRecommendationRun',
          'glue.GetDataQualityRuleset',
          'glue.GetDataQualityRulesetEvaluationRun',
          'glue.StartDataQualityRuleRecommendationRun',
          'glue.StartDataQualityRulesetEvaluationRun',
          'glue.UpdateDataQualityRuleset',
        ],
        on: rulesets,
      },
      {
        operations: [
          'glue.CreateDatabase',
          'glue.CreateTable',
          'glue.GetDatabase',
          'glue.GetTable',
          'glue.UpdateTable',
        ],
        on: catalog,
      },
      { operations: ['s3.GetObject', 's3.PutObject'], buckets: ['quality'] },
    ],
  },
  {
    name: 'notify',
    files: /^activities\/(notifier|run-alerts)\.ts$/,
    grants: ({ topics }) => [
      { operations: ['sns.Publish'], on: topics },
      { operations: ['s3.DeleteObject', 's3.GetObject', 's3.HeadObject', 's3.PutObject'], buckets: ['quality'] },
    ],
  },
  {
    name: 'cost',
    files: /^activities\/cost\//,
    grants: ({ tables, jobs, rulesets }) => [
      { operations: ['dynamodb.DescribeExport'], on: tables.map((arn) => `${arn}/export/*`) },
      { operations: ['glue.GetJobRuns'], on: jobs },
      { operations: ['glue.GetDataQualityRulesetEvaluationRun'], on: rulesets },
      { operations: ['s3.GetObject'], buckets: ['lake'] },
    ],
  },
  {
    name: 'usage',
    files: /^activities\/glue-usage\//,
    grants: ({ usage }) => [
      {
        operations: ['dynamodb.GetItem', 'dynamodb.PutItem', 'dynamodb.Scan', 'dynamodb.UpdateItem'],
        on: usage.tables,
      },
      { operations: ['glue.GetJobRun', 'glue.GetJobRuns', 'glue.GetJobs', 'glue.ListJobs'], on: usage.jobs },
      ...(usage.tables.length === 0
        ? []
        : [{ operations: ['s3.GetObject', 's3.HeadObject', 's3.PutObject'], buckets: ['quality' as const] }]),
      { operations: ['sqs.DeleteMessageBatch', 'sqs.ReceiveMessage'], on: usage.queues },
      { operations: ['ses.SendEmail'], on: usage.identities },
    ],
  },
  {
    name: 'credentials',
    files: /^activities\/credentials\/(?!verify-read\.ts$)/, // reads as a reader, see reader-role.ts
    grants: ({ readers }) => [
      { operations: ['sts.AssumeRole'], on: readers.roles },
      {
        operations: [
          'secretsmanager.DescribeSecret',
          'secretsmanager.GetSecretValue',
          'secretsmanager.PutSecretValue',
          'secretsmanager.UpdateSecretVersionStage',
        ],
        on: readers.secrets,
      },
    ],
  },
];
