import { Fn, RemovalPolicy } from 'aws-cdk-lib';
import {
  FlowLogDestination,
  FlowLogTrafficType,
  GatewayVpcEndpointAwsService,
  Port,
  SecurityGroup,
  SubnetType,
  Vpc,
} from 'aws-cdk-lib/aws-ec2';
import type { Key } from 'aws-cdk-lib/aws-kms';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';

/** Redshift Serverless takes subnets in three zones. They are named at deployment: synthesis asks no account. */
export const availabilityZones = [0, 1, 2].map((index) => Fn.select(index, Fn.getAzs()));

/**
 * A VPC for warehouse, Glue jobs and workers, all in private subnets. What is big goes through the gateway endpoints of
 * S3 and DynamoDB; the rest, Temporal among it, through one NAT gateway.
 */
export class Network extends Construct {
  readonly vpc: Vpc;
  readonly workers: SecurityGroup;
  /** Of the Glue jobs' connection: its members may reach each other, which Spark's executors need. */
  readonly jobs: SecurityGroup;
  readonly warehouse: SecurityGroup;

  constructor(scope: Construct, { key }: { readonly key: Key }) {
    super(scope, 'Network');
    const logGroup = new LogGroup(this, 'FlowLogs', {
      retention: RetentionDays.THREE_MONTHS,
      encryptionKey: key,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.vpc = new Vpc(this, 'Vpc', {
      maxAzs: 3,
      natGateways: 1,
      subnetConfiguration: [
        { name: 'public', subnetType: SubnetType.PUBLIC, cidrMask: 24, mapPublicIpOnLaunch: false },
        { name: 'private', subnetType: SubnetType.PRIVATE_WITH_EGRESS, cidrMask: 20 },
      ],
      gatewayEndpoints: {
        S3: { service: GatewayVpcEndpointAwsService.S3 },
        DynamoDB: { service: GatewayVpcEndpointAwsService.DYNAMODB },
      },
      flowLogs: {
        rejected: {
          destination: FlowLogDestination.toCloudWatchLogs(logGroup),
          trafficType: FlowLogTrafficType.REJECT,
        },
      },
    });
    const group = (id: string, description: string, allowAllOutbound: boolean): SecurityGroup =>
      new SecurityGroup(this, id, { vpc: this.vpc, description, allowAllOutbound });
    this.workers = group('Workers', 'Sluice workers: Temporal and the AWS APIs, nothing comes in', true);
    this.jobs = group('Jobs', 'Glue jobs of Sluice: each other, the warehouse, S3 and the AWS APIs', true);
    this.warehouse = group('Warehouse', 'Redshift: reached by the Glue jobs of Sluice', true);
    // https://docs.aws.amazon.com/glue/latest/dg/setup-vpc-for-glue-access.html
    this.jobs.addIngressRule(this.jobs, Port.allTcp(), 'Spark executors among themselves');
    this.warehouse.addIngressRule(this.jobs, Port.tcp(5439), 'Glue jobs load landing');
  }
}
