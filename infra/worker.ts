import { Duration, Size } from 'aws-cdk-lib';
import { Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import type { SecurityGroup, Vpc } from 'aws-cdk-lib/aws-ec2';
import {
  AwsLogDriverMode,
  Cluster,
  ContainerInsights,
  CpuArchitecture,
  FargateService,
  FargateTaskDefinition,
  LinuxParameters,
  LogDriver,
} from 'aws-cdk-lib/aws-ecs';
import type { ContainerImage, Secret } from 'aws-cdk-lib/aws-ecs';
import type { IRole } from 'aws-cdk-lib/aws-iam';
import type { Key } from 'aws-cdk-lib/aws-kms';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { acknowledge } from './acknowledge.js';

/** How the worker runs. */
export interface WorkerProps {
  readonly vpc: Vpc;
  readonly securityGroup: SecurityGroup;
  readonly key: Key;
  readonly taskRole: IRole;
  readonly image: ContainerImage;
  readonly environment: Readonly<Record<string, string>>;
  readonly secrets: Readonly<Record<string, Secret>>;
  /** Dimension of the backlog metric. */
  readonly taskQueue: string;
  readonly minimum: number;
  readonly maximum: number;
}

/** Where the worker tells its health, to its own container only. */
const healthAddress = '127.0.0.1:8080';

/** Node is in the image; curl is not. */
const healthCheck = `fetch('http://${healthAddress}/healthz').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))`;

/** Tasks that may wait for each worker before another one is started: a worker holds 200 at a time. */
const backlogPerWorker = 20;

/** The worker on Fargate: from 1 to a few of them, by the backlog of their task queue and by CPU. */
export class WorkerService extends Construct {
  constructor(scope: Construct, props: WorkerProps) {
    super(scope, 'Worker');
    const logGroup = new LogGroup(this, 'Logs', {
      retention: RetentionDays.THREE_MONTHS,
      encryptionKey: props.key,
    });
    const cluster = new Cluster(this, 'Cluster', { vpc: props.vpc, containerInsightsV2: ContainerInsights.ENABLED });
    const task = new FargateTaskDefinition(this, 'Task', {
      cpu: 1024,
      memoryLimitMiB: 2048,
      taskRole: props.taskRole,
      runtimePlatform: { cpuArchitecture: CpuArchitecture.X86_64 },
    });
    task.addVolume({ name: 'tmp' });
    const container = task.addContainer('worker', {
      image: props.image,
      command: ['worker'],
      environment: { ...props.environment, SLUICE_HEALTH_ADDRESS: healthAddress, SLUICE_BACKLOG_METRIC: 'emf' },
      secrets: { ...props.secrets },
      logging: LogDriver.awsLogs({
        logGroup,
        streamPrefix: 'worker',
        mode: AwsLogDriverMode.NON_BLOCKING,
        maxBufferSize: Size.mebibytes(4),
      }),
      readonlyRootFilesystem: true,
      linuxParameters: new LinuxParameters(this, 'Linux', { initProcessEnabled: true }),
      healthCheck: {
        command: ['CMD', 'node', '-e', healthCheck],
        interval: Duration.seconds(30),
        timeout: Duration.seconds(5),
        retries: 3,
        startPeriod: Duration.seconds(120),
      },
      // More than the worker's own 20 s, in which it drains; Fargate allows 120 s.
      stopTimeout: Duration.seconds(90),
    });
    container.addMountPoints({ containerPath: '/tmp', sourceVolume: 'tmp', readOnly: false });
    acknowledge(task, {
      'AwsSolutions-ECS2': 'Names and addresses only: what is secret comes from Secrets Manager.',
      'AwsSolutions-IAM5[Resource::*]':
        'ecr:GetAuthorizationToken, to pull the image, can be restricted to no resource.',
    });
    const service = new FargateService(this, 'Service', {
      cluster,
      taskDefinition: task,
      securityGroups: [props.securityGroup],
      assignPublicIp: false,
      desiredCount: props.minimum,
      // The old worker drains beside the new one, and an image that does not start is rolled back.
      minHealthyPercent: 100,
      maxHealthyPercent: 200,
      circuitBreaker: { rollback: true },
      enableExecuteCommand: false,
    });
    const scaling = service.autoScaleTaskCount({ minCapacity: props.minimum, maxCapacity: props.maximum });
    scaling.scaleToTrackCustomMetric('Backlog', {
      metric: new Metric({
        namespace: 'Sluice',
        metricName: 'TaskQueueBacklogPerWorker',
        dimensionsMap: { TaskQueue: props.taskQueue },
        statistic: Stats.MAXIMUM,
        period: Duration.minutes(1),
      }),
      targetValue: backlogPerWorker,
      scaleOutCooldown: Duration.minutes(2),
      scaleInCooldown: Duration.minutes(15), // a worker that stops is replaced by nobody for its share of the load
    });
    scaling.scaleOnCpuUtilization('Cpu', {
      targetUtilizationPercent: 70,
      scaleOutCooldown: Duration.minutes(2),
      scaleInCooldown: Duration.minutes(15),
    });
  }
}
