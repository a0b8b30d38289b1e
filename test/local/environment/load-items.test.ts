import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DynamoDBClient, GetItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canonicalNumber } from '../../../local/environment/dynamodb-json.js';
import type { DynamoDbJsonItem } from '../../../local/environment/dynamodb-json.js';
import { loadItems } from '../../../local/environment/load-items.js';
import { provisionTable } from '../../../local/environment/provision-table.js';
import { startLocalDynamoDb } from '../dynamodb/local-dynamodb.js';
import type { LocalDynamoDb } from '../dynamodb/local-dynamodb.js';

const keys = [
  { name: 'PK', type: 'S', role: 'HASH' },
  { name: 'SK', type: 'S', role: 'RANGE' },
] as const;

let local: LocalDynamoDb;
beforeAll(async () => {
  local = await startLocalDynamoDb();
});
afterAll(() => local.close());

async function table(name: string, keySchema: Parameters<typeof provisionTable>[1]['keys'] = keys) {
  const source = { table: name, keys: keySchema, indexes: [] };
  await provisionTable(local.client, source);
  return source;
}

async function scan(name: string): Promise<Record<string, AttributeValue>[]> {
  const found: Record<string, AttributeValue>[] = [];
  let from: Record<string, AttributeValue> | undefined;
  do {
    const page = await local.client.send(
      new ScanCommand({ TableName: name, ExclusiveStartKey: from, ConsistentRead: true })
    );
    found.push(...(page.Items ?? []));
    from = page.LastEvaluatedKey;
  } while (from);
  return found;
}

const item = (pk: string, sk: string, more: DynamoDbJsonItem = {}): DynamoDbJsonItem => ({
  PK: { S: pk },
  SK: { S: sk },
  ...more,
});

describe('loadItems', () => {
  it('loads every item once and tells how far it is', async () => {
    const source = await table('all');
    const items = Array.from({ length: 1_003 }, (_, index) => item(`CUST#${index % 50}`, `ORD#${index}`));
    const progress: number[] = [];
    const loaded = await loadItems(local.client, source, items, { onProgress: (count) => progress.push(count) });
    expect(loaded).toEqual({ items: 1_003, retried: 0 });
    expect(progress.at(-1)).toBe(1_003);
    expect(progress).toEqual([...progress].sort((a, b) => a - b));
    const sortKeys = (await scan('all')).map(({ SK }) => SK?.S);
    expect(new Set(sortKeys)).toEqual(new Set(items.map((_, index) => `ORD#${index}`)));
  });

  it('keeps the last of items with the same key, near and far from each other', async () => {
    const source = await table('same');
    async function* items(): AsyncGenerator<DynamoDbJsonItem> {
      for (let version = 1; version <= 60; version += 1) {
        for (let index = 0; index < 7; index += 1)
          yield item('CUST#1', `ORD#${index}`, { version: { N: `${version}` } });
        await Promise.resolve();
      }
    }
    expect((await loadItems(local.client, source, items())).items).toBe(420);
    expect((await scan('same')).map(({ version }) => version?.N)).toEqual(new Array(7).fill('60'));
  });

  it('keeps every digit, binary values, sets, and nesting', async () => {
    const source = await table('types');
    const number = '-12345678901234567890123456789012345678';
    const tricky = {
      number: { N: number },
      small: { N: '0.00000000000000000000000000000000000012345678901234567890123456789012345678' },
      binary: { B: 'AAEC/w==' },
      binaries: { BS: ['AAE=', '/w=='] },
      numbers: { NS: ['1.5', number] },
      nested: { M: { list: { L: [{ B: '/w==' }, { NULL: true }, { BOOL: false }, { M: {} }] } } },
      separator: { S: 'line\u2028 and "quotes" 🚢' },
    };
    await loadItems(local.client, source, [item('CUST#1', 'CUST#1', tricky)]);
    const [found] = await scan('types');
    expect(found?.number?.N).toBe(number);
    expect(Number(found?.small?.N)).toBe(1.2345678901234568e-37);
    expect(found?.small?.N?.replace(/\D|e.*$/gi, '').replace(/^0+/, '')).toContain(
      '12345678901234567890123456789012345678'
    );
    expect(Buffer.from(found?.binary?.B ?? []).toString('base64')).toBe('AAEC/w==');
    expect(found?.binaries?.BS?.map((value) => Buffer.from(value).toString('base64')).sort()).toEqual(['/w==', 'AAE=']);
    expect(found?.numbers?.NS?.sort()).toEqual([number, '1.5']);
    expect(found?.nested?.M?.list?.L?.slice(1)).toEqual([{ NULL: true }, { BOOL: false }, { M: {} }]);
    expect(found?.separator?.S).toBe(tricky.separator.S);
  });

  it('takes different spellings of a numeric key for the same key', async () => {
    const source = await table('numbers', [{ name: 'id', type: 'N', role: 'HASH' }]);
    const spelled = ['11', '10', '10.0', '1e1', '0.10E2'].map((N) => ({ id: { N }, as: { S: N } }));
    expect((await loadItems(local.client, source, spelled)).items).toBe(5);
    const found = await scan('numbers');
    expect(found.map(({ as }) => as?.S).sort()).toEqual(['0.10E2', '11']);
  });

  it('loads large items, few at a time', async () => {
    const source = await table('large');
    const text = 'x'.repeat(390_000);
    const items = Array.from({ length: 60 }, (_, index) => item('BIG', `ORD#${index}`, { text: { S: text } }));
    await loadItems(local.client, source, items);
    const { Item: found } = await local.client.send(
      new GetItemCommand({ TableName: 'large', Key: { PK: { S: 'BIG' }, SK: { S: 'ORD#59' } } })
    );
    expect(found?.text?.S?.length).toBe(390_000);
    expect((await scan('large')).length).toBe(60);
  });

  it('sends again what comes back unprocessed', async () => {
    const source = await table('throttled');
    const throttled = await throttling(await local.client.config.endpoint!());
    const items = Array.from({ length: 200 }, (_, index) => item('CUST#1', `ORD#${index}`));
    const loaded = await loadItems(throttled.client, source, items);
    expect(loaded.items).toBe(200);
    expect(loaded.retried).toBe(throttled.givenBack());
    expect(loaded.retried).toBeGreaterThan(50);
    expect((await scan('throttled')).length).toBe(200);
    await throttled.close();
  });

  it('ends with the error of DynamoDB, without reading on for ever', async () => {
    const source = await table('refused');
    let read = 0;
    function* items(): Generator<DynamoDbJsonItem> {
      for (;;) yield (read += 1) === 200 ? { PK: { N: '1' }, SK: { S: 'x' } } : item('CUST#1', `ORD#${read}`);
    }
    await expect(loadItems(local.client, source, items())).rejects.toMatchObject({ name: 'ValidationException' });
    expect(read).toBeLessThan(2_000);
    const missing = { ...source, table: 'missing' };
    await expect(loadItems(local.client, missing, [item('a', 'b')])).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
  });

  it('passes on the error of the source, and stops when it is aborted', async () => {
    const source = await table('aborted');
    function* broken(): Generator<DynamoDbJsonItem> {
      yield item('CUST#1', 'ORD#1');
      throw new Error('the file ends here');
    }
    await expect(loadItems(local.client, source, broken())).rejects.toThrow('the file ends here');
    const abort = new AbortController();
    function* endless(): Generator<DynamoDbJsonItem> {
      for (let index = 0; ; index += 1) {
        if (index === 500) abort.abort(new Error('interrupted'));
        yield item('CUST#2', `ORD#${index}`);
      }
    }
    await expect(loadItems(local.client, source, endless(), { signal: abort.signal })).rejects.toThrow();
  });
});

