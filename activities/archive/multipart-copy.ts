import type { CompletedPart, S3Client, StorageClass } from '@aws-sdk/client-s3';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectAttributesCommand,
  GetObjectTaggingCommand,
  ListMultipartUploadsCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { StepError, onResource } from '../failures.js';
import { inParallel } from './in-parallel.js';
import type { ObjectHead, ObjectPlace } from './object-head.js';
import { uriOf } from './object-head.js';
import { copySource, encryptionOf } from './copy-parameters.js';

/** A copy that is too large for one CopyObject. */
export interface MultipartCopy {
  readonly from: ObjectPlace;
  readonly to: ObjectPlace;
  readonly source: ObjectHead;
  readonly storageClass: string;
  /** Bytes of a part, unless the source's own parts are taken over; at least 5 MiB. */
  readonly partSize: number;
  readonly signal: AbortSignal;
}

/** Limits of S3. https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html */
const maximumParts = 10_000;
const partsAtATime = 4;

interface Range {
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
}

function ranges(sizes: Iterable<number>): Range[] {
  const found: Range[] = [];
  let start = 0;
  for (const size of sizes) {
    found.push({ start, end: start + size });
    start += size;
  }
  return found;
}

/** The source's own parts where its checksum depends on them, so that the copy has the same one; else equal parts. */
async function rangesOf(s3: S3Client, { from, source, partSize, signal }: MultipartCopy): Promise<Range[]> {
  if (source.checksum?.type === 'COMPOSITE') {
    const sizes: number[] = [];
    for (let PartNumberMarker: string | undefined; ;) {
      const command = new GetObjectAttributesCommand({
        Bucket: from.bucket,
        Key: from.key,
        ObjectAttributes: ['ObjectParts'],
        PartNumberMarker,
      });
      const { ObjectParts } = await onResource(uriOf(from), () => s3.send(command, { abortSignal: signal }));
      sizes.push(...(ObjectParts?.Parts ?? []).map(({ Size = 0 }) => Size));
      if (!ObjectParts?.IsTruncated) break;
      PartNumberMarker = ObjectParts.NextPartNumberMarker;
    }
    if (sizes.reduce((sum, size) => sum + size, 0) === source.size) return ranges(sizes);
  }
  const size = Math.max(partSize, Math.ceil(source.size / maximumParts));
  return ranges(
    Array.from({ length: Math.ceil(source.size / size) }, (_, part) => Math.min(size, source.size - part * size))
  );
}

/** Begins the upload with all that CopyObject would have taken along by itself. Returns its id. */
async function begin(s3: S3Client, copy: MultipartCopy): Promise<string> {
  const { from, to, source, storageClass, signal } = copy;
  const { output, checksum } = source;
  const tags =
    (output.TagCount ?? 0) === 0
      ? []
      : ((await s3.send(new GetObjectTaggingCommand({ Bucket: from.bucket, Key: from.key }), { abortSignal: signal }))
          .TagSet ?? []);
  const command = new CreateMultipartUploadCommand({
    Bucket: to.bucket,
    Key: to.key,
    StorageClass: storageClass as StorageClass,
    Metadata: output.Metadata,
    ContentType: output.ContentType,
    ContentEncoding: output.ContentEncoding,
    ContentDisposition: output.ContentDisposition,
    ContentLanguage: output.ContentLanguage,
    CacheControl: output.CacheControl,
    Expires: output.ExpiresString === undefined ? undefined : new Date(output.ExpiresString),
    WebsiteRedirectLocation: output.WebsiteRedirectLocation,
    Tagging:
      tags.length === 0
        ? undefined
        : new URLSearchParams(tags.map(({ Key = '', Value = '' }): [string, string] => [Key, Value])).toString(),
    ...encryptionOf(output),
    ...(checksum === undefined
      ? { ChecksumAlgorithm: 'CRC64NVME', ChecksumType: 'FULL_OBJECT' }
      : {
          ChecksumAlgorithm: checksum.algorithm,
          ChecksumType: /^SHA/.test(checksum.algorithm) ? 'COMPOSITE' : checksum.type,
        }),
  });
  const { UploadId } = await s3.send(command, { abortSignal: signal });
  if (UploadId === undefined) throw new StepError('Transient', uriOf(to), 'S3 gave no id for the upload');
  return UploadId;
}

/** Ends the uploads that a process which was killed had begun for this key: they cost storage and nobody sees them. */
export async function abortUploads(s3: S3Client, { bucket, key }: ObjectPlace): Promise<void> {
  await onResource(uriOf({ bucket, key }), async () => {
    // Those of longer keys come after; there are never so many of one key that a page could not hold them.
    const { Uploads = [] } = await s3.send(new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: key }));
    for (const { Key, UploadId } of Uploads) {
      if (Key === key) await s3.send(new AbortMultipartUploadCommand({ Bucket: bucket, Key, UploadId }));
    }
  });
}

/**
 * Copies an object by UploadPartCopy. Whatever ends it before its time, the cancellation too, also ends the upload.
 * Rejects with `AwsCallError`.
 */
export async function copyByParts(s3: S3Client, copy: MultipartCopy): Promise<void> {
  const { from, to, source, signal } = copy;
  await onResource(uriOf(to), async () => {
    const parts = await rangesOf(s3, copy);
    const UploadId = await begin(s3, copy);
    const upload = { Bucket: to.bucket, Key: to.key, UploadId };
    try {
      const completed = await inParallel(parts, partsAtATime, async ({ start, end }, index): Promise<CompletedPart> => {
        const PartNumber = index + 1;
        const command = new UploadPartCopyCommand({
          ...upload,
          PartNumber,
          CopySource: copySource(from),
          CopySourceIfMatch: source.etag,
          CopySourceRange: `bytes=${start}-${end - 1}`,
        });
        const { CopyPartResult } = await s3.send(command, { abortSignal: signal, requestTimeout: 600_000 });
        const { LastModified: _time, ...part } = CopyPartResult ?? {};
        return { PartNumber, ...part };
      });
      const command = new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts: completed } });
      await s3.send(command, { abortSignal: signal, requestTimeout: 600_000 });
    } catch (error) {
      // Not the activity's signal: it is aborted already when a person cancelled.
      await s3.send(new AbortMultipartUploadCommand(upload)).catch(() => undefined);
      throw error;
    }
  });
}
