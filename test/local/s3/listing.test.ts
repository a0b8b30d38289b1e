import { CreateBucketCommand, ListObjectsCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { element, authorization, rawRequest } from '../gateway/raw-request.js';
import { startLocalS3 } from './local-s3.js';
import type { LocalS3 } from './local-s3.js';

const Bucket = 'listing';
let s3: LocalS3;

/** Pseudo-random numbers below `limit`, the same in every run. */
function randomNumbers(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

const random = randomNumbers(7);
// U+FFFD sorts before U+1D11E by UTF-8 bytes, but after it by JavaScript's own comparison.
const alphabet = ['a', 'b', '/', '/', '-', 'Z', 'ü', '\ufffd', '𝄞', ' '];
const word = (longest: number): string =>
  Array.from({ length: 1 + random(longest) }, () => alphabet[random(alphabet.length)] ?? '').join('');

const byBytes = (left: string, right: string): number => Buffer.compare(Buffer.from(left), Buffer.from(right));
const keys = [...new Set(Array.from({ length: 400 }, () => word(8)))].sort(byBytes);

beforeAll(async () => {
  s3 = await startLocalS3();
  await s3.client.send(new CreateBucketCommand({ Bucket }));
  await s3.client.send(new CreateBucketCommand({ Bucket: 'listing0' })); // its keys follow those of `listing` in the index
  await s3.store.putObject('listing0', 'elsewhere', '');
  for (const key of keys) await s3.store.putObject(Bucket, key, key);
});
afterAll(() => s3.close());

interface Query {
  readonly prefix: string;
  readonly delimiter: string;
  readonly after: string;
}

/** What a listing is, as plainly as it can be said. */
function expected({ prefix, delimiter, after }: Query, skipPrefixOfAfter: boolean): string[] {
  const entries: string[] = [];
  for (const key of keys) {
    if (!key.startsWith(prefix) || (after !== '' && byBytes(key, after) <= 0)) continue;
    const end = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
    const entry = end < 0 ? key : key.slice(0, end + delimiter.length);
    if (end >= 0 && skipPrefixOfAfter && after.startsWith(entry)) continue;
    if (entries.at(-1) !== entry) entries.push(entry);
  }
  return entries;
}

interface Page {
  readonly Contents?: { Key?: string }[];
  readonly CommonPrefixes?: { Prefix?: string }[];
  readonly IsTruncated?: boolean;
}

function entriesOf(page: Page): string[] {
  const objects = (page.Contents ?? []).map(({ Key }) => Key ?? '');
  const prefixes = (page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix ?? '');
  expect(objects).toEqual([...objects].sort(byBytes));
  expect(prefixes).toEqual([...prefixes].sort(byBytes));
  return [...objects, ...prefixes].sort(byBytes);
}

/** Checks that every page but the last is full, and none is longer than asked for. */
function checkSize(page: Page, size: number): void {
  const length = entriesOf(page).length;
  if (page.IsTruncated) expect(length).toBe(size);
  else expect(length).toBeLessThanOrEqual(size);
}

async function listV2(query: Query, size: number): Promise<string[]> {
  const entries: string[] = [];
  let ContinuationToken: string | undefined;
  do {
    const page = await s3.client.send(
      new ListObjectsV2Command({
        Bucket,
        Prefix: query.prefix,
        Delimiter: query.delimiter || undefined,
        StartAfter: query.after || undefined,
        MaxKeys: size,
        ContinuationToken,
      })
    );
    checkSize(page, size);
    expect(page.KeyCount).toBe(entriesOf(page).length);
    expect(page.NextContinuationToken === undefined).toBe(!page.IsTruncated);
    entries.push(...entriesOf(page));
    ContinuationToken = page.NextContinuationToken;
  } while (ContinuationToken !== undefined);
  return entries;
}

async function listV1(query: Query, size: number): Promise<string[]> {
  const entries: string[] = [];
  let Marker: string | undefined = query.after || undefined;
  for (;;) {
    const page = await s3.client.send(
      new ListObjectsCommand({
        Bucket,
        Prefix: query.prefix,
        Delimiter: query.delimiter || undefined,
        MaxKeys: size,
        Marker,
      })
    );
    checkSize(page, size);
    const found = entriesOf(page);
    entries.push(...found);
    if (!page.IsTruncated) return entries;
    if (query.delimiter) expect(page.NextMarker).toBe(found.at(-1));
    Marker = found.at(-1);
  }
}

const queries: Query[] = Array.from({ length: 120 }, () => {
  const key = keys[random(keys.length)] ?? '';
  const prefixes = ['', '', word(2), key.slice(0, 1 + random(3)).replace(/[\ud800-\udbff]$/, ''), key];
  return {
    prefix: prefixes[random(prefixes.length)] ?? '',
    delimiter: ['', '/', '/', 'a', '//', '𝄞', 'ü-'][random(7)] ?? '',
    after: ['', '', word(3), keys[random(keys.length)] ?? '', '\u{10ffff}'][random(5)] ?? '',
  };
});

describe('listings by prefix, delimiter, start and page size', () => {
  it('equal those of a plain model, version 2', async () => {
    for (const query of queries) {
      expect({ query, entries: await listV2(query, 7 + random(300)) }).toEqual({
        query,
        entries: expected(query, false),
      });
    }
  });

  it('equal those of a plain model, version 1', async () => {
    for (const query of queries) {
      expect({ query, entries: await listV1(query, 7 + random(300)) }).toEqual({
        query,
        entries: expected(query, true),
      });
    }
  });

  it('come one entry at a time', async () => {
    const query = { prefix: '', delimiter: '/', after: '' };
    expect(await listV2(query, 1)).toEqual(expected(query, false));
    expect(await listV1(query, 1)).toEqual(expected(query, true));
  });

  it('are the same within the process', async () => {
    for (const prefix of ['', 'a', '/', 'ü', 'no such']) {
      const listed: string[] = [];
      for await (const { key } of s3.store.listObjects(Bucket, prefix)) listed.push(key);
      expect(listed).toEqual(keys.filter((key) => key.startsWith(prefix)));
    }
  });
});

describe('the parameters of a listing', () => {
  const list = (query: string): ReturnType<typeof rawRequest> =>
    rawRequest(s3.url, { path: `/${Bucket}?${query}`, headers: { Authorization: authorization } });

  it.each([
    'list-type=2&max-keys=-1',
    'list-type=2&max-keys=many',
    'list-type=2&max-keys=99999999999',
    'list-type=2&continuation-token=',
    'list-type=2&continuation-token=%25%25',
    'list-type=2&encoding-type=base64',
    'max-keys=x',
  ])('are refused when wrong: %s', async (query) => {
    const answer = await list(query);
    expect({ status: answer.status, code: element(answer.body, 'Code') }).toEqual({
      status: 400,
      code: 'InvalidArgument',
    });
  });

  it('are given back', async () => {
    const { body } = await list(
      'list-type=2&max-keys=5000&prefix=a%26&delimiter=%2F&start-after=%20&encoding-type=url'
    );
    expect(element(body, 'MaxKeys')).toBe('1000');
    expect(element(body, 'Prefix')).toBe('a%26');
    expect(element(body, 'Delimiter')).toBe('/');
    expect(element(body, 'StartAfter')).toBe('%20');
    expect(element(body, 'EncodingType')).toBe('url');
  });

  it('allow a listing of nothing', async () => {
    const { body } = await list('list-type=2&max-keys=0');
    expect([element(body, 'KeyCount'), element(body, 'IsTruncated')]).toEqual(['0', 'false']);
  });

  it('name the owner when asked', async () => {
    const one = { Bucket, MaxKeys: 1 };
    const without = await s3.client.send(new ListObjectsV2Command(one));
    const withOwner = await s3.client.send(new ListObjectsV2Command({ ...one, FetchOwner: true }));
    expect(without.Contents?.[0]?.Owner).toBeUndefined();
    expect(withOwner.Contents?.[0]?.Owner?.ID).toMatch(/^0{64}$/);
  });

  it('show each object as it is', async () => {
    await s3.client.send(new PutObjectCommand({ Bucket, Key: 'zz', Body: 'abc', StorageClass: 'STANDARD_IA' }));
    const { Contents } = await s3.client.send(new ListObjectsV2Command({ Bucket, Prefix: 'zz' }));
    expect(Contents).toMatchObject([
      {
        Key: 'zz',
        Size: 3,
        ETag: '"900150983cd24fb0d6963f7d28e17f72"',
        StorageClass: 'STANDARD_IA',
        ChecksumAlgorithm: ['CRC32'],
      },
    ]);
    await s3.store.deleteObject(Bucket, 'zz');
  });
});
