import {
  BatchWriteItemCommand,
  CreateTableCommand,
  DeleteItemCommand,
  DeleteTableCommand,
  DescribeTableCommand,
  GetItemCommand,
  ListTablesCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import type { AttributeValue, QueryCommandInput, WriteRequest } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTable, singleTable, startLocalDynamoDb } from './local-dynamodb.js';
import type { LocalDynamoDb } from './local-dynamodb.js';

type Item = Record<string, AttributeValue>;

let local: LocalDynamoDb;
beforeAll(async () => {
  local = await startLocalDynamoDb();
});
afterAll(() => local.close());

const put = (item: Item): WriteRequest => ({ PutRequest: { Item: item } });

/** Values that programs are known to break. */
const hostile: Item = {
  PK: { S: 'CUST#O\'Brien "x" \\ / 😀' },
  SK: { S: '\u0000\u001f~ÿ\uffff' },
  GSIpk: { S: 'ORD#1' },
  GSIsk: { S: 'ORD#1' },
  digits38: { N: '99999999999999999999999999999999999999' },
  small: { N: '-0.00000000000000000000000000000000000001234' },
  tiny: { N: '1' + '0'.repeat(37) },
  huge: { N: '123' + '0'.repeat(120) },
  emptyText: { S: '' },
  emptyBinary: { B: new Uint8Array(0) },
  binary: { B: new Uint8Array([0, 255, 128, 10, 13, 34]) },
  yes: { BOOL: true },
  no: { BOOL: false },
  nothing: { NULL: true },
  texts: { SS: ['a', 'é', '😀', ''] },
  numbers: { NS: ['1', '-2.5', '99999999999999999999999999999999999999'] },
  binaries: { BS: [new Uint8Array([1]), new Uint8Array([2, 3])] },
  emptyMap: { M: {} },
  emptyList: { L: [] },
  nested: { M: { list: { L: [{ M: { deep: { L: [{ N: '1' }, { S: 'x' }, { NULL: true }] } } }] } } },
  constructor: { S: 'not a function' },
  'name with "quotes"\n': { S: '{"Item":{}}\n' },
};

async function page(input: QueryCommandInput): Promise<string[]> {
  const found: string[] = [];
  let start: Item | undefined;
  do {
    const answer = await local.client.send(new QueryCommand({ ...input, ExclusiveStartKey: start }));
    found.push(...(answer.Items ?? []).map((item) => item.SK?.S ?? ''));
    start = answer.LastEvaluatedKey;
  } while (start);
  return found;
}

