import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DynamoDbJsonItem } from '../../../local/environment/dynamodb-json.js';
import { loadItems } from '../../../local/environment/load-items.js';
import { bucket, createTable, runExport, startLocalDynamoDb } from './local-dynamodb.js';
import type { LocalDynamoDb } from './local-dynamodb.js';
import { readExport } from './read-export.js';

const keys = [
  { name: 'PK', type: 'S', role: 'HASH' },
  { name: 'SK', type: 'S', role: 'RANGE' },
] as const;
const count = 3_000;

let local: LocalDynamoDb;
beforeAll(async () => {
  local = await startLocalDynamoDb();
});
afterAll(() => local.close());

/** Items of one generation of a table: the same keys in each. */
function* generation(table: string, number: number): Generator<DynamoDbJsonItem> {
  for (let index = 0; index < count; index += 1) {
    yield {
      PK: { S: `${table}#${index % 70}` },
      SK: { S: `ORD#${index}` },
      GSIpk: { S: `ORD#${index}` },
      GSIsk: { S: table },
      generation: { N: `${number}.00` },
    };
  }
}

async function exported(arn: string): Promise<number[]> {
  const { ExportStatus, ExportManifest } = await runExport(local.client, { TableArn: arn });
  expect(ExportStatus).toBe('COMPLETED');
  const { lines } = await readExport(local.store, bucket, ExportManifest ?? '');
  const items = lines.map((line) => (JSON.parse(line) as { Item: Record<string, { S: string; N: string }> }).Item);
  expect(new Set(items.map(({ PK, SK }) => `${PK?.S} ${SK?.S}`)).size).toBe(items.length);
  return items.map((item) => Number(item['generation']?.N));
}

describe('tables that are loaded while they are exported', () => {
  it('lose and double nothing, and every export shows whole items of the moment it was started', async () => {
    const arns = [await createTable(local.client, 'left'), await createTable(local.client, 'right')];
    const load = (table: string, number: number) =>
      loadItems(local.client, { table, keys: [...keys] }, generation(table, number));
    await Promise.all([load('left', 1), load('right', 1)]);
    for (const arn of arns) expect(await exported(arn)).toEqual(new Array(count).fill(1));

    const loading = Promise.all([load('left', 2), load('right', 2)]);
    const during = (await Promise.all([...arns, ...arns].map(exported))).flat();
    await loading;
    expect(during).toHaveLength(4 * count);
    expect(during.every((number) => number === 1 || number === 2)).toBe(true);
    for (const arn of arns) expect(await exported(arn)).toEqual(new Array(count).fill(2));
  });
});
