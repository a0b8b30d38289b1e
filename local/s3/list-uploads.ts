import type { XmlContent } from '../gateway/xml.js';
import { checksumElement } from './checksums.js';
import { ownerOf } from './list-objects.js';
import { countOf, encodingOf } from './list-parameters.js';
import { requireUpload } from './multipart-upload.js';
import { MultipartStore } from './multipart-store.js';
import type { UploadRecord } from './records.js';
import { isoTime, quoted } from './s3-call.js';
import type { S3Call } from './s3-call.js';

/** ListParts. */
export async function listParts(call: S3Call): Promise<void> {
  const upload = await requireUpload(call);
  const limit = countOf(call.request, 'max-parts');
  const marker = countOf(call.request, 'part-number-marker', 10_000, 0);
  const parts = (await new MultipartStore(call.storage).parts(upload)).filter(({ number }) => number > marker);
  const page = parts.slice(0, limit);
  const isTruncated = parts.length > page.length && limit > 0;
  const owner = ownerOf(call.context.account);
  call.xml('ListPartsResult', {
    Bucket: upload.bucket,
    Key: encodingOf(call.request).encode(upload.key),
    UploadId: upload.uploadId,
    Initiator: owner,
    Owner: owner,
    StorageClass: upload.attributes.storageClass,
    PartNumberMarker: marker,
    NextPartNumberMarker: page.at(-1)?.number ?? marker,
    MaxParts: limit,
    IsTruncated: isTruncated,
    ChecksumAlgorithm: upload.checksumAskedFor ? upload.checksum.algorithm : undefined,
    ChecksumType: upload.checksumAskedFor ? upload.checksum.type : undefined,
    Part: page.map((part) => ({
      PartNumber: part.number,
      LastModified: isoTime(part.lastModified),
      ETag: quoted(part.etag),
      Size: part.size,
      ...(part.checksum && { [checksumElement(part.checksum.algorithm)]: part.checksum.value }),
    })),
  });
}

/** Uploads of one key are in the order in which they were started; S3 has no other order for them. */
async function uploadsAfter(call: S3Call, bucket: string, prefix: string): Promise<UploadRecord[]> {
  const keyMarker = call.request.query.get('key-marker') ?? '';
  const idMarker = call.request.query.get('upload-id-marker') ?? '';
  const all: UploadRecord[] = [];
  for await (const upload of call.storage.index.uploads(bucket, prefix)) all.push(upload);
  all.sort(
    (left, right) =>
      Buffer.compare(Buffer.from(left.key), Buffer.from(right.key)) ||
      left.initiated - right.initiated ||
      (left.uploadId < right.uploadId ? -1 : 1)
  );
  if (keyMarker === '') return all;
  const at = all.findIndex(({ key, uploadId }) => key === keyMarker && uploadId === idMarker);
  if (at >= 0) return all.slice(at + 1);
  return all.filter(({ key }) => Buffer.compare(Buffer.from(key), Buffer.from(keyMarker)) > 0);
}

/** ListMultipartUploads. */
export async function listMultipartUploads(call: S3Call): Promise<void> {
  const bucket = await call.bucket();
  const { query } = call.request;
  const encoding = encodingOf(call.request);
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter') ?? '';
  const limit = countOf(call.request, 'max-uploads');
  const keyMarker = query.get('key-marker') ?? '';
  const owner = ownerOf(call.context.account);
  const uploads: UploadRecord[] = [];
  const prefixes = new Set<string>();
  let isTruncated = false;
  let last: UploadRecord | undefined;
  for (const upload of await uploadsAfter(call, bucket, prefix)) {
    const end = delimiter === '' ? -1 : upload.key.indexOf(delimiter, prefix.length);
    const common = end < 0 ? undefined : upload.key.slice(0, end + delimiter.length);
    if (common !== undefined && (prefixes.has(common) || keyMarker.startsWith(common))) {
      last = prefixes.has(common) ? upload : last;
      continue;
    }
    if (uploads.length + prefixes.size === limit) {
      isTruncated = limit > 0;
      break;
    }
    last = upload;
    if (common === undefined) uploads.push(upload);
    else prefixes.add(common);
  }
  const content: { [name: string]: XmlContent } = {
    Bucket: bucket,
    KeyMarker: encoding.encode(keyMarker),
    UploadIdMarker: query.get('upload-id-marker') ?? '',
    NextKeyMarker: isTruncated ? encoding.encode(last?.key ?? '') : undefined,
    NextUploadIdMarker: isTruncated ? last?.uploadId : undefined,
    Delimiter: delimiter === '' ? undefined : encoding.encode(delimiter),
    Prefix: encoding.encode(prefix),
    EncodingType: encoding.type,
    MaxUploads: limit,
    IsTruncated: isTruncated,
    Upload: uploads.map((upload) => ({
      UploadId: upload.uploadId,
      Key: encoding.encode(upload.key),
      Initiated: isoTime(upload.initiated),
      StorageClass: upload.attributes.storageClass,
      Owner: owner,
      Initiator: owner,
      ChecksumAlgorithm: upload.checksumAskedFor ? upload.checksum.algorithm : undefined,
      ChecksumType: upload.checksumAskedFor ? upload.checksum.type : undefined,
    })),
    CommonPrefixes: [...prefixes].map((common) => ({ Prefix: encoding.encode(common) })),
  };
  call.xml('ListMultipartUploadsResult', content);
}
