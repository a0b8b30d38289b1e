import { noSuchKey } from './errors.js';
import { objectKey } from './object-index.js';
import { checkVersion } from './read-object.js';
import type { Tag } from './records.js';
import type { S3Call } from './s3-call.js';
import { parseTagging, taggingContent } from './tags.js';

async function setTags(call: S3Call, bucket: string, tags: readonly Tag[]): Promise<void> {
  const { storage, key } = call;
  await storage.change(async () => {
    const object = await storage.index.object(bucket, key);
    if (object === undefined) throw noSuchKey(key);
    return { changes: [{ type: 'put', key: objectKey(bucket, key), value: { ...object, tags } }] };
  });
}

/** GetObjectTagging. */
export async function getObjectTagging(call: S3Call): Promise<void> {
  const bucket = await call.bucket();
  checkVersion(call.request.query.get('versionId'));
  const { tags } = await call.storage.requireObject(bucket, call.key);
  call.xml('Tagging', taggingContent(tags));
}

/** PutObjectTagging. */
export async function putObjectTagging(call: S3Call): Promise<void> {
  const bucket = await call.bucket();
  checkVersion(call.request.query.get('versionId'));
  await setTags(call, bucket, parseTagging(await call.xmlBody('Tagging')));
  call.empty(200);
}

/** DeleteObjectTagging. */
export async function deleteObjectTagging(call: S3Call): Promise<void> {
  const bucket = await call.bucket();
  checkVersion(call.request.query.get('versionId'));
  await setTags(call, bucket, []);
  call.empty(204);
}