describe('canonicalNumber', () => {
  it('gives equal numbers one spelling and different ones different spellings', () => {
    for (const zero of ['0', '-0', '0.000', '0e5', '.0']) expect(canonicalNumber(zero)).toBe('0');
    for (const ten of ['10', '+10', '1e1', '0.1E+2', '010', '10.']) expect(canonicalNumber(ten)).toBe('1e1');
    expect(canonicalNumber('-1.50')).toBe('-15e-1');
    expect(canonicalNumber('1e100')).not.toBe(canonicalNumber('1e101'));
  });
});

describe('provisionTable', () => {
  it('can be done again, and refuses a table with other keys', async () => {
    const source = await table('again');
    await provisionTable(local.client, source);
    const index = { name: 'GSI1', keys: [{ name: 'GSIpk', type: 'S', role: 'HASH' }] } as const;
    await expect(provisionTable(local.client, { ...source, indexes: [index] })).rejects.toThrow(
      /"again" exists with other keys or indexes .*model says \(PK S, SK S\) GSI1\(GSIpk S\)/
    );
    const other = { ...source, keys: [{ name: 'PK', type: 'N', role: 'HASH' }] as const };
    await expect(provisionTable(local.client, other)).rejects.toThrow(/it has \(PK S, SK S\); the model says \(PK N\)/);
  });
});

/** A proxy before the real DynamoDB that keeps half of every larger batch from it and gives it back as unprocessed. */
async function throttling(endpoint: { port?: number }): Promise<{
  client: DynamoDBClient;
  givenBack: () => number;
  close: () => Promise<void>;
}> {
  let givenBack = 0;
  const proxy = createServer((request, response) => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const body = JSON.parse(Buffer.concat(chunks).toString('utf8')) as { RequestItems: Record<string, unknown[]> };
      const [[name, writes] = ['', []]] = Object.entries(body.RequestItems);
      const taken = writes.slice(0, Math.ceil(writes.length / 2));
      const left = writes.slice(taken.length);
      givenBack += left.length;
      const headers = Object.fromEntries(
        ['x-amz-target', 'content-type', 'authorization', 'x-amz-date'].map((key) => [
          key,
          String(request.headers[key]),
        ])
      );
      const answer = await fetch(`http://127.0.0.1:${endpoint.port}/`, {
        method: 'POST',
        headers,
        body: JSON.stringify({ RequestItems: { [name]: taken } }),
      });
      if (!answer.ok) throw new Error(await answer.text());
      response.writeHead(200, { 'Content-Type': 'application/x-amz-json-1.0' });
      response.end(JSON.stringify({ UnprocessedItems: left.length > 0 ? { [name]: left } : {} }));
    })();
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const client = new DynamoDBClient({
    endpoint: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  const close = async (): Promise<void> => {
    client.destroy();
    proxy.closeAllConnections();
    await once(proxy.close(), 'close');
  };
  return { client, givenBack: () => givenBack, close };
}
