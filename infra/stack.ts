import { ArnFormat, CfnOutput, Stack } from 'aws-cdk-lib';
import type { StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { Buckets } from './buckets.js';
import { Glue, jobNames } from './glue.js';
import type { JobPlaces } from './iam/job-grants.js';
import type { Places } from './iam/grants.js';
import { createKey } from './key.js';
import { Network, availabilityZones } from './network.js';
import { Notifications } from './notifications.js';
import { Quality } from './quality.js';
import { Warehouse } from './redshift.js';
import { GlueRoles, OperatorPolicy, WorkerRole } from './roles.js';
import { TemporalSecrets } from './secrets.js';
import type { Settings } from './settings.js';
import { Tables } from './tables.js';
import { warehouseLogin } from './warehouse-login.js';
import { workerImage } from './worker-image.js';
import { WorkerService } from './worker.js';

/** Everything that a deployment of Sluice needs on AWS, by the names of `sluice.yaml` and of the compiled models. */
export class SluiceStack extends Stack {
  constructor(scope: Construct, id: string, settings: Settings, props: StackProps) {
    super(scope, id, { ...props, description: 'Sluice: ELT from DynamoDB to Redshift', terminationProtection: true });
    const { configuration, plans } = settings;
    const { deployment } = configuration;
    const key = createKey(this);
    const network = new Network(this, { key });
    const { vpc } = network;
    const buckets = new Buckets(this, { names: deployment.buckets, assets: configuration.assets?.bucket, key, plans });
    if (settings.createTables) new Tables(this, plans);
    const jobs = jobNames(plans);
    const { topic } = new Notifications(this, { key, email: settings.alertEmail, jobs: [jobs.lake, ...jobs.landing] });
    const { workgroup, database } = deployment.redshift;
    const warehouse =
      workgroup === undefined || !settings.createWarehouse
        ? undefined
        : new Warehouse(this, {
            workgroup,
            database,
            baseCapacity: settings.warehouseBaseCapacity,
            maxCapacity: settings.warehouseMaxCapacity,
            vpc,
            securityGroup: network.warehouse,
            key,
          });
    const glueRoles = new GlueRoles(this, deployment.glue.role);
    const arn = (service: string, resource: string): string =>
      this.formatArn({
        service,
        resource: resource.split('/')[0] ?? '',
        resourceName: resource.split('/').slice(1).join('/'),
      });
    const databases = [deployment.glue.catalogDatabase, deployment.glue.resultsDatabase ?? 'data_quality'];
    const places: Places = {
      buckets: Object.fromEntries(
        Object.entries(buckets.byName).map(([name, { bucketArn }]) => [name, bucketArn])
      ) as Places['buckets'],
      keys: [key.keyArn],
      tables: [...new Set(plans.map(({ source }) => arn('dynamodb', `table/${source.table}`)))],
      jobs: [jobs.lake, ...jobs.landing].map((name) => arn('glue', `job/${name}`)),
      catalog: [
        this.formatArn({ service: 'glue', resource: 'catalog' }),
        ...databases.flatMap((name) => [arn('glue', `database/${name}`), arn('glue', `table/${name}/*`)]),
      ],
      rulesets: [arn('glue', 'dataQualityRuleset/*')],
      qualityRole: glueRoles.quality.roleArn,
      topics: [topic.topicArn],
      warehouse: warehouseLogin(this, deployment.redshift, warehouse?.workgroupArn),
    };
    const [subnet] = vpc.privateSubnets;
    const jobPlaces: JobPlaces = {
      partition: this.partition,
      region: this.region,
      account: this.account,
      subnet: arn('ec2', `subnet/${subnet?.subnetId}`),
      securityGroup: arn('ec2', `security-group/${network.jobs.securityGroupId}`),
      vpc: vpc.vpcArn,
      connections: [
        this.formatArn({ service: 'glue', resource: 'catalog' }),
        arn('glue', `connection/${deployment.glue.connection}`),
      ],
      // Secrets Manager adds six characters to the name.
      secrets:
        warehouse === undefined
          ? []
          : [
              `${this.formatArn({ service: 'secretsmanager', resource: 'secret', resourceName: warehouse.adminSecretName, arnFormat: ArnFormat.COLON_RESOURCE_NAME })}-??????`,
            ],
    };
    glueRoles.allow(places, jobPlaces);
    new Glue(this, {
      deployment,
      plans,
      jobRole: glueRoles.jobs,
      key,
      vpc,
      securityGroup: network.jobs,
      assets: { bucket: buckets.byName.assets.bucketName, prefix: configuration.assets?.prefix ?? 'glue' },
      warehouse,
      flex: settings.flex,
    });
    new Quality(this, plans, deployment);
    const temporal = new TemporalSecrets(this, { key, auth: settings.temporalAuth });
    const { role } = new WorkerRole(this, places);
    new WorkerService(this, {
      vpc,
      securityGroup: network.workers,
      key,
      taskRole: role,
      image: workerImage(this, settings.image),
      environment: {
        AWS_REGION: this.region,
        TEMPORAL_ADDRESS: settings.temporalAddress,
        TEMPORAL_NAMESPACE: settings.temporalNamespace,
        SLUICE_TASK_QUEUE: configuration.taskQueue,
        SLUICE_TOPIC_ARN: topic.topicArn,
      },
      secrets: temporal.environment,
      taskQueue: configuration.taskQueue,
      minimum: settings.minWorkers,
      maximum: settings.maxWorkers,
    });
    const operator = new OperatorPolicy(this, places);
    const output = (name: string, description: string, value: string | undefined): void => {
      if (value !== undefined) new CfnOutput(this, name, { description, value });
    };
    output('AssetsBucket', 'Bucket of the Glue scripts', buckets.byName.assets.bucketName);
    output('AlertsTopicArn', 'Topic of failures, recoveries and data quality', topic.topicArn);
    output('OperatorPolicyArn', 'Policy for those who run the sluice command', operator.policy.managedPolicyArn);
    output('QualityRole', 'glue.role of sluice.yaml', glueRoles.quality.roleName);
    output('TemporalSecretArn', 'Secret to put the API key or certificate for Temporal in', temporal.arn);
    output('WarehouseAdminSecret', 'Secret of the warehouse’s administrator', warehouse?.adminSecretName);
    output('WorkerRoleName', 'IAM role of the workers, a database user as IAMR:<name>', role.roleName);
  }

  override get availabilityZones(): string[] {
    return availabilityZones;
  }
}
