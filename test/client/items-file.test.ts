import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UsageError } from '../../client/errors.js';
import { itemBytes, itemFault } from '../../client/items/attribute-value.js';
import { readItemsFile, validateItemsFile } from '../../client/items/items-file.js';

const keys = {
  keys: [
    { name: 'PK', type: 'S', role: 'HASH' },
    { name: 'SK', type: 'S', role: 'RANGE' },
  ],
  indexes: [{ name: 'GSI1', keys: [{ name: 'GSIpk', type: 'S', role: 'HASH' }] }],
} as const;
const classicmodels = join(import.meta.dirname, '../../../shared/data/classicmodels/items.jsonl.gz');

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice items '));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

async function fileOf(name: string, content: string | Buffer): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, content);
  return file;
}

function line(item: object): string {
  return `${JSON.stringify({ Item: { PK: { S: 'CUST#a' }, SK: { S: 'CUST#a' }, ...item } })}\n`;
}

async function problemsOf(file: string): Promise<readonly string[]> {
  const error: unknown = await validateItemsFile(file, keys).catch((thrown: unknown) => thrown);
  if (!(error instanceof UsageError)) throw new Error(`${file} passed`);
  expect(error.exitCode).toBe(2);
  expect(error.message).toContain(file);
  return error.problems ?? [];
}

describe('an items file', () => {
  it('is counted and read back, plain or gzip, whatever its name says', async () => {
    const text = line({ a: { N: '1' } }) + '\r\n' + line({ a: { S: 'Zoë 🎉\u2028\u2029\u0085' } }).trimEnd();
    const zipped = gzipSync(text);
    for (const [name, content] of [
      ['plain.jsonl', text],
      ['zipped.jsonl.gz', zipped],
      ['zipped-under-a-plain-name.jsonl', zipped],
      [
        'two-members.jsonl.gz',
        Buffer.concat([gzipSync(line({ a: { N: '1' } })), gzipSync(line({ a: { S: 'Zoë 🎉\u2028\u2029\u0085' } }))]),
      ],
    ] as const) {
      const file = await fileOf(name, content);
      expect(await validateItemsFile(file, keys), name).toBe(2);
      const read = [];
      for await (const item of readItemsFile(file)) read.push(item.a);
      expect(read, name).toEqual([{ N: '1' }, { S: 'Zoë 🎉\u2028\u2029\u0085' }]);
    }
  });

  it.skipIf(!existsSync(classicmodels))('of real data passes whole', async () => {
    expect(await validateItemsFile(classicmodels, keys)).toBe(3444);
  });

  it('that is missing, a folder, empty or random bytes is told so', async () => {
    expect(await problemsOf(join(folder, 'none.jsonl'))).toEqual(['no such file']);
    expect(await problemsOf(folder)).toEqual(['is a folder, not a file']);
    expect(await problemsOf(await fileOf('empty.jsonl.gz', ''))).toEqual([
      'the gzip data is missing: the file is truncated',
    ]);
    expect(await problemsOf(await fileOf('random.jsonl.gz', Buffer.from('%PDF-1.7 no gzip at all')))).toEqual([
      'the gzip data is damaged',
    ]);
  });

  it('that was cut off is not taken for a shorter one', async () => {
    const text = Array.from({ length: 500 }, (_, n) => line({ n: { N: String(n) } })).join('');
    const zipped = gzipSync(text);
    const problems = await problemsOf(await fileOf('cut.jsonl.gz', zipped.subarray(0, zipped.length - 9)));
    expect(problems.at(-1)).toMatch(/^after line \d+: the gzip data ends too early: the file is truncated$/);
  });

  it('lists each faulty line by number, and no value of it', async () => {
    const secret = 'jane.doe@example.com';
    const file = await fileOf(
      'faulty.jsonl',
      line({}) +
        `{"Item": ${secret}\n` +
        `{"item": {}}\n` +
        `{"Item": {"PK": {"S": "${secret}"}}}\n` +
        `{"Item": {"PK": {"N": "1"}, "SK": {"S": "x"}}}\n` +
        `{"Item": {"PK": {"S": ""}, "SK": {"S": "x"}}}\n` +
        line({ price: { N: secret } }) +
        line({ price: { X: secret } }) +
        line({ GSIpk: { S: '' } }) +
        line({ SK: { S: 'k'.repeat(1025) } })
    );
    const problems = await problemsOf(file);
    expect(problems).toEqual([
      'line 2: not JSON',
      'line 3: no member "Item"',
      'line 4: key attribute SK is missing',
      'line 5: key attribute PK is not of type S',
      'line 6: key attribute PK is empty',
      'line 7: attribute "price": N is not a number written as text',
      'line 8: attribute "price": unknown type descriptor "X"',
      'line 9: key attribute GSIpk of index GSI1 is empty',
      'line 10: key attribute SK has more than 1024 bytes',
    ]);
    expect(problems.join()).not.toContain('jane');
  });

  it('that is not UTF-8, or has no lines, is refused', async () => {
    const latin1 = Buffer.from(line({ a: { S: 'Zoë' } }), 'latin1');
    expect(await problemsOf(await fileOf('latin1.jsonl', latin1))).toEqual(['the next line is not UTF-8']);
    const endless = gzipSync(Buffer.alloc(20 * 1024 * 1024, 'x'));
    expect(await problemsOf(await fileOf('endless.jsonl.gz', endless))).toEqual([
      'the next line has more than 16777216 bytes',
    ]);
  });

  it('with faults in every line tells twenty and how many more', async () => {
    const problems = await problemsOf(await fileOf('hopeless.jsonl', 'nope\n'.repeat(1000)));
    expect(problems).toHaveLength(21);
    expect(problems.at(-1)).toBe('and 980 more faulty lines');
  });
});

