import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startLocalAws } from '../../local/local-aws.js';
import type { LocalAws } from '../../local/local-aws.js';
import { pythonVenv } from '../python-venv.js';

/** An independent client goes through every service: a table is exported, and its item read back from S3. */
const script = `
import boto3, gzip, json, time

account = boto3.client('sts').get_caller_identity()['Account']
s3, dynamodb = boto3.client('s3'), boto3.client('dynamodb')
s3.create_bucket(Bucket='exports')
dynamodb.create_table(
    TableName='things', BillingMode='PAY_PER_REQUEST',
    AttributeDefinitions=[{'AttributeName': 'pk', 'AttributeType': 'S'}],
    KeySchema=[{'AttributeName': 'pk', 'KeyType': 'HASH'}])
dynamodb.get_waiter('table_exists').wait(TableName='things')
digits = '9' * 38
dynamodb.put_item(TableName='things', Item={'pk': {'S': 'Zoë 🧸'}, 'n': {'N': digits}, 'b': {'B': b'\\x00\\xff'}})
table = dynamodb.describe_table(TableName='things')['Table']['TableArn']
try:
    dynamodb.export_table_to_point_in_time(TableArn=table, S3Bucket='exports')
    refused = None
except dynamodb.exceptions.PointInTimeRecoveryUnavailableException as error:
    refused = error.response['Error']['Code']
dynamodb.update_continuous_backups(
    TableName='things', PointInTimeRecoverySpecification={'PointInTimeRecoveryEnabled': True})
export = dynamodb.export_table_to_point_in_time(TableArn=table, S3Bucket='exports', S3Prefix='p')
arn = export['ExportDescription']['ExportArn']
dynamodb.get_waiter('export_completed').wait(ExportArn=arn, WaiterConfig={'Delay': 1})
export = dynamodb.describe_export(ExportArn=arn)['ExportDescription']
summary = json.loads(s3.get_object(Bucket='exports', Key=export['ExportManifest'])['Body'].read())
files = s3.get_object(Bucket='exports', Key=summary['manifestFilesS3Key'])['Body'].read().decode().splitlines()
items = []
for line in files:
    data = s3.get_object(Bucket='exports', Key=json.loads(line)['dataFileS3Key'])['Body'].read()
    items += [json.loads(item) for item in gzip.decompress(data).decode().splitlines()]

glue = boto3.client('glue')
glue.create_database(DatabaseInput={'Name': 'lake'})
try:
    glue.get_job(JobName='none')
    missing = None
except glue.exceptions.EntityNotFoundException as error:
    missing = error.response['Error']['Code']

sns = boto3.client('sns')
topic = sns.create_topic(Name='alerts', Tags=[{'Key': 'team', 'Value': 'data'}])['TopicArn']
sns.publish(TopicArn=topic, Subject='Hello', Message='Zoë 🧸')
sns.subscribe(TopicArn=topic, Protocol='email', Endpoint='ops@example.com')
subscribed = sns.get_topic_attributes(TopicArn=topic)['Attributes']['SubscriptionsPending']
try:
    sns.publish(TopicArn=topic + 'x', Message='m')
    unheard = None
except sns.exceptions.NotFoundException as error:
    unheard = error.response['Error']['Code']

redshift = boto3.client('redshift-data')
statement = redshift.execute_statement(
    WorkgroupName='sluice', Database='salesdwh', Sql='select :n::decimal(38,0) as n',
    Parameters=[{'name': 'n', 'value': digits}])
while (status := redshift.describe_statement(Id=statement['Id']))['Status'] not in ('FINISHED', 'FAILED', 'ABORTED'):
    time.sleep(0.1)
result = redshift.get_statement_result(Id=statement['Id'])['Records'] if status['Status'] == 'FINISHED' else status
print(json.dumps({
    'account': account, 'refused': refused, 'status': export['ExportStatus'], 'items': items,
    'databases': [d['Name'] for d in glue.get_databases()['DatabaseList']], 'missing': missing, 'result': result,
    'topics': [t['TopicArn'] for t in sns.list_topics()['Topics']], 'subscribed': subscribed, 'unheard': unheard}))
`;

describe('boto3', async () => {
  const bin = await pythonVenv(['boto3']);
  let aws: LocalAws;
  beforeAll(async () => {
    aws = await startLocalAws({ onEvent: () => undefined });
  });
  afterAll(async () => {
    await aws.stop();
  });

  it.skipIf(bin === undefined)('gets from every service what it expects of AWS', async () => {
    const { stdout } = await promisify(execFile)(`${bin}/python`, ['-c', script], {
      env: { ...process.env, ...aws.env, AWS_DEFAULT_REGION: aws.env.AWS_REGION },
    });
    const digits = '9'.repeat(38);
    expect(JSON.parse(stdout)).toEqual({
      account: '000000000000',
      refused: 'PointInTimeRecoveryUnavailableException',
      status: 'COMPLETED',
      items: [{ Item: { pk: { S: 'Zoë 🧸' }, n: { N: digits }, b: { B: 'AP8=' } } }],
      databases: ['lake'],
      missing: 'EntityNotFoundException',
      result: [[{ stringValue: digits }]],
      topics: ['arn:aws:sns:us-east-1:000000000000:alerts'],
      subscribed: '1',
      unheard: 'NotFound',
    });
  });
});
