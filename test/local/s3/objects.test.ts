import { afterAll, beforeAll, expect, it } from 'vitest';
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { startLocalS3 } from './local-s3.js';
import type { LocalS3 } from './local-s3.js';

let s3: LocalS3;
beforeAll(async () => {
  s3 = await startLocalS3();
  await s3.client.send(new CreateBucketCommand({ Bucket: 'objects' }));
});
afterAll(() => s3.close());

it('gives back what was put', async () => {
  await s3.client.send(
    new PutObjectCommand({ Bucket: 'objects', Key: 'a b/ü//..', Body: 'hello', Metadata: { x: 'ü' } })
  );
  const got = await s3.client.send(new GetObjectCommand({ Bucket: 'objects', Key: 'a b/ü//..' }));
  expect(await got.Body?.transformToString()).toBe('hello');
});