describe('items', () => {
  it('come back as they were put, by either way of writing', async () => {
    await createTable(local.client, 'hostile');
    const key = { PK: hostile.PK, SK: hostile.SK } as Item;
    for (const write of [
      new PutItemCommand({ TableName: 'hostile', Item: hostile }),
      new BatchWriteItemCommand({ RequestItems: { hostile: [put(hostile)] } }),
    ]) {
      await local.client.send(write as PutItemCommand);
      const { Item: item } = await local.client.send(new GetItemCommand({ TableName: 'hostile', Key: key }));
      expect(item).toEqual(hostile);
      await local.client.send(new DeleteItemCommand({ TableName: 'hostile', Key: key }));
      expect((await local.client.send(new ScanCommand({ TableName: 'hostile' }))).Count).toBe(0);
    }
  });

  it('have their numbers normalised as DynamoDB does, by either way of writing', async () => {
    await createTable(local.client, 'numbers');
    const written = ['1.50', '1e3', '0012', '-0.10', '1E-2', '100'];
    const key = { PK: { S: 'a' }, SK: { S: 'b' } };
    const item: Item = { ...key, ...Object.fromEntries(written.map((text) => [`n${text}`, { N: text }])) };
    for (const write of [
      new PutItemCommand({ TableName: 'numbers', Item: item }),
      new BatchWriteItemCommand({ RequestItems: { numbers: [put(item)] } }),
    ]) {
      await local.client.send(write as PutItemCommand);
      const { Item: read } = await local.client.send(new GetItemCommand({ TableName: 'numbers', Key: key }));
      expect(written.map((text) => read?.[`n${text}`]?.N)).toEqual(['1.5', '1000', '12', '-0.1', '0.01', '100']);
    }
  });

  it('all show in an index when they have the same index key, page by page and in both directions', async () => {
    await createTable(local.client, 'same-index-key');
    const count = 150;
    const sortKeys = Array.from({ length: count }, (_, n) => `item ${n}`);
    for (let n = 0; n < count; n += 25) {
      const requests = sortKeys
        .slice(n, n + 25)
        .map((sk) => put({ PK: { S: 'p' }, SK: { S: sk }, GSIpk: { S: 'same' }, GSIsk: { S: 'same' } }));
      await local.client.send(new BatchWriteItemCommand({ RequestItems: { 'same-index-key': requests } }));
    }
    const query = {
      TableName: 'same-index-key',
      IndexName: 'GSI',
      KeyConditionExpression: 'GSIpk = :pk',
      ExpressionAttributeValues: { ':pk': { S: 'same' } },
      Limit: 7,
    };
    const forward = await page(query);
    expect(forward).toHaveLength(count);
    expect(new Set(forward)).toEqual(new Set(sortKeys));
    expect(await page({ ...query, ScanIndexForward: false })).toEqual(forward.reverse());
  });

  it('leave an index when they lose its key, and change in it with the item', async () => {
    const table = 'index-follows';
    await createTable(local.client, table);
    const key = { PK: { S: 'p' }, SK: { S: 's' } };
    const inIndex = async (pk: string): Promise<Item[]> => {
      const answer = await local.client.send(
        new QueryCommand({
          TableName: table,
          IndexName: 'GSI',
          KeyConditionExpression: 'GSIpk = :pk',
          ExpressionAttributeValues: { ':pk': { S: pk } },
        })
      );
      return answer.Items ?? [];
    };
    const item = { ...key, GSIpk: { S: 'one' }, GSIsk: { S: 'x' }, n: { N: '1' } };
    await local.client.send(new PutItemCommand({ TableName: table, Item: item }));
    await local.client.send(
      new UpdateItemCommand({
        TableName: table,
        Key: key,
        UpdateExpression: 'ADD n :one',
        ExpressionAttributeValues: { ':one': { N: '1' } },
      })
    );
    expect(await inIndex('one')).toEqual([{ ...item, n: { N: '2' } }]);
    await local.client.send(
      new BatchWriteItemCommand({ RequestItems: { [table]: [put({ ...item, GSIpk: { S: 'two' } })] } })
    );
    expect(await inIndex('one')).toEqual([]);
    expect(await inIndex('two')).toHaveLength(1);
    await local.client.send(new UpdateItemCommand({ TableName: table, Key: key, UpdateExpression: 'REMOVE GSIpk' }));
    expect(await inIndex('two')).toEqual([]);
  });

  it('take concurrent updates one after the other', async () => {
    await createTable(local.client, 'counter');
    const key = { PK: { S: 'p' }, SK: { S: 's' } };
    const add = new UpdateItemCommand({
      TableName: 'counter',
      Key: key,
      UpdateExpression: 'ADD n :one',
      ExpressionAttributeValues: { ':one': { N: '1' } },
    });
    await Promise.all(Array.from({ length: 60 }, () => local.client.send(add)));
    const { Item: item } = await local.client.send(new GetItemCommand({ TableName: 'counter', Key: key }));
    expect(item?.n).toEqual({ N: '60' });
    const conditional = (): Promise<unknown> =>
      local.client.send(
        new PutItemCommand({
          TableName: 'counter',
          Item: { PK: { S: 'once' }, SK: { S: 'once' } },
          ConditionExpression: 'attribute_not_exists(PK)',
        })
      );
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, conditional));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(outcomes.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: { name: 'ConditionalCheckFailedException' },
    });
  });

  it('may have keys of every type', async () => {
    await local.client.send(
      new CreateTableCommand({
        TableName: 'typed-keys',
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [
          { AttributeName: 'n', AttributeType: 'N' },
          { AttributeName: 'b', AttributeType: 'B' },
        ],
        KeySchema: [
          { AttributeName: 'b', KeyType: 'HASH' },
          { AttributeName: 'n', KeyType: 'RANGE' },
        ],
      })
    );
    const numbers = ['-100', '-2.5', '-0.1', '0', '0.001', '3', '20', '12345678901234567890.5'];
    const b = { B: new Uint8Array([0, 255]) };
    await local.client.send(
      new BatchWriteItemCommand({
        RequestItems: { 'typed-keys': [...numbers].reverse().map((n) => put({ b, n: { N: n } })) },
      })
    );
    const { Items: items } = await local.client.send(
      new QueryCommand({
        TableName: 'typed-keys',
        KeyConditionExpression: 'b = :b',
        ExpressionAttributeValues: { ':b': b },
      })
    );
    expect(items?.map((item) => item.n?.N)).toEqual(numbers);
  });
});