describe('an item', () => {
  const fault = (value: unknown): string | undefined =>
    itemFault({ PK: { S: 'a' }, SK: { S: 'a' }, a: value }, keys)?.replace('attribute "a": ', '');

  it('may have every type that DynamoDB has', () => {
    for (const value of [
      { S: '' },
      { N: '-1.5E-3' },
      { N: `${'9'.repeat(38)}000` },
      { B: 'AAEC' },
      { BOOL: false },
      { NULL: true },
      { M: { x: { L: [{ S: 'y' }, { M: {} }] } } },
      { SS: ['a', 'b'] },
      { NS: ['1', '2'] },
      { BS: ['AA=='] },
    ]) {
      expect(fault(value), JSON.stringify(value)).toBeUndefined();
    }
  });

  it('is refused for what DynamoDB refuses', () => {
    expect(fault({ N: 1 })).toBe('N is not a number written as text');
    expect(fault({ N: '9'.repeat(39) })).toBe('N has more than 38 significant digits');
    expect(fault({ S: 'x', N: '1' })).toBe('is not an object with one type descriptor');
    expect(fault('x')).toBe('is not an object with one type descriptor');
    expect(fault({ SS: [] })).toBe('SS is not a list with at least one element');
    expect(fault({ NS: ['1', '1'] })).toBe('NS has an element twice');
    expect(fault({ B: 'not base64' })).toBe('B is not base64');
    expect(fault({ M: { x: { L: [{ N: 'one' }] } } })).toBe('N is not a number written as text');
    expect(itemFault({ PK: { S: 'a' }, SK: { S: 'a' }, a: { S: 'x'.repeat(410_000) } }, keys)).toMatch(
      /^item has 41\d{4} bytes, more than DynamoDB's 409600$/
    );
  });

  it('is as large as the developer guide counts it', () => {
    expect(itemBytes({ PK: { S: 'é' }, flag: { BOOL: true }, list: { L: [{ NULL: true }] } })).toBe(
      2 + 2 + (4 + 1) + (4 + 3 + 2)
    );
  });
});
