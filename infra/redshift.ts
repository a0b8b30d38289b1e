import { Fn, RemovalPolicy, Stack } from 'aws-cdk-lib';
import type { CfnElement } from 'aws-cdk-lib';
import type { SecurityGroup, Vpc } from 'aws-cdk-lib/aws-ec2';
import { CompositePrincipal, ManagedPolicy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Key } from 'aws-cdk-lib/aws-kms';
import { CfnNamespace, CfnWorkgroup } from 'aws-cdk-lib/aws-redshiftserverless';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { acknowledge } from './acknowledge.js';

const adminUsername = 'sluice_admin';

/** Where land jobs stage and report: docs/glue-jobs.md. */
const stagePrefix = '_sluice/';

/** Names and size of the warehouse. */
export interface WarehouseProps {
  readonly workgroup: string;
  readonly database: string;
  /** RPUs that it starts from and at most uses. */
  readonly baseCapacity: number;
  readonly maxCapacity: number;
  readonly vpc: Vpc;
  readonly securityGroup: SecurityGroup;
  readonly key: Key;
  /** In which Glue jobs stage what Redshift is to COPY. */
  readonly lake: IBucket;
}

/**
 * Redshift Serverless, private, its traffic through the VPC. Redshift makes, keeps and rotates the administrator's password
 * in Secrets Manager. The namespace, and with it the data, is kept when the stack goes; the workgroup
 * goes, since the network could not go without it.
 */
export class Warehouse extends Construct {
  readonly workgroupArn: string;
  /** Of the administrator's secret, which Redshift makes: CloudFormation tells no ARN of it. */
  readonly adminSecretName: string;
  readonly jdbcUrl: string;

  constructor(scope: Construct, props: WarehouseProps) {
    super(scope, 'Warehouse');
    const { workgroup: workgroupName, database, key } = props;
    const copyRole = this.copyRole(props);
    const namespace = new CfnNamespace(this, 'Namespace', {
      namespaceName: workgroupName,
      dbName: database,
      adminUsername,
      manageAdminPassword: true,
      adminPasswordSecretKmsKeyId: key.keyArn,
      kmsKeyId: key.keyArn,
      defaultIamRoleArn: copyRole.roleArn,
      iamRoles: [copyRole.roleArn],
      logExports: ['userlog', 'connectionlog', 'useractivitylog'],
    });
    namespace.applyRemovalPolicy(RemovalPolicy.RETAIN);
    const workgroup = new CfnWorkgroup(this, 'Workgroup', {
      workgroupName,
      namespaceName: workgroupName,
      baseCapacity: props.baseCapacity,
      maxCapacity: props.maxCapacity,
      publiclyAccessible: false,
      enhancedVpcRouting: true,
      subnetIds: props.vpc.privateSubnets.map(({ subnetId }) => subnetId),
      securityGroupIds: [props.securityGroup.securityGroupId],
      configParameters: [{ parameterKey: 'require_ssl', parameterValue: 'true' }],
    });
    workgroup.addResourceDependency(namespace);
    this.workgroupArn = workgroup.attrWorkgroupWorkgroupArn;
    this.adminSecretName = `redshift!${workgroupName}-${adminUsername}`;
    this.jdbcUrl = Fn.join('', ['jdbc:redshift://', workgroup.attrWorkgroupEndpointAddress, `:5439/${database}`]);
  }
  /** The role by which COPY reads what land jobs have staged, `IAM_ROLE default`. */
  private copyRole({ lake, key }: WarehouseProps): Role {
    const policy = new ManagedPolicy(this, 'CopyPolicy', {
      description: 'What Redshift reads by COPY',
      statements: [
        new PolicyStatement({ actions: ['s3:GetObject'], resources: [lake.arnForObjects(`${stagePrefix}*`)] }),
        new PolicyStatement({ actions: ['s3:ListBucket'], resources: [lake.bucketArn] }),
        new PolicyStatement({ actions: ['kms:Decrypt'], resources: [key.keyArn] }),
      ],
    });
    const finding = `AwsSolutions-IAM5[Resource::<${Stack.of(this).getLogicalId(lake.node.defaultChild as CfnElement)}.Arn>/${stagePrefix}*]`;
    acknowledge(policy, { [finding]: 'What one job run has staged: its keys are made at run time.' });
    return new Role(this, 'CopyRole', {
      description: 'The warehouse of Sluice, for COPY',
      assumedBy: new CompositePrincipal(
        new ServicePrincipal('redshift.amazonaws.com'),
        new ServicePrincipal('redshift-serverless.amazonaws.com')
      ),
      managedPolicies: [policy],
    });
  }
}
