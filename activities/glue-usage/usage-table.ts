import type { AttributeValue, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  ConditionalCheckFailedException,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
  paginateScan,
} from '@aws-sdk/client-dynamodb';
import type { GlueRunRecord } from '../../model/glue-usage/record.js';
import { recordLifetime } from '../../model/glue-usage/record.js';
import type { GlueVerdict } from '../../model/glue-usage/verdict.js';
import { StepError, onResource } from '../failures.js';

/** Attributes as aws-samples/aws-glue-job-tracker names them, with those that Sluice adds, by field of the record. */
const attributes = {
  id: 'glue_id',
  job: 'job_name',
  runId: 'job_run_id',
  state: 'job_state',
  verdict: 'verdict',
  reasons: 'reasons',
  optedOut: 'opted_out',
  startedAt: 'start_time',
  endedAt: 'end_time',
  executionSeconds: 'job_runtime',
  timeout: 'job_timeout',
  attempt: 'run_attempt',
  workers: 'num_workers',
  workerType: 'worker_type',
  glueVersion: 'job_version',
  executionClass: 'exec_class',
  dpuSeconds: 'dpu_seconds',
  autoScaled: 'is_autoscaled',
  cost: 'cost',
  alertedAt: 'alerted_at',
} as const satisfies Record<keyof GlueRunRecord, string>;

/** Key of the item that says up to when runs were looked for. */
const watermarkKey = '_watermark';

function toAttribute(value: unknown): AttributeValue {
  if (typeof value === 'number') return { N: String(value) };
  if (typeof value === 'boolean') return { BOOL: value };
  if (Array.isArray(value)) return { L: value.map(toAttribute) };
  return { S: String(value) };
}

function toItem(record: GlueRunRecord): Record<string, AttributeValue> {
  const fields = Object.entries(attributes).flatMap(([field, name]): [string, AttributeValue][] => {
    const value = record[field as keyof GlueRunRecord];
    return value === undefined ? [] : [[name, toAttribute(value)]];
  });
  const expires = Math.floor(Date.parse(record.endedAt) / 1000) + recordLifetime;
  return { ...Object.fromEntries(fields), ttl: { N: String(expires) } };
}

function toRecord(item: Readonly<Record<string, AttributeValue>>): GlueRunRecord {
  const text = (field: keyof typeof attributes): string | undefined => item[attributes[field]]?.S;
  const figure = (field: keyof typeof attributes): number | undefined => {
    const value = item[attributes[field]]?.N;
    return value === undefined ? undefined : Number(value);
  };
  const flag = (field: keyof typeof attributes): boolean => item[attributes[field]]?.BOOL ?? false;
  return {
    id: text('id') ?? '',
    job: text('job') ?? '',
    runId: text('runId') ?? '',
    state: text('state') ?? '',
    verdict: (text('verdict') ?? 'within') as GlueVerdict,
    reasons: item[attributes.reasons]?.L?.flatMap(({ S }) => S ?? []) ?? [],
    optedOut: flag('optedOut'),
    startedAt: text('startedAt'),
    endedAt: text('endedAt') ?? '',
    executionSeconds: figure('executionSeconds'),
    timeout: figure('timeout'),
    attempt: figure('attempt'),
    workers: figure('workers'),
    workerType: text('workerType'),
    glueVersion: text('glueVersion'),
    executionClass: text('executionClass'),
    dpuSeconds: figure('dpuSeconds'),
    autoScaled: flag('autoScaled'),
    cost: figure('cost'),
    alertedAt: text('alertedAt'),
  };
}

/** The DynamoDB table of recorded Glue runs: partition key `glue_id` (S), items expire by `ttl`. */
export class UsageTable {
  constructor(
    private readonly dynamodb: DynamoDBClient,
    private readonly name: string
  ) {}

  /** The record of this id, or undefined. */
  async find(id: string): Promise<GlueRunRecord | undefined> {
    const { Item } = await this.call(() =>
      this.dynamodb.send(
        new GetItemCommand({ TableName: this.name, Key: { glue_id: { S: id } }, ConsistentRead: true })
      )
    );
    return Item && toRecord(Item);
  }

  /** True when some record is of this run, whatever its start; reads the whole table. */
  async knows(runId: string): Promise<boolean> {
    for await (const record of this.records()) if (record.runId === runId) return true;
    return false;
  }

  /** Adds a record; false when there is one of its id, which stays as it is. */
  async add(record: GlueRunRecord): Promise<boolean> {
    return await this.call(async () => {
      try {
        const ConditionExpression = 'attribute_not_exists(glue_id)';
        await this.dynamodb.send(
          new PutItemCommand({ TableName: this.name, Item: toItem(record), ConditionExpression })
        );
        return true;
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException) return false;
        throw error;
      }
    });
  }

  /** Notes that people were told of a run. */
  async markAlerted(id: string, at: string): Promise<void> {
    await this.call(() =>
      this.dynamodb.send(
        new UpdateItemCommand({
          TableName: this.name,
          Key: { glue_id: { S: id } },
          UpdateExpression: 'SET alerted_at = :at',
          ExpressionAttributeValues: { ':at': { S: at } },
        })
      )
    );
  }

  /** All records. */
  async *records(): AsyncGenerator<GlueRunRecord> {
    const pages = paginateScan({ client: this.dynamodb }, { TableName: this.name, ConsistentRead: true });
    const next = async (): Promise<IteratorResult<{ Items?: Record<string, AttributeValue>[] }>> =>
      this.call(() => pages.next());
    for (let page = await next(); !page.done; page = await next()) {
      for (const item of page.value.Items ?? []) if (item.glue_id?.S !== watermarkKey) yield toRecord(item);
    }
  }

  /** ISO 8601: all runs that ended before are recorded. Undefined before the first pass. */
  async watermark(): Promise<string | undefined> {
    const key = { glue_id: { S: watermarkKey } };
    const { Item } = await this.call(() =>
      this.dynamodb.send(new GetItemCommand({ TableName: this.name, Key: key, ConsistentRead: true }))
    );
    return Item?.looked_until?.S;
  }

  /** Moves the watermark. */
  async setWatermark(until: string): Promise<void> {
    const Item = { glue_id: { S: watermarkKey }, looked_until: { S: until } };
    await this.call(() => this.dynamodb.send(new PutItemCommand({ TableName: this.name, Item })));
  }

  private async call<T>(work: () => Promise<T>): Promise<T> {
    const resource = `DynamoDB table ${this.name}`;
    return await onResource(resource, async () => {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof Error) || error.name !== 'ResourceNotFoundException') throw error;
        throw new StepError(
          'Permanent',
          resource,
          'there is no such table',
          'Make it with the partition key glue_id (S) and time to live by ttl, as docs/usage-guard.md says.'
        );
      }
    });
  }
}
