import type { ChecksumAlgorithm } from './checksums.js';
import { Hasher, checksumElement, checksumHeader } from './checksums.js';
import { checksumAlgorithmOf } from './copy-object.js';
import { openCopySource } from './copy-source.js';
import { parseCopyRange } from './byte-range.js';
import { invalidArgument, invalidRequest, malformedXml } from './errors.js';
import { MultipartStore } from './multipart-store.js';
import type { ListedPart } from './multipart-store.js';
import { attributesOf, encryptionHeaders } from './object-attributes.js';
import { maxUpload, receiveBody } from './receive-body.js';
import type { ChecksumType, PartRecord, UploadRecord } from './records.js';
import { isoTime, quoted } from './s3-call.js';
import type { S3Call } from './s3-call.js';
import type { S3Request } from './s3-request.js';
import { writeConditions } from './write-object.js';
import type { XmlElement } from './xml-body.js';

/** The upload a request is for. @throws AwsError `NoSuchBucket`, `NoSuchUpload`. */
export async function requireUpload(call: S3Call): Promise<UploadRecord> {
  const bucket = await call.bucket();
  const uploadId = call.request.query.get('uploadId') ?? '';
  return new MultipartStore(call.storage).require(bucket, call.key, uploadId);
}

function partNumberOf(request: S3Request): number {
  const text = request.query.get('partNumber') ?? '';
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= 1 && number <= 10_000) return number;
  throw invalidArgument('Part number must be an integer between 1 and 10000, inclusive', 'partNumber', text);
}

/**
 * What an upload is to be checked with.
 * @throws AwsError `InvalidRequest` for a type that the algorithm does not have.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
 */
function uploadChecksum(request: S3Request): UploadRecord['checksum'] {
  const algorithm = checksumAlgorithmOf(request);
  const asked = request.header('x-amz-checksum-type')?.toUpperCase();
  if (algorithm === undefined) {
    if (asked !== undefined) {
      throw invalidRequest('The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.');
    }
    return { algorithm: 'CRC64NVME', type: 'FULL_OBJECT' };
  }
  const types: Readonly<Record<ChecksumAlgorithm, readonly ChecksumType[]>> = {
    CRC64NVME: ['FULL_OBJECT'],
    CRC32: ['COMPOSITE', 'FULL_OBJECT'],
    CRC32C: ['COMPOSITE', 'FULL_OBJECT'],
    SHA1: ['COMPOSITE'],
    SHA256: ['COMPOSITE'],
  };
  const type = asked === undefined ? types[algorithm][0] : types[algorithm].find((candidate) => candidate === asked);
  if (type === undefined) {
    throw invalidRequest(
      `The ${asked} checksum type cannot be used with the ${algorithm.toLowerCase()} checksum algorithm.`
    );
  }
  return { algorithm, type };
}

/** CreateMultipartUpload. */
export async function createMultipartUpload(call: S3Call): Promise<void> {
  const bucket = await call.bucket();
  const { request, key } = call;
  const upload = await new MultipartStore(call.storage).create({
    bucket,
    key,
    attributes: attributesOf(request),
    checksum: uploadChecksum(request),
    checksumAskedFor: request.header('x-amz-checksum-algorithm') !== undefined,
  });
  const headers = {
    ...encryptionHeaders(upload.attributes.encryption),
    'x-amz-checksum-algorithm': upload.checksumAskedFor ? upload.checksum.algorithm : undefined,
    'x-amz-checksum-type': upload.checksumAskedFor ? upload.checksum.type : undefined,
  };
  call.xml('InitiateMultipartUploadResult', { Bucket: bucket, Key: key, UploadId: upload.uploadId }, headers);
}

/** UploadPart. */
export async function uploadPart(call: S3Call): Promise<void> {
  const upload = await requireUpload(call);
  const number = partNumberOf(call.request);
  const { file, checksum } = await receiveBody(call, upload.checksumAskedFor ? upload.checksum.algorithm : undefined);
  if (upload.checksumAskedFor && checksum?.algorithm !== upload.checksum.algorithm) {
    await call.storage.blobs.discard(file);
    throw invalidRequest(
      `Checksum Type mismatch occurred, expected checksum Type: ${upload.checksum.algorithm.toLowerCase()}, actual checksum Type: ${checksum?.algorithm.toLowerCase()}`
    );
  }
  const part = await new MultipartStore(call.storage).putPart(upload, number, file, checksum);
  call.empty(200, {
    ETag: quoted(part.etag),
    ...(part.checksum && { [checksumHeader(part.checksum.algorithm)]: part.checksum.value }),
    ...encryptionHeaders(upload.attributes.encryption),
  });
}

