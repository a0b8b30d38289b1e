import { CfnOutput, Stack } from 'aws-cdk-lib';
import type { StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { Buckets } from './buckets.js';
import { Glue, jobNames } from './glue.js';
import { createKey } from './key.js';
import { Network, availabilityZones } from './network.js';
import { Notifications } from './notifications.js';
import { jobPlacesOf, placesOf } from './places.js';
import type { Resources } from './places.js';
import { Quality } from './quality.js';
import { Readers } from './readers.js';
import { Warehouse } from './redshift.js';
import { CommandPolicies, GlueRoles, WorkerRole } from './roles.js';
import { WorkerSecrets } from './secrets.js';
import type { Settings } from './settings.js';
import { Tables } from './tables.js';
import { Usage } from './usage.js';
import { workerImage } from './worker-image.js';
import { WorkerService } from './worker.js';

/** Everything that a deployment of Sluice needs on AWS, by the names of `sluice.yaml` and of the compiled models. */
export class SluiceStack extends Stack {
  constructor(scope: Construct, id: string, settings: Settings, props: StackProps) {
    super(scope, id, { ...props, description: 'Sluice: ELT from DynamoDB to Redshift', terminationProtection: true });
    const resources = this.resources(settings);
    const { key, network, buckets, notifications, glueRoles, workerRole, warehouse, usage } = resources;
    const places = placesOf(this, settings, resources);
    workerRole.allow(places);
    glueRoles.allow(places, jobPlacesOf(this, network));
    const commands = new CommandPolicies(this, places);
    const { configuration, plans } = settings;
    const { deployment, assets } = configuration;
    new Glue(this, {
      deployment,
      plans,
      jobRole: glueRoles.jobs,
      key,
      vpc: network.vpc,
      securityGroup: network.jobs,
      assets: { bucket: buckets.byName.assets.bucketName, prefix: assets?.prefix ?? '' },
      warehouse,
      flex: settings.flex,
    });
    new Quality(this, plans, deployment);
    const { temporalAuth: auth, encryptPayloads } = settings;
    const secrets = new WorkerSecrets(this, { key, auth, encryptPayloads });
    const { deployment: workerDeployment, buildId } = configuration.worker ?? {};
    new WorkerService(this, {
      vpc: network.vpc,
      securityGroup: network.workers,
      key,
      taskRole: workerRole.role,
      image: workerImage(this, settings.image),
      environment: {
        AWS_REGION: this.region,
        TEMPORAL_ADDRESS: settings.temporalAddress,
        TEMPORAL_NAMESPACE: settings.temporalNamespace,
        SLUICE_TASK_QUEUE: configuration.taskQueue,
        ...(workerDeployment && { SLUICE_DEPLOYMENT: workerDeployment }),
        ...(buildId && { SLUICE_BUILD_ID: buildId }),
        SLUICE_TOPIC_ARN: notifications.topic.topicArn,
      },
      secrets: secrets.environment,
      taskQueue: configuration.taskQueue,
      minimum: settings.minWorkers,
      maximum: settings.maxWorkers,
    });
    const outputs: Readonly<Record<string, string | undefined>> = {
      AlertsTopicArn: notifications.topic.topicArn,
      EventsQueueUrl: usage?.queue.queueUrl,
      KeyArn: key.keyArn,
      PayloadKeySecretArn: secrets.payloadKeyArn,
      TemporalSecretArn: secrets.temporalArn,
      WarehouseAdminSecret: warehouse?.adminSecretName,
      WorkerRoleArn: workerRole.role.roleArn,
      WorkerRoleName: workerRole.role.roleName,
      ...Object.fromEntries(
        Object.entries(commands.byName).map(([name, { managedPolicyArn }]) => [`${name}PolicyArn`, managedPolicyArn])
      ),
    };
    for (const [name, value] of Object.entries(outputs)) {
      if (value !== undefined) new CfnOutput(this, name, { value });
    }
  }

  override get availabilityZones(): string[] {
    return availabilityZones;
  }

  private resources(settings: Settings): Resources {
    const { configuration, plans } = settings;
    const { deployment, assets, credentials = [], usageGuard } = configuration;
    const key = createKey(this);
    const network = new Network(this, { key });
    if (settings.createTables) new Tables(this, plans);
    const { lake, landing } = jobNames(plans);
    const { workgroup, database } = deployment.redshift;
    const workerRole = new WorkerRole(this);
    const buckets = new Buckets(this, { names: deployment.buckets, assets: assets?.bucket, key, plans });
    return {
      key,
      network,
      buckets,
      notifications: new Notifications(this, { key, email: settings.alertEmail, jobs: [lake, ...landing] }),
      glueRoles: new GlueRoles(this, deployment.glue.role?.split('/').at(-1)),
      workerRole,
      readers: new Readers(this, { credentials, worker: workerRole.role, key }),
      usage: usageGuard && new Usage(this, usageGuard, key),
      warehouse:
        workgroup === undefined || !settings.createWarehouse
          ? undefined
          : new Warehouse(this, {
              workgroup,
              database,
              baseCapacity: settings.warehouseBaseCapacity,
              maxCapacity: settings.warehouseMaxCapacity,
              vpc: network.vpc,
              securityGroup: network.warehouse,
              key,
              lake: buckets.byName.lake,
            }),
    };
  }
}
