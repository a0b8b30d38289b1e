import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, Billing, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { Rule } from 'aws-cdk-lib/aws-events';
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import type { Key } from 'aws-cdk-lib/aws-kms';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { Configuration } from '../model/index.js';
import { acknowledge } from './acknowledge.js';

type UsageGuard = NonNullable<Configuration['usageGuard']>;

/** What the guard of Glue usage works with: the table of recorded runs, and a queue of the account's job events. */
export class Usage extends Construct {
  readonly queue: Queue;
  readonly table: TableV2;

  constructor(scope: Construct, guard: UsageGuard, key: Key) {
    super(scope, 'Usage');
    this.table = new TableV2(this, 'Runs', {
      tableName: guard.table,
      partitionKey: { name: 'glue_id', type: AttributeType.STRING },
      timeToLiveAttribute: 'ttl',
      billing: Billing.onDemand(),
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      removalPolicy: RemovalPolicy.RETAIN,
    });
    this.queue = new Queue(this, 'Events', {
      queueName: guard.queueUrl?.split('/').at(-1),
      encryption: QueueEncryption.KMS,
      encryptionMasterKey: key,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
      visibilityTimeout: Duration.minutes(5),
    });
    acknowledge(this.queue, {
      'AwsSolutions-SQS3':
        'The guard deletes a message that it cannot read, and looks for runs itself: nothing could be left over.',
    });
    new Rule(this, 'GlueRuns', {
      description: 'Glue job runs that have ended, for the usage guard',
      eventPattern: { source: ['aws.glue'], detailType: ['Glue Job State Change'] },
      targets: [new SqsQueue(this.queue)],
    });
  }
}
