import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Grant, Places } from './grants.js';

/** Where Glue runs a job or a data quality evaluation. */
export interface JobPlaces {
  readonly partition: string;
  readonly region: string;
  readonly account: string;
  /** ARNs of subnets and security group of the Glue connection. */
  readonly subnet: string;
  readonly securityGroup: string;
  readonly vpc: string;
}

/**
 * What Glue calls on a run's behalf: logs, metrics and network interfaces in the VPC of the connection. It stands in no
 * code of ours, so the IAM test takes this list as it is.
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
  ];
}

/** What the scripts in glue/ call by boto3: the IAM test holds the list against them. Glue reads the scripts themselves. */
export function scriptGrants({ catalog, connections, rulesets, warehouse }: Places): Grant[] {
  return [
    {
      operations: [
        's3.AbortMultipartUpload',
        's3.CompleteMultipartUpload',
        's3.CreateMultipartUpload',
        's3.DeleteObject',
        's3.PutObject',
      ],
      buckets: ['lake'],
    },
    { operations: ['s3.HeadObject', 's3.ListObjectsV2'], buckets: ['raw', 'lake', 'lakeArchive'] },
    { operations: ['s3.GetObject'], buckets: ['raw', 'lake', 'lakeArchive', 'assets'] },
    { operations: ['glue.CreateDatabase', 'glue.CreateTable', 'glue.UpdateTable'], on: catalog },
    { operations: ['glue.GetDataQualityRuleset'], on: rulesets },
    { operations: ['glue.GetConnection'], on: connections },
    { operations: ['secretsmanager.GetSecretValue'], on: warehouse.secrets },
  ];
}

/** What a data quality run of Glue reads and writes: the tables it judges, and its own result files. */
export function qualityGrants({ catalog, connections, rulesets, warehouse }: Places): Grant[] {
  return [
    { operations: ['s3.GetObject', 's3.ListObjectsV2'], buckets: ['lake'] },
    { operations: ['s3.PutObject'], buckets: ['quality'] },
    { operations: ['glue.GetDatabase', 'glue.GetTable'], on: catalog },
    { operations: ['glue.GetDataQualityRuleRecommendationRun', 'glue.CreateDataQualityRuleset'], on: rulesets },
    { operations: ['glue.GetConnection'], on: connections },
    { operations: ['secretsmanager.GetSecretValue'], on: warehouse.secrets },
  ];
}
