import { CreateTableCommand, UpdateContinuousBackupsCommand, waitUntilTableExists } from '@aws-sdk/client-dynamodb';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { BatchWriteItemCommand } from '@aws-sdk/client-dynamodb';
import type { StepInput } from '../../activities/run-scope.js';
import type { WarehousePlan } from '../../model/plan.js';

/** A step of a run, by run key, for activities that are called by themselves. */
export function step(name: string, runKey = 'run-1', stage = 'test'): StepInput {
  return { scope: { pipeline: 'p', runKey, planHash: 'h' }, stage, step: name };
}

/** The keys that {@link createSourceTable} gives a table. */
export const keys: WarehousePlan['source']['keys'] = [
  { name: 'PK', type: 'S', role: 'HASH' },
  { name: 'SK', type: 'S', role: 'RANGE' },
];

/** Makes a table with so many items, and switches point-in-time recovery on unless told otherwise. */
export async function createSourceTable(
  dynamodb: DynamoDBClient,
  table: string,
  { items = 20, recovery = true }: { readonly items?: number; readonly recovery?: boolean } = {}
): Promise<WarehousePlan['source']> {
  await dynamodb.send(
    new CreateTableCommand({
      TableName: table,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: keys.map(({ name, type }) => ({ AttributeName: name, AttributeType: type })),
      KeySchema: keys.map(({ name, role }) => ({ AttributeName: name, KeyType: role })),
    })
  );
  await waitUntilTableExists({ client: dynamodb, maxWaitTime: 30, minDelay: 1, maxDelay: 1 }, { TableName: table });
  if (recovery) {
    await dynamodb.send(
      new UpdateContinuousBackupsCommand({
        TableName: table,
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      })
    );
  }
  for (let from = 0; from < items; from += 25) {
    const puts = Array.from({ length: Math.min(25, items - from) }, (_, index) => ({
      PutRequest: { Item: { PK: { S: `P#${from + index}` }, SK: { S: 'S' }, n: { N: '1.50' } } },
    }));
    await dynamodb.send(new BatchWriteItemCommand({ RequestItems: { [table]: puts } }));
  }
  return { table, keys, indexes: [] };
}
