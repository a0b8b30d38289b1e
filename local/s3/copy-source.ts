import { AwsError } from '../gateway/aws-error.js';
import { checkCopySource } from './conditions.js';
import { invalidArgument } from './errors.js';
import { isArchived } from './names.js';
import { checkVersion } from './read-object.js';
import type { StoredObject } from './records.js';
import type { S3Call } from './s3-call.js';
import type { S3Request } from './s3-request.js';
import type { OpenObject } from './storage.js';

const header = 'x-amz-copy-source';

/** Bucket and key of `x-amz-copy-source`. @throws AwsError `InvalidArgument`. */
export function parseSource(request: S3Request): { readonly bucket: string; readonly key: string } {
  const value = request.header(header) ?? '';
  const [path = '', version] = value.split(/\?versionId=/, 2);
  let source: string;
  try {
    source = decodeURIComponent(path).replace(/^\//, '');
  } catch {
    throw invalidArgument('Invalid copy source encoding.', header, value);
  }
  const slash = source.indexOf('/');
  if (slash < 1 || slash === source.length - 1) {
    const form = 'Copy Source must mention the source bucket and key: sourcebucket/sourcekey';
    throw invalidArgument(form, header, value);
  }
  checkVersion(version);
  return { bucket: source.slice(0, slash), key: source.slice(slash + 1) };
}

/**
 * Finds the source of a copy, if its conditions hold.
 * @throws AwsError as {@link openCopySource}.
 */
export async function findCopySource(call: S3Call): Promise<StoredObject> {
  const { bucket, key } = parseSource(call.request);
  const object = await call.storage.requireObject(bucket, key);
  checkSource(call.request, object);
  return object;
}

/**
 * Opens the source of a copy, if its conditions hold. The caller closes the file.
 * @throws AwsError `NoSuchKey`, `NoSuchBucket`, `PreconditionFailed`, `ObjectNotInActiveTierError` and others.
 */
export async function openCopySource(call: S3Call): Promise<OpenObject> {
  const { request, storage } = call;
  const { bucket, key } = parseSource(request);
  const opened = await storage.openObject(bucket, key);
  try {
    checkSource(request, opened.object);
  } catch (error) {
    await opened.file.close();
    throw error;
  }
  return opened;
}

function checkSource(request: S3Request, object: StoredObject): void {
  const conditions = {
    ifMatch: request.header(`${header}-if-match`),
    ifNoneMatch: request.header(`${header}-if-none-match`),
    ifModifiedSince: request.header(`${header}-if-modified-since`),
    ifUnmodifiedSince: request.header(`${header}-if-unmodified-since`),
  };
  checkCopySource(conditions, object);
  if (isArchived(object.storageClass)) {
    throw new AwsError(
      'ObjectNotInActiveTierError',
      'The source object of the COPY operation is not in the active tier',
      403
    );
  }
}
