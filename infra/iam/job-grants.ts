import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Grant } from './grants.js';

/** Where Glue runs a job or a data quality evaluation. */
export interface JobPlaces {
  readonly partition: string;
  readonly region: string;
  readonly account: string;
  /** ARNs of subnets and security group of the Glue connection. */
  readonly subnet: string;
  readonly securityGroup: string;
  readonly vpc: string;
  readonly connections: readonly string[];
  /** The secret that the connection logs in with. */
  readonly secrets: readonly string[];
}

/**
 * What Spark and Glue call on a job's behalf: reading and writing S3, logs, metrics and network interfaces in the VPC of
 * the connection. It stands in no code of ours, so the IAM test takes this list as it is.
 * @see https://docs.aws.amazon.com/glue/latest/dg/create-service-policy.html
 */
export function engineStatements(places: JobPlaces, metricsNamespace: string): PolicyStatement[] {
  const { partition, region, account } = places;
  const logGroups = `arn:${partition}:logs:${region}:${account}:log-group:/aws-glue/*`;
  const networkInterfaces = `arn:${partition}:ec2:${region}:${account}:network-interface/*`;
  return [
    new PolicyStatement({
      actions: ['logs:AssociateKmsKey', 'logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents'],
      resources: [logGroups],
    }),
    new PolicyStatement({
      actions: ['cloudwatch:PutMetricData'],
      resources: ['*'],
      conditions: { StringEquals: { 'cloudwatch:namespace': metricsNamespace } },
    }),
    new PolicyStatement({
      actions: [
        'ec2:DescribeNetworkInterfaces',
        'ec2:DescribeRouteTables',
        'ec2:DescribeSecurityGroups',
        'ec2:DescribeSubnets',
        'ec2:DescribeVpcEndpoints',
      ],
      resources: ['*'],
    }),
    new PolicyStatement({ actions: ['ec2:DescribeVpcAttribute'], resources: [places.vpc] }),
    new PolicyStatement({
      actions: ['ec2:CreateNetworkInterface'],
      resources: [networkInterfaces, places.subnet, places.securityGroup],
    }),
    // Glue tags what it makes in a VPC, and removes nothing else.
    new PolicyStatement({
      actions: ['ec2:CreateTags'],
      resources: [networkInterfaces],
      conditions: { 'ForAllValues:StringEquals': { 'aws:TagKeys': ['aws-glue-service-resource'] } },
    }),
    new PolicyStatement({ actions: ['ec2:DeleteNetworkInterface'], resources: [networkInterfaces] }),
    new PolicyStatement({ actions: ['glue:GetConnection'], resources: [...places.connections] }),
    ...(places.secrets.length === 0
      ? []
      : [new PolicyStatement({ actions: ['secretsmanager:GetSecretValue'], resources: [...places.secrets] })]),
  ];
}

/** What Spark reads and writes in S3 and in the catalog for the scripts of jobs. */
export function sparkGrants(catalog: readonly string[]): Grant[] {
  const write = ['s3.AbortMultipartUpload', 's3.DeleteObject', 's3.PutObject', 's3.CreateMultipartUpload'];
  const read = ['s3.GetObject', 's3.HeadObject', 's3.ListObjectsV2'];
  return [
    { operations: read, buckets: ['raw', 'lake', 'lakeArchive', 'assets'] },
    { operations: write, buckets: ['lake', 'assets'] },
    {
      operations: ['glue.CreateDatabase', 'glue.CreateTable', 'glue.GetDatabase', 'glue.GetTable', 'glue.UpdateTable'],
      on: catalog,
    },
  ];
}

/** What a data quality run of Glue reads and writes: the tables it judges, and its own result files. */
export function qualityGrants(catalog: readonly string[], rulesets: readonly string[]): Grant[] {
  return [
    { operations: ['s3.GetObject', 's3.ListObjectsV2'], buckets: ['lake'] },
    { operations: ['s3.PutObject'], buckets: ['quality'] },
    { operations: ['glue.GetDatabase', 'glue.GetTable'], on: catalog },
    { operations: ['glue.GetDataQualityRuleRecommendationRun', 'glue.CreateDataQualityRuleset'], on: rulesets },
  ];
}
