import { blocksFor } from '../process/read-buffers.js';
import type { ChecksumAlgorithm } from './checksums.js';
import { Hasher, checksumElement, isChecksumAlgorithm } from './checksums.js';
import { findCopySource, openCopySource } from './copy-source.js';
import { invalidArgument, invalidRequest } from './errors.js';
import { contentOf, encryptionHeaders, encryptionOf, storageClassOf } from './object-attributes.js';
import { maxUpload } from './receive-body.js';
import type { ObjectAttributes, StoredObject } from './records.js';
import { isoTime, quoted } from './s3-call.js';
import type { S3Call } from './s3-call.js';
import type { S3Request } from './s3-request.js';
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

/**
 * Copies the source's bytes to a file of their own, hashing them.
 * @throws AwsError as {@link openCopySource}: it may have changed since it was looked at.
 */
async function copyBytes(call: S3Call, asked: ChecksumAlgorithm | undefined, attributes: CopyAttributes) {
  const source = await openCopySource(call);
  try {
    const { object, file } = source;
    const algorithm = asked ?? object.checksum.algorithm;
    const chunks = file.createReadStream({ start: 0, ...blocksFor(object.size), autoClose: false });
    const written = await call.storage.blobs.write(chunks, new Hasher([algorithm]), object.size);
    const checksum = { algorithm, type: 'FULL_OBJECT' as const, value: written.values.get(algorithm) as string };
    return { file: written, draft: { ...attributes(object), size: object.size, etag: written.md5, checksum } };
  } finally {
    await source.file.close();
  }
}

type CopyAttributes = (source: StoredObject) => ObjectAttributes;

/** Makes the copy. Where nothing has to be computed anew, it has the source's bytes as they are. */
async function makeCopy(call: S3Call): Promise<StoredObject> {
  const { request, storage, key } = call;
  const bucket = await call.bucket();
  const conditions = writeConditions(request);
  const asked = checksumAlgorithmOf(request);
  const attributes = (source: StoredObject): ObjectAttributes => copyAttributes(request, source);
  for (;;) {
    const source = await findCopySource(call);
    const { size, etag, checksum, blob } = source;
    checkNotItself(call, source);
    if (size > maxUpload) {
      throw invalidRequest(
        `The specified copy source is larger than the maximum allowable size for a copy source: ${maxUpload}`
      );
    }
    const isWhole = checksum.type === 'FULL_OBJECT' && source.parts === undefined;
    if (isWhole && (asked ?? checksum.algorithm) === checksum.algorithm) {
      const copy = { ...attributes(source), bucket, key, size, etag, checksum, blob, lastModified: Date.now() };
      if (await storage.shareObject(source, copy, conditions)) return copy;
    } else {
      const { file, draft } = await copyBytes(call, asked, attributes);
      return await storage.putObject(bucket, key, file, draft, { conditions });
    }
  }
}

/**
 * CopyObject. The copy's ETag is the MD5 of its bytes, also where the source was uploaded in parts.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
 */
export async function copyObject(call: S3Call): Promise<void> {
  const copy = await makeCopy(call);
  const content = {
    LastModified: isoTime(copy.lastModified),
    ETag: quoted(copy.etag),
    [checksumElement(copy.checksum.algorithm)]: copy.checksum.value,
    ChecksumType: copy.checksum.type,
  };
  call.xml('CopyObjectResult', content, encryptionHeaders(copy.encryption));
}
