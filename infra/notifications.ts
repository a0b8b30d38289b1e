import { RemovalPolicy } from 'aws-cdk-lib';
import { Rule } from 'aws-cdk-lib/aws-events';
import { SnsTopic } from 'aws-cdk-lib/aws-events-targets';
import type { Key } from 'aws-cdk-lib/aws-kms';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';

/**
 * The topic that people subscribe to, and what AWS itself tells it: data that did not pass, also when the evaluation was
 * not Sluice's, and Glue jobs that failed or ran out of time, also while no worker runs.
 */
export class Notifications extends Construct {
  readonly topic: Topic;

  constructor(
    scope: Construct,
    { key, email, jobs }: { readonly key: Key; readonly email?: string; readonly jobs: readonly string[] }
  ) {
    super(scope, 'Notifications');
    this.topic = new Topic(this, 'Alerts', { masterKey: key, enforceSSL: true });
    this.topic.applyRemovalPolicy(RemovalPolicy.RETAIN);
    if (email !== undefined) this.topic.addSubscription(new EmailSubscription(email));
    const target = new SnsTopic(this.topic);
    // https://docs.aws.amazon.com/glue/latest/dg/data-quality-alerts.html
    new Rule(this, 'QualityNotPassed', {
      description: 'Data quality evaluations that did not pass',
      eventPattern: {
        source: ['aws.glue-dataquality'],
        detailType: ['Data Quality Evaluation Results Available'],
        detail: { state: ['FAILED'] },
      },
      targets: [target],
    });
    // https://docs.aws.amazon.com/glue/latest/dg/automating-awsglue-with-cloudwatch-events.html
    new Rule(this, 'JobNotSucceeded', {
      description: 'Glue jobs of Sluice that failed or ran out of time',
      eventPattern: {
        source: ['aws.glue'],
        detailType: ['Glue Job State Change'],
        detail: { jobName: [...jobs], state: ['FAILED', 'TIMEOUT', 'ERROR'] },
      },
      targets: [target],
    });
  }
}
