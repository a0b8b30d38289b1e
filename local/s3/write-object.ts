import { AwsError } from '../gateway/aws-error.js';
import { malformedXml, notImplemented, preconditionFailed } from './errors.js';
import { attributesOf, checksumHeaders, encryptionHeaders } from './object-attributes.js';
import { checkWrite } from './conditions.js';
import type { WriteConditions } from './conditions.js';
import { objectKey } from './object-index.js';
import { checkVersion } from './read-object.js';
import { receiveBody } from './receive-body.js';
import { quoted } from './s3-call.js';
import type { S3Call } from './s3-call.js';
import type { S3Request } from './s3-request.js';
import type { XmlElement } from './xml-body.js';

/** The conditions of a request that writes an object. */
export function writeConditions(request: S3Request): WriteConditions {
  return { ifMatch: request.header('if-match'), ifNoneMatch: request.header('if-none-match') };
}

/** PutObject. */
export async function putObject(call: S3Call): Promise<void> {
  const bucket = await call.bucket();
  const { request, storage, key } = call;
  const attributes = attributesOf(request);
  const conditions = writeConditions(request);
  checkWrite(conditions, key, await storage.index.object(bucket, key)); // before gigabytes are read in vain
  const { file, checksum } = await receiveBody(call, 'CRC64NVME');
  if (checksum === undefined) throw new Error('a fallback was given');
  const draft = {
    ...attributes,
    size: file.size,
    etag: file.md5,
    checksum: { ...checksum, type: 'FULL_OBJECT' as const },
  };
  const object = await storage.putObject(bucket, key, file, draft, { conditions });
  call.empty(200, {
    ETag: quoted(object.etag),
    ...checksumHeaders(object),
    ...encryptionHeaders(object.encryption),
  });
}

/** Removes one object, if it is there. @throws AwsError `PreconditionFailed`. */
async function remove(call: S3Call, bucket: string, key: string, etag: string | undefined): Promise<void> {
  const { storage } = call;
  await storage.change(async () => {
    const current = await storage.index.object(bucket, key);
    if (etag !== undefined) {
      if (current === undefined) throw preconditionFailed('If-Match');
      checkWrite({ ifMatch: etag }, key, current);
    }
    if (current === undefined) return { changes: [] };
    return { changes: [{ type: 'del', key: objectKey(bucket, key) }], unused: [current.blob] };
  });
}

/** DeleteObject. */
export async function deleteObject(call: S3Call): Promise<void> {
  const bucket = await call.bucket();
  checkVersion(call.request.query.get('versionId'));
  await remove(call, bucket, call.key, call.request.header('if-match'));
  call.empty(204);
}

interface DeleteResult {
  readonly Key: string;
  readonly VersionId?: string;
  readonly Code?: string;
  readonly Message?: string;
}

async function removeListed(call: S3Call, bucket: string, entry: XmlElement): Promise<DeleteResult> {
  const key = entry.requireText('Key');
  const versionId = entry.textOf('VersionId');
  const named = { Key: key, ...(versionId !== undefined && { VersionId: versionId }) };
  try {
    if (versionId !== undefined && versionId !== 'null') {
      throw new AwsError('NoSuchVersion', 'The specified version does not exist.', 404);
    }
    if (entry.first('LastModifiedTime') ?? entry.first('Size')) throw notImplemented('LastModifiedTime and Size');
    await remove(call, bucket, key, entry.textOf('ETag'));
    return named;
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    return { ...named, Code: error.code, Message: error.message };
  }
}

/** DeleteObjects: up to 1,000 keys, each with its own result. */
export async function deleteObjects(call: S3Call): Promise<void> {
  const bucket = await call.bucket();
  const body = await call.xmlBody('Delete', 'required');
  const entries = body.all('Object');
  if (entries.length === 0 || entries.length > 1000) throw malformedXml();
  for (const entry of entries) entry.requireText('Key');
  const quiet = body.textOf('Quiet')?.trim() === 'true';
  const results: DeleteResult[] = [];
  for (const entry of entries) results.push(await removeListed(call, bucket, entry));
  call.xml('DeleteResult', {
    Deleted: quiet ? [] : results.filter(({ Code }) => Code === undefined).map((result) => ({ ...result })),
    Error: results.filter(({ Code }) => Code !== undefined).map((result) => ({ ...result })),
  });
}
