import * as dynamodb from '@aws-sdk/client-dynamodb';
import * as glue from '@aws-sdk/client-glue';
import * as iam from '@aws-sdk/client-iam';
import * as redshiftData from '@aws-sdk/client-redshift-data';
import * as s3 from '@aws-sdk/client-s3';
import * as secretsManager from '@aws-sdk/client-secrets-manager';
import * as ses from '@aws-sdk/client-sesv2';
import * as sns from '@aws-sdk/client-sns';
import * as sqs from '@aws-sdk/client-sqs';

const commandsOf = (client: object): ReadonlySet<string> =>
  new Set(
    Object.keys(client)
      .filter((name) => /^[A-Z]\w*Command$/.test(name))
      .map((name) => name.slice(0, -'Command'.length))
  );

/** The operations of each service as AWS's own SDK names them. */
export const operationsOf: Readonly<Record<string, ReadonlySet<string>>> = {
  dynamodb: commandsOf(dynamodb),
  glue: commandsOf(glue),
  iam: commandsOf(iam),
  'redshift-data': commandsOf(redshiftData),
  s3: commandsOf(s3),
  secretsmanager: commandsOf(secretsManager),
  ses: commandsOf(ses),
  sns: commandsOf(sns),
  sqs: commandsOf(sqs),
  sts: new Set(['AssumeRole', 'GetCallerIdentity']),
};

const qualityRun = ['FAILED', 'STOPPED', 'TIMEOUT'];

/** Operations that start a job, with the states besides success in which such a job ends. */
export const jobStates: Readonly<Record<string, readonly string[]>> = {
  'glue.StartJobRun': ['FAILED', 'STOPPED', 'TIMEOUT', 'ERROR', 'EXPIRED'],
  'glue.StartDataQualityRulesetEvaluationRun': qualityRun,
  'glue.StartDataQualityRuleRecommendationRun': qualityRun,
  'redshift-data.ExecuteStatement': ['FAILED', 'ABORTED'],
  'redshift-data.BatchExecuteStatement': ['FAILED', 'ABORTED'],
  'dynamodb.ExportTableToPointInTime': ['FAILED'],
};
