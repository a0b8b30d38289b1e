import { blocksFor } from '../process/read-buffers.js';
import type { ChecksumAlgorithm } from './checksums.js';
import { Hasher, checksumElement, isChecksumAlgorithm } from './checksums.js';
import { openCopySource } from './copy-source.js';
import { invalidArgument, invalidRequest } from './errors.js';
import { contentOf, encryptionHeaders, encryptionOf, storageClassOf } from './object-attributes.js';
import { maxUpload } from './receive-body.js';
import type { ObjectAttributes, ObjectChecksum, StoredObject } from './records.js';
import { isoTime, quoted } from './s3-call.js';
import type { S3Call } from './s3-call.js';
import type { S3Request } from './s3-request.js';
import type { OpenObject } from './storage.js';
import { parseTagHeader } from './tags.js';
import { writeConditions } from './write-object.js';

function directive(request: S3Request, name: string): 'COPY' | 'REPLACE' {
  const value = request.header(name) ?? 'COPY';
  if (value !== 'COPY' && value !== 'REPLACE') {
    throw invalidArgument(
      `Unknown ${name === 'x-amz-tagging-directive' ? 'tagging' : 'metadata'} directive.`,
      name,
      value
    );
  }
  return value;
}

/** What the copy is to be: metadata and tags come from the source or the request, all else from the request. */
function copyAttributes(request: S3Request, source: StoredObject): ObjectAttributes {
  const { contentType, metadata, headers } =
    directive(request, 'x-amz-metadata-directive') === 'REPLACE' ? contentOf(request) : source;
  const replacesTags = directive(request, 'x-amz-tagging-directive') === 'REPLACE';
  return {
    contentType,
    metadata,
    headers,
    tags: replacesTags ? parseTagHeader(request.header('x-amz-tagging') ?? '') : source.tags,
    storageClass: storageClassOf(request),
    encryption: encryptionOf(request),
  };
}

/**
 * Refuses a copy of an object to itself that changes nothing about it.
 * @throws AwsError `InvalidRequest`.
 */
function checkNotItself(call: S3Call, source: StoredObject): void {
  const { request } = call;
  const changes = [
    'x-amz-storage-class',
    'x-amz-website-redirect-location',
    'x-amz-server-side-encryption',
    'x-amz-checksum-algorithm',
  ];
  const isItself = source.bucket === request.bucket && source.key === request.key;
  const isChanged =
    directive(request, 'x-amz-metadata-directive') === 'REPLACE' ||
    changes.some((name) => request.header(name) !== undefined);
  if (isItself && !isChanged) {
    throw invalidRequest(
      "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes."
    );
  }
}

/** The algorithm of `x-amz-checksum-algorithm`, if given. @throws AwsError `InvalidRequest`. */
export function checksumAlgorithmOf(request: S3Request): ChecksumAlgorithm | undefined {
  const name = request.header('x-amz-checksum-algorithm')?.toUpperCase();
  if (name === undefined) return undefined;
  if (isChecksumAlgorithm(name)) return name;
  throw invalidRequest(
    'Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]'
  );
}

interface Copied {
  readonly file: { readonly id: string; readonly path: string };
  readonly etag: string;
  readonly checksum: ObjectChecksum;
}

/** The bytes of the source in a file of their own: shared with the source when nothing has to be computed anew. */
async function copyBytes(call: S3Call, source: OpenObject, algorithm: ChecksumAlgorithm): Promise<Copied> {
  const { blobs } = call.storage;
  const { object, file } = source;
  const { checksum } = object;
  if (checksum.algorithm === algorithm && checksum.type === 'FULL_OBJECT' && object.parts === undefined) {
    try {
      return { file: await blobs.duplicate(blobs.path(object.blob)), etag: object.etag, checksum };
    } catch (error) {
      // The source has been overwritten since it was opened: only the open file still has its bytes.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  const chunks = file.createReadStream({ start: 0, ...blocksFor(object.size), autoClose: false });
  const written = await blobs.write(chunks, new Hasher([algorithm]), object.size);
  const value = written.values.get(algorithm) as string;
  return { file: written, etag: written.md5, checksum: { algorithm, type: 'FULL_OBJECT', value } };
}

/**
 * CopyObject. The copy's ETag is the MD5 of its bytes, also where the source was uploaded in parts.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
 */
export async function copyObject(call: S3Call): Promise<void> {
  const bucket = await call.bucket();
  const { request, storage, key } = call;
  const source = await openCopySource(call);
  try {
    const { object } = source;
    checkNotItself(call, object);
    if (object.size > maxUpload) {
      throw invalidRequest(
        `The specified copy source is larger than the maximum allowable size for a copy source: ${maxUpload}`
      );
    }
    const attributes = copyAttributes(request, object);
    const { file, etag, checksum } = await copyBytes(
      call,
      source,
      checksumAlgorithmOf(request) ?? object.checksum.algorithm
    );
    const draft = { ...attributes, size: object.size, etag, checksum };
    const copy = await storage.putObject(bucket, key, file, draft, { conditions: writeConditions(request) });
    const content = {
      LastModified: isoTime(copy.lastModified),
      ETag: quoted(copy.etag),
      [checksumElement(copy.checksum.algorithm)]: copy.checksum.value,
      ChecksumType: copy.checksum.type,
    };
    call.xml('CopyObjectResult', content, encryptionHeaders(copy.encryption));
  } finally {
    await source.file.close();
  }
}
