/** How a deployment logs in to the warehouse, which decides on the action that goes with a statement. */
export type WarehouseLogin = 'workgroup' | 'cluster' | 'cluster-user' | 'secret';

const login: Readonly<Record<WarehouseLogin, readonly string[]>> = {
  workgroup: ['redshift-serverless:GetCredentials'],
  cluster: ['redshift:GetClusterCredentialsWithIAM'],
  'cluster-user': ['redshift:GetClusterCredentials'],
  secret: ['secretsmanager:GetSecretValue', 'kms:Decrypt'],
};

const loginAction = 'warehouse:login';

// Without s3:ListBucket S3 answers 403 for a key that is not there, and Sluice tells the two apart. The buckets are
// encrypted by a KMS key: who reads needs Decrypt, who writes GenerateDataKey, and an upload of parts both.
const read = ['s3:GetObject', 's3:ListBucket', 'kms:Decrypt'];
const write = ['s3:PutObject', 'kms:GenerateDataKey'];
const writePart = [...write, 'kms:Decrypt'];

/**
 * The IAM actions that an operation of an AWS API needs, by `<service>.<operation>` in the spelling of the SDK and of the
 * local AWS. Where the names differ, or an operation needs others besides, the source is AWS's service authorization
 * reference (https://docs.aws.amazon.com/service-authorization/latest/reference/), which the IAM test asks too.
 */
