import { Fn, RemovalPolicy } from 'aws-cdk-lib';
import type { SecurityGroup, Vpc } from 'aws-cdk-lib/aws-ec2';
import type { Key } from 'aws-cdk-lib/aws-kms';
import { CfnNamespace, CfnWorkgroup } from 'aws-cdk-lib/aws-redshiftserverless';
import { Construct } from 'constructs';

const adminUsername = 'sluice_admin';

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
}

/**
 * Redshift Serverless, private, its traffic through the VPC. Redshift makes, keeps and rotates the administrator's password
 * in Secrets Manager. The namespace, and with it the data, is kept when the stack goes.
 */
export class Warehouse extends Construct {
  readonly workgroupArn: string;
  /** Of the administrator's secret, which Redshift makes: CloudFormation tells no ARN of it. */
  readonly adminSecretName: string;
  readonly jdbcUrl: string;

  constructor(scope: Construct, props: WarehouseProps) {
    super(scope, 'Warehouse');
    const { workgroup: workgroupName, database, key } = props;
    const namespace = new CfnNamespace(this, 'Namespace', {
      namespaceName: workgroupName,
      dbName: database,
      adminUsername,
      manageAdminPassword: true,
      adminPasswordSecretKmsKeyId: key.keyArn,
      kmsKeyId: key.keyArn,
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
    workgroup.applyRemovalPolicy(RemovalPolicy.RETAIN);
    this.workgroupArn = workgroup.attrWorkgroupWorkgroupArn;
    this.adminSecretName = `redshift!${workgroupName}-${adminUsername}`;
    this.jdbcUrl = Fn.join('', ['jdbc:redshift://', workgroup.attrWorkgroupEndpointAddress, `:5439/${database}`]);
  }
}
