import { CfnConnection, CfnDatabase, CfnJob, CfnSecurityConfiguration } from 'aws-cdk-lib/aws-glue';
import type { SecurityGroup, Vpc } from 'aws-cdk-lib/aws-ec2';
import type { IRole } from 'aws-cdk-lib/aws-iam';
import type { Key } from 'aws-cdk-lib/aws-kms';
import { Aws } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import type { Deployment, WarehousePlan } from '../model/index.js';

/** What jobs and connection are made of. */
export interface GlueProps {
  readonly deployment: Deployment;
  readonly plans: readonly WarehousePlan[];
  readonly jobRole: IRole;
  readonly key: Key;
  readonly vpc: Vpc;
  readonly securityGroup: SecurityGroup;
  /** Of the scripts, which `sluice deploy-assets` puts there and points the jobs at. */
  readonly assets: { readonly bucket: string; readonly prefix: string };
  /** Of the warehouse; without it the connection is made by hand, under the name of `sluice.yaml`. */
  readonly warehouse?: { readonly jdbcUrl: string; readonly adminSecretName: string };
  /** Spare capacity: cheaper, without a promise when a run starts. */
  readonly flex: boolean;
}

const timeoutMinutes = 120;

/** Names of the jobs of the models' plans: one that makes the lake, and those that replace the landing tables. */
export function jobNames(plans: readonly WarehousePlan[]): { readonly lake: string; readonly landing: string[] } {
  const landing = plans.flatMap(({ landing: packed, entities }) =>
    packed === undefined ? entities.map(({ jobName }) => jobName) : [packed.jobName]
  );
  return { lake: 'raw_to_datalake_job', landing: [...new Set(landing)].sort() };
}

/** Databases of the catalog, the connection to the warehouse and the jobs that `sluice` starts. */
export class Glue extends Construct {
  constructor(scope: Construct, props: GlueProps) {
    super(scope, 'Glue');
    const { deployment, key, warehouse, plans } = props;
    const { catalogDatabase, resultsDatabase = 'data_quality' } = deployment.glue;
    for (const name of new Set([catalogDatabase, resultsDatabase])) {
      new CfnDatabase(this, name, { catalogId: Aws.ACCOUNT_ID, databaseInput: { name } });
    }
    const security = new CfnSecurityConfiguration(this, 'Security', {
      name: `${Aws.STACK_NAME}-jobs`,
      encryptionConfiguration: {
        s3Encryptions: [{ s3EncryptionMode: 'SSE-KMS', kmsKeyArn: key.keyArn }],
        cloudWatchEncryption: { cloudWatchEncryptionMode: 'SSE-KMS', kmsKeyArn: key.keyArn },
        jobBookmarksEncryption: { jobBookmarksEncryptionMode: 'CSE-KMS', kmsKeyArn: key.keyArn },
      },
    });
    const connection = warehouse && this.connection(props, warehouse);
    const scripts = props.assets.prefix === '' ? '' : `${props.assets.prefix}/`;
    const job = (name: string, script: string, description: string, connections: string[]): void => {
      const made = new CfnJob(this, name, {
        name,
        description,
        role: props.jobRole.roleArn,
        command: {
          name: 'glueetl',
          pythonVersion: '3',
          scriptLocation: `s3://${props.assets.bucket}/${scripts}${script}`,
        },
        glueVersion: '5.0',
        workerType: 'G.1X',
        numberOfWorkers: 2,
        executionClass: props.flex ? 'FLEX' : 'STANDARD',
        timeout: timeoutMinutes,
        // Sluice repeats a failed step itself, and finds a run again by its marker.
        maxRetries: 0,
        jobRunQueuingEnabled: true,
        executionProperty: { maxConcurrentRuns: plans.length },
        securityConfiguration: security.ref,
        ...(connections.length > 0 && { connections: { connections } }),
        defaultArguments: {
          '--enable-auto-scaling': 'true',
          '--enable-continuous-cloudwatch-log': 'true',
          '--enable-glue-datacatalog': 'true',
          '--enable-metrics': 'true',
          '--job-bookmark-option': 'job-bookmark-disable',
          '--job-language': 'python',
        },
        // The usage guard leaves a job alone whose tag says `false`.
        tags: { remediate: 'true' },
      });
      if (connection !== undefined) made.addResourceDependency(connection);
    };
    const { lake, landing } = jobNames(plans);
    job(lake, 'raw_to_datalake.py', 'DynamoDB export to data lake', []);
    for (const name of landing) {
      job(name, 'land.py', 'Data lake to landing', [deployment.glue.connection]);
    }
  }

  private connection(props: GlueProps, warehouse: NonNullable<GlueProps['warehouse']>): CfnConnection {
    const [subnet] = props.vpc.privateSubnets;
    return new CfnConnection(this, 'Connection', {
      catalogId: Aws.ACCOUNT_ID,
      connectionInput: {
        name: props.deployment.glue.connection,
        description: 'The warehouse of Sluice',
        connectionType: 'JDBC',
        connectionProperties: {
          JDBC_CONNECTION_URL: warehouse.jdbcUrl,
          SECRET_ID: warehouse.adminSecretName,
          JDBC_ENFORCE_SSL: 'true',
        },
        physicalConnectionRequirements: {
          availabilityZone: subnet?.availabilityZone,
          subnetId: subnet?.subnetId,
          securityGroupIdList: [props.securityGroup.securityGroupId],
        },
      },
    });
  }
}
