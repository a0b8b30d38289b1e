import type { AwsError } from '../gateway/aws-error.js';
import { noSuchKey, notImplemented, preconditionFailed } from './errors.js';
import type { StoredObject } from './records.js';

/** Conditions of a write. */
export interface WriteConditions {
  /** ETag, with or without quotes, or `*`. */
  readonly ifMatch?: string;
  /** Only `*` is supported, as in S3. */
  readonly ifNoneMatch?: string;
}

/** Conditions of a read, in the words of HTTP. */
export interface ReadConditions extends WriteConditions {
  readonly ifModifiedSince?: string;
  readonly ifUnmodifiedSince?: string;
}

function matches(list: string, etag: string): boolean {
  return list.split(',').some((entry) => {
    const wanted = entry.trim().replace(/^W\//, '').replaceAll('"', '');
    return wanted === '*' || wanted === etag;
  });
}

/**
 * Checks the conditions of a write against the object that is there now.
 * @throws AwsError `PreconditionFailed`, `NoSuchKey`, `NotImplemented`.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
 */
export function checkWrite(conditions: WriteConditions, key: string, current: StoredObject | undefined): void {
  const { ifMatch, ifNoneMatch } = conditions;
  if (ifNoneMatch !== undefined) {
    if (ifNoneMatch !== '*') throw notImplemented('If-None-Match with a value other than *');
    if (current !== undefined) throw preconditionFailed('If-None-Match');
  }
  if (ifMatch !== undefined) {
    if (current === undefined) throw noSuchKey(key);
    if (!matches(ifMatch, current.etag)) throw preconditionFailed('If-Match');
  }
}

/** Milliseconds since the epoch, or undefined for text that is no date, which S3 ignores. */
function parseDate(text: string | undefined): number | undefined {
  const time = Date.parse(text ?? '');
  return Number.isNaN(time) ? undefined : time;
}

/**
 * What the conditions of a read make of it. An ETag that matches outweighs a date that does not, and the reverse.
 * @throws AwsError `PreconditionFailed`.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
 */
export function checkRead(conditions: ReadConditions, object: StoredObject): 'read' | 'not-modified' {
  const { ifMatch, ifNoneMatch } = conditions;
  const modified = Math.floor(object.lastModified / 1000) * 1000; // HTTP dates have no fractions
  const unmodifiedSince = parseDate(conditions.ifUnmodifiedSince);
  const modifiedSince = parseDate(conditions.ifModifiedSince);
  if (ifMatch !== undefined) {
    if (!matches(ifMatch, object.etag)) throw preconditionFailed('If-Match');
  } else if (unmodifiedSince !== undefined && modified > unmodifiedSince) {
    throw preconditionFailed('If-Unmodified-Since');
  }
  if (ifNoneMatch !== undefined) return matches(ifNoneMatch, object.etag) ? 'not-modified' : 'read';
  return modifiedSince !== undefined && modified <= modifiedSince ? 'not-modified' : 'read';
}

/**
 * The conditions of a copy's source: as those of a read, but what would not be read again is a failure.
 * @throws AwsError `PreconditionFailed`.
 */
export function checkCopySource(conditions: ReadConditions, object: StoredObject): void {
  try {
    if (checkRead(conditions, object) === 'read') return;
  } catch (error) {
    const condition = (error as AwsError).details['Condition'];
    throw preconditionFailed(`x-amz-copy-source-${String(condition)}`);
  }
  const name = conditions.ifNoneMatch === undefined ? 'If-Modified-Since' : 'If-None-Match';
  throw preconditionFailed(`x-amz-copy-source-${name}`);
}
