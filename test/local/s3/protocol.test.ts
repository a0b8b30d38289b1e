import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import { CreateBucketCommand, GetObjectCommand, HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { authorization, element, rawRequest } from '../gateway/raw-request.js';
import type { RawAnswer } from '../gateway/raw-request.js';
import { startLocalS3 } from './local-s3.js';
import type { LocalS3 } from './local-s3.js';

const Bucket = 'protocol';
let s3: LocalS3;

beforeAll(async () => {
  s3 = await startLocalS3();
  await s3.client.send(new CreateBucketCommand({ Bucket }));
  await s3.store.putObject(Bucket, 'there', 'here', { contentType: 'text/plain' });
});
afterAll(() => s3.close());

const signed = { Authorization: authorization };

function send(
  method: string,
  path: string,
  headers: Readonly<Record<string, string>> = signed,
  body?: string | Buffer
): Promise<RawAnswer> {
  return rawRequest(s3.url, { method, path, headers, body });
}

const errorOf = ({ status, body }: RawAnswer): [number, string | undefined] => [status, element(body, 'Code')];

describe('errors', () => {
  it('are documents with code, message, resource and request id', async () => {
    const answer = await send('GET', `/${Bucket}/no%20such`);
    expect(answer.status).toBe(404);
    expect(answer.headers['content-type']).toBe('application/xml');
    expect(element(answer.body, 'Code')).toBe('NoSuchKey');
    expect(element(answer.body, 'Key')).toBe('no such');
    expect(element(answer.body, 'Resource')).toBe(`/${Bucket}/no%20such`);
    expect(element(answer.body, 'RequestId')).toBe(answer.headers['x-amz-request-id']);
  });

  it('have no body in answer to HEAD', async () => {
    const answer = await send('HEAD', `/${Bucket}/missing`);
    expect([answer.status, answer.body]).toEqual([404, '']);
  });

  it.each([
    ['GET', '/protocol?replication', 501, 'NotImplemented'],
    ['GET', '/protocol?versions', 501, 'NotImplemented'],
    ['POST', '/protocol/there?restore', 501, 'NotImplemented'],
    ['PATCH', '/protocol/there', 405, 'MethodNotAllowed'],
    ['POST', '/', 405, 'MethodNotAllowed'],
    ['GET', '/protocol/%ff', 400, 'InvalidURI'],
    ['GET', '/protocol/%E0%A4', 400, 'InvalidURI'],
    ['PUT', '/Not_A_Bucket', 400, 'InvalidBucketName'],
    ['PUT', '/192.168.1.1', 400, 'InvalidBucketName'],
    ['PUT', '/ab', 400, 'InvalidBucketName'],
    ['PUT', '/a..b', 400, 'InvalidBucketName'],
  ])('%s %s → %i %s', async (method, path, status, code) => {
    expect(errorOf(await send(method, path))).toEqual([status, code]);
  });

  it.each([
    ['not XML at all', 'hello'],
    ['unclosed', '<Delete><Object><Key>a</Key></Object>'],
    ['another root', '<Remove><Object><Key>a</Key></Object></Remove>'],
    ['an object without a key', '<Delete><Object></Object></Delete>'],
    ['entities', '<!DOCTYPE d [<!ENTITY e "x">]><Delete><Object><Key>&e;</Key></Object></Delete>'],
  ])('tell of a malformed body: %s', async (_name, body) => {
    const headers = { ...signed, 'Content-MD5': createHash('md5').update(body).digest('base64') };
    expect(errorOf(await send('POST', `/${Bucket}?delete`, headers, body))).toEqual([400, 'MalformedXML']);
  });

  it('tell of a deletion without a checksum, or with a wrong one', async () => {
    const body = '<Delete><Object><Key>there</Key></Object></Delete>';
    expect(errorOf(await send('POST', `/${Bucket}?delete`, signed, body))).toEqual([400, 'InvalidRequest']);
    const wrong = { ...signed, 'x-amz-checksum-crc32': 'AAAAAA==' };
    expect(errorOf(await send('POST', `/${Bucket}?delete`, wrong, body))).toEqual([400, 'BadDigest']);
    expect((await send('GET', `/${Bucket}/there`)).body).toBe('here');
  });

  it('decode character references in keys', async () => {
    await s3.store.putObject(Bucket, 'odd\u0001&\rkey', 'x');
    const body = '<Delete><Object><Key>odd&#x1;&amp;&#13;key</Key></Object></Delete>';
    const headers = { ...signed, 'Content-MD5': createHash('md5').update(body).digest('base64') };
    expect((await send('POST', `/${Bucket}?delete`, headers, body)).status).toBe(200);
    expect(await s3.store.headObject(Bucket, 'odd\u0001&\rkey')).toBeUndefined();
  });
});

describe('credentials', () => {
  const time = (offset: number): string => new Date(Date.now() + offset).toISOString().replace(/[-:]|\.\d+/g, '');
  const presigned = (date: string, expires: string, more = ''): string =>
    `X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=local%2F20250101%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=${date}&X-Amz-Expires=${expires}&X-Amz-SignedHeaders=host&X-Amz-Signature=0${more}`;

  it('are needed', async () => {
    expect(errorOf(await send('GET', `/${Bucket}/there`, {}))).toEqual([403, 'AccessDenied']);
    expect(errorOf(await send('PUT', `/${Bucket}/there`, { 'Content-Length': '1' }, 'x'))).toEqual([
      403,
      'AccessDenied',
    ]);
    expect((await send('GET', `/${Bucket}/there`)).body).toBe('here');
  });

  it('may stand in the query, until they expire', async () => {
    const path = `/${Bucket}/there?`;
    expect((await send('GET', path + presigned(time(-60_000), '120'), {})).body).toBe('here');
    expect(errorOf(await send('GET', path + presigned(time(-60_000), '30'), {}))).toEqual([403, 'AccessDenied']);
    expect(errorOf(await send('GET', path + presigned(time(3_600_000), '30'), {}))).toEqual([403, 'AccessDenied']);
    for (const expires of ['604801', '-1', 'soon', '']) {
      const answer = await send('GET', path + presigned(time(0), expires), {});
      expect(errorOf(answer)).toEqual([400, 'AuthorizationQueryParametersError']);
    }
    const seconds = Math.floor(Date.now() / 1000);
    const old = (expires: number): string => `${path}AWSAccessKeyId=local&Signature=0&Expires=${expires}`;
    expect((await send('GET', old(seconds + 60), {})).body).toBe('here');
    expect(errorOf(await send('GET', old(seconds - 60), {}))).toEqual([403, 'AccessDenied']);
  });

  it('in the query come with headers in the query', async () => {
    const query = presigned(time(0), '60', '&x-amz-meta-name=%C3%BC&x-amz-storage-class=STANDARD_IA');
    expect((await send('PUT', `/${Bucket}/signed?${query}`, {}, 'x')).status).toBe(200);
    const head = await s3.client.send(new HeadObjectCommand({ Bucket, Key: 'signed' }));
    expect(head.StorageClass).toBe('STANDARD_IA');
    expect(Buffer.from(head.Metadata?.['name'] ?? '', 'latin1').toString()).toBe('ü');
  });

  it('are of the expected owner', async () => {
    const owner = (id: string): Promise<RawAnswer> =>
      send('GET', `/${Bucket}/there`, { ...signed, 'x-amz-expected-bucket-owner': id });
    expect((await owner('000000000000')).status).toBe(200);
    expect(errorOf(await owner('111111111111'))).toEqual([403, 'AccessDenied']);
  });
});

describe('addresses', () => {
  it('name the bucket in the path or in the host', async () => {
    for (const host of [`${Bucket}.localhost:1`, `${Bucket}.s3.localhost`, `${Bucket}.s3.us-east-1.localhost:80`]) {
      const answer = await rawRequest(s3.url, { path: '/there', host, headers: signed });
      expect(answer.body).toBe('here');
    }
    const list = await rawRequest(s3.url, { path: '/', host: 's3.localhost', headers: signed });
    expect(element(list.body, 'Name')).toBe(Bucket);
    const virtual = s3.connect({ endpoint: s3.url.replace('127.0.0.1', 'localhost') });
    await virtual
      .send(new PutObjectCommand({ Bucket, Key: 'a//b', Body: 'virtual' }))
      .catch((error: Error & { code?: string }) => {
        if (error.code !== 'ENOTFOUND') throw error; // not every resolver knows names under localhost
      });
    virtual.destroy();
  });

  it('choose headers of the answer', async () => {
    const query =
      'response-content-type=text%2Fx&response-content-disposition=attachment%3B%20filename%3D%22%C3%BC%0A.txt%22&response-cache-control=no-store';
    const answer = await send('GET', `/${Bucket}/there?${query}`);
    expect(answer.headers['content-type']).toBe('text/x');
    expect(answer.headers['cache-control']).toBe('no-store');
    const disposition = Buffer.from(answer.headers['content-disposition'] ?? '', 'latin1').toString();
    expect(disposition).toBe('attachment; filename="ü .txt"');
  });
});

describe('bodies', () => {
  const chunk = (text: string, extension = ''): string =>
    `${Buffer.byteLength(text).toString(16)}${extension}\r\n${text}\r\n`;
  const crc = (text: string): string => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(crc32(text));
    return bytes.toString('base64');
  };
  const chunked = (payload: string, length: number): Record<string, string> => ({
    ...signed,
    'x-amz-content-sha256': payload,
    'Content-Encoding': 'aws-chunked',
    'x-amz-decoded-content-length': String(length),
  });
  const put = (key: string, headers: Record<string, string>, body: string): Promise<RawAnswer> =>
    send('PUT', `/${Bucket}/${key}`, { ...headers, 'Content-Length': String(Buffer.byteLength(body)) }, body);
  const read = async (Key: string): Promise<string | undefined> =>
    (await s3.client.send(new GetObjectCommand({ Bucket, Key }))).Body?.transformToString();

  it('may come in signed chunks', async () => {
    const signature = `;chunk-signature=${'0'.repeat(64)}`;
    const body = chunk('hello ', signature) + chunk('world', signature) + `0${signature}\r\n\r\n`;
    const answer = await put('chunks', chunked('STREAMING-AWS4-HMAC-SHA256-PAYLOAD', 11), body);
    expect(answer.status).toBe(200);
    expect(await read('chunks')).toBe('hello world');
    const { headers } = await send('HEAD', `/${Bucket}/chunks`);
    expect(headers['content-encoding']).toBeUndefined();
  });

  it('may have their checksum behind them', async () => {
    const trailing = { 'x-amz-trailer': 'x-amz-checksum-crc32' };
    const body = (sum: string): string => `${chunk('hello ')}${chunk('world')}0\r\n${sum}\r\n`;
    const attempt = (key: string, text: string): Promise<RawAnswer> =>
      put(key, { ...chunked('STREAMING-UNSIGNED-PAYLOAD-TRAILER', 11), ...trailing }, text);
    const right = await attempt('trailer', body(`x-amz-checksum-crc32:${crc('hello world')}\r\n`));
    expect([right.status, right.headers['x-amz-checksum-crc32']]).toEqual([200, crc('hello world')]);
    const wrong = await attempt('wrong', body(`x-amz-checksum-crc32:${crc('other')}\r\n`));
    expect(errorOf(wrong)).toEqual([400, 'BadDigest']);
    expect(errorOf(await attempt('none', body('')))).toEqual([400, 'MalformedTrailerError']);
    expect(await s3.store.headObject(Bucket, 'wrong')).toBeUndefined();
    expect(await s3.store.headObject(Bucket, 'none')).toBeUndefined();
  });

  it.each([
    ['fewer bytes than announced', 12, `${chunk('hello world')}0\r\n\r\n`, 'IncompleteBody'],
    ['more bytes than announced', 3, `${chunk('hello world')}0\r\n\r\n`, 'IncompleteBody'],
    ['a chunk that ends early', 11, 'ff\r\nhello world', 'IncompleteBody'],
    ['no last chunk', 11, chunk('hello world'), 'IncompleteBody'],
    ['no chunks', 11, 'hello world\r\n', 'InvalidChunkSizeError'],
    ['a chunk without its end', 11, 'b\r\nhello worldxx0\r\n\r\n', 'IncompleteBody'],
  ])('in chunks are refused with %s', async (_name, length, body, code) => {
    const answer = await put('broken', chunked('STREAMING-UNSIGNED-PAYLOAD-TRAILER', length), body);
    expect(errorOf(answer)).toEqual([400, code]);
    expect(await s3.store.headObject(Bucket, 'broken')).toBeUndefined();
  });

  it('are compared with the hash that was signed', async () => {
    const hash = (text: string): Record<string, string> => ({
      ...signed,
      'x-amz-content-sha256': createHash('sha256').update(text).digest('hex'),
    });
    expect((await put('hashed', hash('same'), 'same')).status).toBe(200);
    expect(errorOf(await put('hashed', hash('other'), 'wrong'))).toEqual([400, 'XAmzContentSHA256Mismatch']);
    expect(await read('hashed')).toBe('same');
  });

  it.each([
    ['two checksums', { 'x-amz-checksum-crc32': 'AAAAAA==', 'x-amz-checksum-crc32c': 'AAAAAA==' }, 'InvalidRequest'],
    ['a checksum that is none', { 'x-amz-checksum-sha256': 'AAAAAA==' }, 'InvalidRequest'],
    ['an algorithm that is none', { 'x-amz-sdk-checksum-algorithm': 'CRC16' }, 'InvalidRequest'],
    ['an algorithm without a checksum', { 'x-amz-sdk-checksum-algorithm': 'CRC32' }, 'InvalidRequest'],
  ])('are refused with %s', async (_name, headers: Record<string, string>, code) => {
    expect(errorOf(await put('refused', { ...signed, ...headers }, 'x'))).toEqual([400, code]);
  });

  it('need a length, of at most 5 GiB', async () => {
    const unknown = await send('PUT', `/${Bucket}/unknown`, { ...signed, 'Transfer-Encoding': 'chunked' }, 'x');
    expect(errorOf(unknown)).toEqual([411, 'MissingContentLength']);
    const large = chunked('STREAMING-UNSIGNED-PAYLOAD-TRAILER', 5 * 1024 ** 3 + 1);
    expect(errorOf(await put('large', large, 'x'))).toEqual([400, 'EntityTooLarge']);
  });

  it('that break off leave nothing, also not on disk', async () => {
    const { hostname, port } = new URL(s3.url);
    const sent = request({
      hostname,
      port,
      method: 'PUT',
      path: `/${Bucket}/partial`,
      agent: false,
      headers: { ...signed, 'Content-Length': '1000000' },
    });
    sent.on('error', () => undefined);
    sent.write(Buffer.alloc(500_000));
    const temporary = join(s3.folder, 's3', 'tmp');
    while ((await readdir(temporary)).length === 0) await setTimeout(5);
    sent.destroy();
    await new Promise((resolve) => sent.once('close', resolve));
    while ((await readdir(temporary)).length > 0) await setTimeout(5);
    expect(await s3.store.headObject(Bucket, 'partial')).toBeUndefined();
  });

  it('that are refused do not spoil the connection', async () => {
    const client = s3.connect({});
    for (let attempt = 0; attempt < 5; attempt += 1) {
      const refused = new PutObjectCommand({ Bucket: 'missing-bucket', Key: 'k', Body: Buffer.alloc(3_000_000) });
      await expect(client.send(refused)).rejects.toMatchObject({ name: 'NoSuchBucket' });
      const head = await client.send(new HeadObjectCommand({ Bucket, Key: 'there' }));
      expect(head.ContentLength).toBe(4);
    }
    client.destroy();
  });
});
