import { setTimeout } from 'node:timers/promises';
import {
  CreateTableCommand,
  DescribeTableCommand,
  DynamoDBServiceException,
  UpdateContinuousBackupsCommand,
} from '@aws-sdk/client-dynamodb';
import type {
  AttributeDefinition,
  CreateTableCommandInput,
  DynamoDBClient,
  KeySchemaElement,
  TableDescription,
} from '@aws-sdk/client-dynamodb';
import type { WarehousePlan } from '../../model/plan.js';

type SourcePlan = WarehousePlan['source'];
type KeyPlan = SourcePlan['keys'];

const activeWithinMs = 60_000;

/**
 * Makes the plan's table with its global secondary indexes, on demand, and turns point-in-time recovery on, without
 * which there is no export. Resolves when the table can be written to.
 * @throws Error when the table exists with other keys or indexes, or does not become active within a minute.
 */
export async function provisionTable(dynamodb: DynamoDBClient, source: SourcePlan): Promise<void> {
  const wanted = tableInput(source);
  try {
    await dynamodb.send(new CreateTableCommand(wanted));
  } catch (error) {
    if (!isNamed(error, 'ResourceInUseException')) throw error;
  }
  const table = await waitUntilActive(dynamodb, source.table);
  const [found, expected] = [shape(table), shape(wanted)];
  if (found !== expected) {
    throw new Error(
      `The table "${source.table}" exists with other keys or indexes than the model's (it has ${found}; the model says ` +
        `${expected}). Use another data folder, or give the model another table name.`
    );
  }
  await enablePointInTimeRecovery(dynamodb, source.table);
}

const keySchema = (keys: KeyPlan): KeySchemaElement[] =>
  keys.map(({ name, role }) => ({ AttributeName: name, KeyType: role }));

function tableInput(source: SourcePlan): CreateTableCommandInput {
  const attributes = [...source.keys, ...source.indexes.flatMap(({ keys }) => keys)];
  const types = new Map(attributes.map(({ name, type }) => [name, type]));
  return {
    TableName: source.table,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [...types].map(([name, type]): AttributeDefinition => ({
      AttributeName: name,
      AttributeType: type,
    })),
    KeySchema: keySchema(source.keys),
    ...(source.indexes.length > 0 && {
      GlobalSecondaryIndexes: source.indexes.map(({ name, keys }) => ({
        IndexName: name,
        KeySchema: keySchema(keys),
        Projection: { ProjectionType: 'ALL' as const },
      })),
    }),
  };
}

/** Keys with their types and indexes, in a form that can be compared and shown. */
function shape(table: TableDescription | CreateTableCommandInput): string {
  const types = new Map(
    table.AttributeDefinitions?.map(({ AttributeName, AttributeType }) => [AttributeName, AttributeType])
  );
  const keys = (schema: readonly KeySchemaElement[] = []): string =>
    [...schema]
      .sort((a, b) => String(a.KeyType).localeCompare(String(b.KeyType)))
      .map(({ AttributeName }) => `${AttributeName} ${types.get(AttributeName)}`)
      .join(', ');
  const indexes = (table.GlobalSecondaryIndexes ?? []).map((index) => `${index.IndexName}(${keys(index.KeySchema)})`);
  return [`(${keys(table.KeySchema)})`, ...indexes.sort()].join(' ');
}

async function waitUntilActive(dynamodb: DynamoDBClient, name: string): Promise<TableDescription> {
  const deadline = Date.now() + activeWithinMs;
  for (;;) {
    const { Table: table } = await dynamodb.send(new DescribeTableCommand({ TableName: name }));
    const indexes = table?.GlobalSecondaryIndexes ?? [];
    if (table?.TableStatus === 'ACTIVE' && indexes.every(({ IndexStatus }) => IndexStatus === 'ACTIVE')) return table;
    if (Date.now() > deadline) throw new Error(`The table "${name}" has not become active: ${table?.TableStatus}`);
    await setTimeout(50);
  }
}

async function enablePointInTimeRecovery(dynamodb: DynamoDBClient, name: string): Promise<void> {
  const deadline = Date.now() + activeWithinMs;
  for (;;) {
    try {
      await dynamodb.send(
        new UpdateContinuousBackupsCommand({
          TableName: name,
          PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        })
      );
      return;
    } catch (error) {
      // Backups of a table that was just made are being set up for a moment.
      if (!isNamed(error, 'ContinuousBackupsUnavailableException') || Date.now() > deadline) throw error;
      await setTimeout(200);
    }
  }
}

function isNamed(error: unknown, name: string): boolean {
  return error instanceof DynamoDBServiceException && error.name === name;
}
