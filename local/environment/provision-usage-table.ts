import { CreateTableCommand, DynamoDBServiceException, waitUntilTableExists } from '@aws-sdk/client-dynamodb';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';

/** Makes the table of recorded Glue runs (docs/usage-guard.md) where there is none. The local DynamoDB expires nothing. */
export async function provisionUsageTable(dynamodb: DynamoDBClient, TableName: string): Promise<void> {
  const create = new CreateTableCommand({
    TableName,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [{ AttributeName: 'glue_id', AttributeType: 'S' }],
    KeySchema: [{ AttributeName: 'glue_id', KeyType: 'HASH' }],
  });
  await dynamodb.send(create).catch((error: unknown) => {
    if (!(error instanceof DynamoDBServiceException) || error.name !== 'ResourceInUseException') throw error;
  });
  await waitUntilTableExists({ client: dynamodb, maxWaitTime: 60, minDelay: 0.05, maxDelay: 1 }, { TableName });
}