const table: Readonly<Record<string, readonly string[]>> = {
  'dynamodb.DescribeContinuousBackups': ['dynamodb:DescribeContinuousBackups'],
  'dynamodb.DescribeExport': ['dynamodb:DescribeExport'],
  'dynamodb.DescribeTable': ['dynamodb:DescribeTable'],
  // The caller's own rights on the bucket are used for as long as the export goes.
  // https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataExport_Requesting.html
  'dynamodb.ExportTableToPointInTime': [
    'dynamodb:ExportTableToPointInTime',
    's3:AbortMultipartUpload',
    's3:PutObjectAcl',
    ...writePart,
  ],
  'dynamodb.ListExports': ['dynamodb:ListExports'],
  'dynamodb.GetItem': ['dynamodb:GetItem'],
  'dynamodb.PutItem': ['dynamodb:PutItem'],
  'dynamodb.Scan': ['dynamodb:Scan'],
  'dynamodb.UpdateItem': ['dynamodb:UpdateItem'],

  'glue.BatchGetDataQualityResult': ['glue:GetDataQualityResult'], // there is no action of the operation's name
  'glue.BatchStopJobRun': ['glue:BatchStopJobRun'],
  'glue.CancelDataQualityRuleRecommendationRun': ['glue:CancelDataQualityRuleRecommendationRun'],
  'glue.CancelDataQualityRulesetEvaluationRun': ['glue:CancelDataQualityRulesetEvaluationRun'],
  'glue.CreateDataQualityRuleset': ['glue:CreateDataQualityRuleset'],
  'glue.CreateDatabase': ['glue:CreateDatabase'],
  'glue.CreateTable': ['glue:CreateTable'],
  'glue.GetConnection': ['glue:GetConnection'],
  'glue.GetDataQualityRuleRecommendationRun': ['glue:GetDataQualityRuleRecommendationRun'],
  'glue.GetDataQualityRuleset': ['glue:GetDataQualityRuleset'],
  'glue.GetDataQualityRulesetEvaluationRun': ['glue:GetDataQualityRulesetEvaluationRun'],
  'glue.GetDatabase': ['glue:GetDatabase'],
  'glue.GetJob': ['glue:GetJob'],
  'glue.GetJobRun': ['glue:GetJobRun'],
  'glue.GetJobRuns': ['glue:GetJobRuns'],
  'glue.GetJobs': ['glue:GetJobs'],
  'glue.GetTable': ['glue:GetTable'],
  'glue.StartDataQualityRuleRecommendationRun': ['glue:StartDataQualityRuleRecommendationRun', 'iam:PassRole'],
  'glue.StartDataQualityRulesetEvaluationRun': ['glue:StartDataQualityRulesetEvaluationRun', 'iam:PassRole'],
  'glue.ListJobs': ['glue:ListJobs'],
  'glue.StartJobRun': ['glue:StartJobRun'],
  'glue.UpdateDataQualityRuleset': ['glue:UpdateDataQualityRuleset'],
  'glue.UpdateJob': ['glue:UpdateJob', 'iam:PassRole'],
  'glue.UpdateTable': ['glue:UpdateTable'],

  'iam.SimulatePrincipalPolicy': ['iam:SimulatePrincipalPolicy'],

  'redshift-data.BatchExecuteStatement': ['redshift-data:BatchExecuteStatement', loginAction],
  'redshift-data.CancelStatement': ['redshift-data:CancelStatement'],
  'redshift-data.DescribeStatement': ['redshift-data:DescribeStatement'],
  'redshift-data.ExecuteStatement': ['redshift-data:ExecuteStatement', loginAction],
  'redshift-data.GetStatementResult': ['redshift-data:GetStatementResult'],
  'redshift-data.ListStatements': ['redshift-data:ListStatements'],

  's3.AbortMultipartUpload': ['s3:AbortMultipartUpload'],
  's3.CompleteMultipartUpload': writePart,
  's3.CopyObject': [...read, ...write, 's3:GetObjectTagging', 's3:PutObjectTagging'],
  's3.CreateMultipartUpload': [...writePart, 's3:PutObjectTagging'],
  's3.DeleteBucketLifecycle': ['s3:PutLifecycleConfiguration'],
  's3.DeleteObject': ['s3:DeleteObject'],
  's3.DeleteObjects': ['s3:DeleteObject'],
  's3.GetBucketEncryption': ['s3:GetEncryptionConfiguration'],
  's3.GetBucketLifecycleConfiguration': ['s3:GetLifecycleConfiguration'],
  's3.GetBucketLocation': ['s3:GetBucketLocation'],
  's3.GetObject': read,
  's3.GetObjectAttributes': ['s3:GetObjectAttributes', ...read],
  's3.GetObjectTagging': ['s3:GetObjectTagging'],
  's3.GetPublicAccessBlock': ['s3:GetBucketPublicAccessBlock'],
  's3.HeadBucket': ['s3:ListBucket'],
  's3.HeadObject': read,
  's3.ListMultipartUploads': ['s3:ListBucketMultipartUploads'],
  's3.ListObjectsV2': ['s3:ListBucket'],
  's3.PutBucketLifecycleConfiguration': ['s3:PutLifecycleConfiguration'],
  's3.PutObject': write,
  's3.UploadPartCopy': [...read, ...writePart],

  // Secrets are encrypted by the same key.
  'secretsmanager.DescribeSecret': ['secretsmanager:DescribeSecret'],
  'secretsmanager.GetSecretValue': ['secretsmanager:GetSecretValue', 'kms:Decrypt'],
  'secretsmanager.PutSecretValue': ['secretsmanager:PutSecretValue', 'kms:GenerateDataKey', 'kms:Decrypt'],
  'secretsmanager.UpdateSecretVersionStage': ['secretsmanager:UpdateSecretVersionStage'],

  'ses.SendEmail': ['ses:SendEmail'],

  'sns.GetTopicAttributes': ['sns:GetTopicAttributes'],
  'sns.Publish': ['sns:Publish', 'kms:GenerateDataKey', 'kms:Decrypt'],

  'sqs.DeleteMessageBatch': ['sqs:DeleteMessage'],
  'sqs.ReceiveMessage': ['sqs:ReceiveMessage', 'kms:Decrypt'],

  'sts.AssumeRole': ['sts:AssumeRole'],
  'sts.GetCallerIdentity': [], // allowed to everybody
};

/** Operations that {@link iamActions} knows, in order. */
export const knownOperations: readonly string[] = Object.keys(table).sort();

/**
 * The IAM actions of operations, each once and in order.
 * @throws Error naming the operations that the table lacks.
 */
export function iamActions(operations: Iterable<string>, warehouse: WarehouseLogin = 'workgroup'): string[] {
  const all = [...operations];
  const unknown = all.filter((operation) => table[operation] === undefined);
  if (unknown.length > 0) throw new Error(`infra/iam/actions.ts has no IAM actions for ${unknown.join(', ')}`);
  const actions = all.flatMap((operation) => table[operation] ?? []);
  return [...new Set(actions.flatMap((action) => (action === loginAction ? login[warehouse] : [action])))].sort();
}