describe('BatchWriteItem refuses', () => {
  const item = (n: number): Item => ({ PK: { S: `p${n}` }, SK: { S: 's' } });
  const refused: [string, string, WriteRequest[], RegExp][] = [
    ['one key twice', 'ValidationException', [put(item(1)), put(item(1))], /duplicates/],
    ['more than 25 items', 'ValidationException', Array.from({ length: 26 }, (_, n) => put(item(n))), /25/],
    ['a missing key', 'ValidationException', [put({ PK: { S: 'p' } })], /key element/],
    ['a key of another type', 'ValidationException', [put({ PK: { S: 'p' }, SK: { N: '1' } })], /key element/],
    ['an empty key', 'ValidationException', [put({ PK: { S: '' }, SK: { S: 's' } })], /empty string/],
    ['an index key of another type', 'ValidationException', [put({ ...item(1), GSIpk: { N: '1' } })], /Index Key/],
    ['a number that is none', 'ValidationException', [put({ ...item(1), n: { N: 'abc' } })], /numeric/],
    ['39 digits', 'ValidationException', [put({ ...item(1), n: { N: '1'.repeat(39) } })], /38/],
    ['an empty set', 'ValidationException', [put({ ...item(1), s: { SS: [] } })], /empty/],
    ['an item over 400 KB', 'ValidationException', [put({ ...item(1), s: { S: 'x'.repeat(409_600) } })], /size/],
    ['neither put nor delete', 'ValidationException', [{}], /datatypes/],
  ];
  it.each(refused)('%s', async (_what, name, requests, message) => {
    if (!(await local.client.send(new ListTablesCommand({}))).TableNames?.includes('refusing')) {
      await createTable(local.client, 'refusing');
    }
    const sent = local.client.send(new BatchWriteItemCommand({ RequestItems: { refusing: requests } }));
    await expect(sent).rejects.toMatchObject({ name, message: expect.stringMatching(message) as string });
    expect((await local.client.send(new ScanCommand({ TableName: 'refusing' }))).Count).toBe(0);
  });

  it('a table that is not there', async () => {
    const sent = local.client.send(new BatchWriteItemCommand({ RequestItems: { nowhere: [put(item(1))] } }));
    await expect(sent).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });
});

describe('tables', () => {
  it('keep their items, indexes, id, ARN and size over a restart', async () => {
    const name = 'kept';
    const arn = await createTable(local.client, name);
    const describeTable = new DescribeTableCommand({ TableName: name });
    await local.client.send(new PutItemCommand({ TableName: name, Item: hostile }));
    await local.client.send(new PutItemCommand({ TableName: name, Item: { PK: { S: 'a' }, SK: { S: 'b' } } }));
    const before = (await local.client.send(describeTable)).Table;
    expect(before?.TableArn).toBe('arn:aws:dynamodb:us-east-1:000000000000:table/kept');
    expect(before?.TableId).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect(before?.ItemCount).toBe(2);
    await local.restart();
    expect((await local.client.send(describeTable)).Table).toEqual(before);
    const byArn = await local.client.send(new ScanCommand({ TableName: arn, IndexName: 'GSI' }));
    expect(byArn.Items).toEqual([hostile]);
  });

  it('begin empty under a name that had a table before', async () => {
    const name = 'again';
    await createTable(local.client, name);
    const id = (await local.client.send(new DescribeTableCommand({ TableName: name }))).Table?.TableId;
    await local.client.send(new PutItemCommand({ TableName: name, Item: hostile }));
    await local.client.send(new DeleteTableCommand({ TableName: name }));
    await expect(local.client.send(new DescribeTableCommand({ TableName: name }))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
    await local.client.send(new CreateTableCommand(singleTable(name)));
    await expect(local.client.send(new CreateTableCommand(singleTable(name)))).rejects.toMatchObject({
      name: 'ResourceInUseException',
    });
    const table = (await local.client.send(new DescribeTableCommand({ TableName: name }))).Table;
    expect(table).toMatchObject({ TableStatus: 'ACTIVE', ItemCount: 0, TableSizeBytes: 0 });
    expect(table?.TableId).not.toBe(id);
    expect((await local.client.send(new ScanCommand({ TableName: name }))).Count).toBe(0);
    expect((await local.client.send(new ScanCommand({ TableName: name, IndexName: 'GSI' }))).Count).toBe(0);
  });

  it('are counted in the bytes that DynamoDB documents', async () => {
    await createTable(local.client, 'sized');
    // Names and values: PK 2+1, SK 2+1, é 2+2, n 1+(1+2 digit pairs), b 1+3, list 1+3+(1+1)+(1+1).
    const item: Item = {
      PK: { S: 'p' },
      SK: { S: 's' },
      é: { S: 'ü' },
      n: { N: '1234' },
      b: { B: new Uint8Array([1, 2, 3]) },
      l: { L: [{ BOOL: true }, { S: 'x' }] },
    };
    await local.client.send(new PutItemCommand({ TableName: 'sized', Item: item }));
    const { Table: table } = await local.client.send(new DescribeTableCommand({ TableName: 'sized' }));
    expect(table?.TableSizeBytes).toBe(3 + 3 + 4 + 4 + 4 + 8);
    await local.client.send(new DeleteItemCommand({ TableName: 'sized', Key: { PK: { S: 'p' }, SK: { S: 's' } } }));
    const { Table: emptied } = await local.client.send(new DescribeTableCommand({ TableName: 'sized' }));
    expect([emptied?.ItemCount, emptied?.TableSizeBytes]).toEqual([0, 0]);
  });
});
