import { AwsError } from '../gateway/aws-error.js';
import { checksumHeader } from './checksums.js';
import { invalidArgument } from './errors.js';
import { checkStorageClass } from './names.js';
import type { ContentHeaders, Encryption, ObjectAttributes, StoredObject } from './records.js';
import { quoted } from './s3-call.js';
import type { S3Request } from './s3-request.js';
import { parseTagHeader } from './tags.js';

const contentHeaders = [
  'Cache-Control',
  'Content-Disposition',
  'Content-Encoding',
  'Content-Language',
  'Expires',
  'x-amz-website-redirect-location',
] as const satisfies readonly (keyof ContentHeaders)[];

/** Bytes of all names and values together. */
const maxMetadata = 2_048;

function metadataOf(request: S3Request): Record<string, string> {
  const metadata = request.headersWithPrefix('x-amz-meta-');
  const size = Object.entries(metadata).reduce((sum, [name, value]) => sum + Buffer.byteLength(name + value), 0);
  if (size > maxMetadata) {
    throw new AwsError('MetadataTooLarge', 'Your metadata headers exceed the maximum allowed metadata size', 400, {
      Size: size,
      MaxSizeAllowed: maxMetadata,
    });
  }
  return metadata;
}

/** The encryption a request asks for; AES256 is what S3 applies by itself. */
export function encryptionOf(request: S3Request): Encryption {
  const algorithm = request.header('x-amz-server-side-encryption') ?? 'AES256';
  if (!['AES256', 'aws:kms', 'aws:kms:dsse'].includes(algorithm)) {
    throw invalidArgument(
      'The encryption method specified is not supported',
      'x-amz-server-side-encryption',
      algorithm
    );
  }
  const keyId = request.header('x-amz-server-side-encryption-aws-kms-key-id');
  const bucketKey = request.header('x-amz-server-side-encryption-bucket-key-enabled');
  return {
    algorithm,
    ...(keyId !== undefined && { keyId }),
    ...(bucketKey !== undefined && { bucketKey: bucketKey.toLowerCase() === 'true' }),
  };
}

/** The metadata and content headers of a request that writes an object. */
export function contentOf(request: S3Request): Pick<ObjectAttributes, 'contentType' | 'metadata' | 'headers'> {
  const headers: Record<string, string> = {};
  for (const name of contentHeaders) {
    let value = request.header(name.toLowerCase());
    if (name === 'Content-Encoding') {
      // `aws-chunked` is how the request was sent, not what the object is.
      value = value
        ?.split(',')
        .map((coding) => coding.trim())
        .filter((coding) => coding !== 'aws-chunked')
        .join(',');
    }
    if (value) headers[name] = value;
  }
  return { contentType: request.header('content-type'), metadata: metadataOf(request), headers };
}

/** The storage class a request asks for. @throws AwsError `InvalidStorageClass`. */
export function storageClassOf(request: S3Request): string {
  const storageClass = request.header('x-amz-storage-class') ?? 'STANDARD';
  checkStorageClass(storageClass);
  return storageClass;
}

/**
 * Everything a request says of the object it writes.
 * @throws AwsError `InvalidStorageClass`, `MetadataTooLarge`, `InvalidTag` and others.
 */
export function attributesOf(request: S3Request): ObjectAttributes {
  const tagging = request.header('x-amz-tagging');
  return {
    ...contentOf(request),
    storageClass: storageClassOf(request),
    tags: tagging === undefined ? [] : parseTagHeader(tagging),
    encryption: encryptionOf(request),
  };
}

/** The encryption headers of an answer. */
export function encryptionHeaders(encryption: Encryption): Record<string, string | undefined> {
  return {
    'x-amz-server-side-encryption': encryption.algorithm,
    'x-amz-server-side-encryption-aws-kms-key-id': encryption.keyId,
    'x-amz-server-side-encryption-bucket-key-enabled': encryption.bucketKey ? 'true' : undefined,
  };
}

/** The checksum headers of an answer. */
export function checksumHeaders(object: StoredObject): Record<string, string> {
  return {
    [checksumHeader(object.checksum.algorithm)]: object.checksum.value,
    'x-amz-checksum-type': object.checksum.type,
  };
}

/** The headers of an answer that describe an object, but for its length and checksum. */
export function objectHeaders(object: StoredObject): Record<string, string | number | undefined> {
  const metadata = Object.entries(object.metadata).map(([name, value]) => [`x-amz-meta-${name}`, value]);
  return {
    'Accept-Ranges': 'bytes',
    'Last-Modified': new Date(object.lastModified).toUTCString(),
    ETag: quoted(object.etag),
    'Content-Type': object.contentType ?? 'binary/octet-stream',
    'x-amz-storage-class': object.storageClass === 'STANDARD' ? undefined : object.storageClass,
    'x-amz-tagging-count': object.tags.length === 0 ? undefined : object.tags.length,
    ...object.headers,
    ...encryptionHeaders(object.encryption),
    ...Object.fromEntries(metadata),
  };
}
