import { AwsError } from '../gateway/aws-error.js';
import { malformedXml, notImplemented, preconditionFailed } from './errors.js';
import { attributesOf, checksumHeaders, encryptionHeaders } from './object-attributes.js';
import { checkWrite } from './conditions.js';
import type { WriteConditions } from './conditions.js';
import { objectKey } from './object-index.js';
import type { Change } from './object-index.js';
import { checkVersion } from './read-object.js';
import type { StoredObject } from './records.js';
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

/** What removing one object takes; nothing when it is not there. @throws AwsError `PreconditionFailed`. */
function removal(key: string, current: StoredObject | undefined, etag: string | undefined): Removal {
  if (current === undefined) {
    if (etag !== undefined) throw preconditionFailed('If-Match');
    return { changes: [], unused: [] };
  }
  checkWrite({ ifMatch: etag }, key, current);
  return { changes: [{ type: 'del', key: objectKey(current.bucket, key) }], unused: [current.blob] };
}

interface Removal {
  readonly changes: readonly Change[];
  readonly unused: readonly string[];
}

/** DeleteObject. */
export async function deleteObject(call: S3Call): Promise<void> {
  const bucket = await call.bucket();
  const { storage, key, request } = call;
  checkVersion(request.query.get('versionId'));
  await storage.change(async () => removal(key, await storage.index.object(bucket, key), request.header('if-match')));
  call.empty(204);
}

interface ListedKey {
  readonly key: string;
  readonly versionId?: string;
  readonly etag?: string;
  readonly isUnsupported: boolean;
}

interface DeleteResult {
  readonly [name: string]: string | undefined;
  readonly Key: string;
  readonly VersionId?: string;
  readonly Code?: string;
  readonly Message?: string;
}

function listedKeys(body: XmlElement): readonly ListedKey[] {
  const entries = body.all('Object');
  if (entries.length === 0 || entries.length > 1000) throw malformedXml();
  return entries.map((entry) => ({
    key: entry.requireText('Key'),
    versionId: entry.textOf('VersionId'),
    etag: entry.textOf('ETag'),
    isUnsupported: (entry.first('LastModifiedTime') ?? entry.first('Size')) !== undefined,
  }));
}

function listedRemoval({ key, versionId, etag, isUnsupported }: ListedKey, current: StoredObject | undefined): Removal {
  if (versionId !== undefined && versionId !== 'null') {
    throw new AwsError('NoSuchVersion', 'The specified version does not exist.', 404);
  }
  if (isUnsupported) throw notImplemented('LastModifiedTime and Size');
  return removal(key, current, etag);
}

/** DeleteObjects: up to 1,000 keys, each with its own result. */
export async function deleteObjects(call: S3Call): Promise<void> {
  const bucket = await call.bucket();
  const body = await call.xmlBody('Delete', 'required');
  const listed = [...new Map(listedKeys(body).map((entry) => [entry.key, entry])).values()];
  const results: DeleteResult[] = [];
  await call.storage.change(async () => {
    const changes: Change[] = [];
    const unused: string[] = [];
    const current = await call.storage.index.objectsNamed(
      bucket,
      listed.map(({ key }) => key)
    );
    for (const [position, entry] of listed.entries()) {
      const named = { Key: entry.key, VersionId: entry.versionId };
      try {
        const removed = listedRemoval(entry, current[position]);
        changes.push(...removed.changes);
        unused.push(...removed.unused);
        results.push(named);
      } catch (error) {
        if (!(error instanceof AwsError)) throw error;
        results.push({ ...named, Code: error.code, Message: error.message });
      }
    }
    return { changes, unused };
  });
  const quiet = body.textOf('Quiet')?.trim() === 'true';
  call.xml('DeleteResult', {
    Deleted: quiet ? [] : results.filter(({ Code }) => Code === undefined),
    Error: results.filter(({ Code }) => Code !== undefined),
  });
}