/** UploadPartCopy: a part whose bytes are an object's, or a run of them. */
export async function uploadPartCopy(call: S3Call): Promise<void> {
  const upload = await requireUpload(call);
  const number = partNumberOf(call.request);
  const source = await openCopySource(call);
  let part: PartRecord;
  try {
    const { object, file } = source;
    const header = call.request.header('x-amz-copy-source-range');
    const range = header === undefined ? { start: 0, end: object.size } : parseCopyRange(header, object.size);
    const size = range.end - range.start;
    if (size > maxUpload) {
      throw invalidRequest(
        `The specified copy source is larger than the maximum allowable size for a copy source: ${maxUpload}`
      );
    }
    const algorithm = upload.checksumAskedFor ? upload.checksum.algorithm : undefined;
    const written = await call.storage.blobs.write(
      size === 0
        ? none()
        : file.createReadStream({ ...range, end: range.end - 1, highWaterMark: 1_048_576, autoClose: false }),
      new Hasher(algorithm ? [algorithm] : []),
      size
    );
    const value = algorithm && written.values.get(algorithm);
    part = await new MultipartStore(call.storage).putPart(
      upload,
      number,
      written,
      algorithm && value !== undefined ? { algorithm, value } : undefined
    );
  } finally {
    await source.file.close();
  }
  call.xml(
    'CopyPartResult',
    {
      LastModified: isoTime(part.lastModified),
      ETag: quoted(part.etag),
      ...(part.checksum && { [checksumElement(part.checksum.algorithm)]: part.checksum.value }),
    },
    encryptionHeaders(upload.attributes.encryption)
  );
}

async function* none(): AsyncGenerator<Buffer> {
  // Nothing to copy.
}

function listedPart(part: XmlElement, algorithm: ChecksumAlgorithm): ListedPart {
  const number = Number(part.requireText('PartNumber'));
  if (!Number.isInteger(number) || number < 1) throw malformedXml();
  return {
    number,
    etag: part.requireText('ETag'),
    checksum: part.textOf(checksumElement(algorithm)),
  };
}

/** CompleteMultipartUpload. */
export async function completeMultipartUpload(call: S3Call): Promise<void> {
  const upload = await requireUpload(call);
  const { request } = call;
  const { algorithm } = upload.checksum;
  const body = await call.xmlBody('CompleteMultipartUpload', 'ignored');
  const type = request.header('x-amz-checksum-type')?.toUpperCase();
  if (type !== undefined && type !== upload.checksum.type) {
    throw invalidRequest(
      `The upload was created using the ${upload.checksum.type} checksum mode. The complete request must use the same checksum mode.`
    );
  }
  const size = request.header('x-amz-mp-object-size');
  const object = await new MultipartStore(call.storage).complete(
    upload,
    body.all('Part').map((part) => listedPart(part, algorithm)),
    {
      conditions: writeConditions(request),
      checksum: request.header(checksumHeader(algorithm)),
      ...(size !== undefined && { size: Number(size) }),
    }
  );
  call.xml(
    'CompleteMultipartUploadResult',
    {
      Location: `http://${request.raw.headers.host ?? 'localhost'}/${object.bucket}/${encodeURIComponent(object.key)}`,
      Bucket: object.bucket,
      Key: object.key,
      ETag: quoted(object.etag),
      [checksumElement(algorithm)]: object.checksum.value,
      ChecksumType: object.checksum.type,
    },
    encryptionHeaders(object.encryption)
  );
}

/** AbortMultipartUpload. */
export async function abortMultipartUpload(call: S3Call): Promise<void> {
  const bucket = await call.bucket();
  await new MultipartStore(call.storage).abort(bucket, call.key, call.request.query.get('uploadId') ?? '');
  call.empty(204);
}
