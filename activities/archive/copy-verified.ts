import type { S3Client, StorageClass } from '@aws-sdk/client-s3';
import { CopyObjectCommand } from '@aws-sdk/client-s3';
import { AwsCallError, StepError, onResource } from '../failures.js';
import { compareBytes, compareHeads, lostAttribute } from './compare-objects.js';
import { copySource, encryptionOf } from './copy-parameters.js';
import { direct, learn } from './direct-requests.js';
import { abortUploads, copyByParts } from './multipart-copy.js';
import { headObject, uriOf } from './object-head.js';
import type { ObjectHead, ObjectPlace } from './object-head.js';

/** From which size on objects are copied in parts. */
export interface MultipartLimits {
  /** Bytes that CopyObject takes at most: 5 GiB at AWS. */
  readonly threshold: number;
  /** Bytes of a part, at least 5 MiB. */
  readonly partSize: number;
}

/** S3's own limit for CopyObject, and parts that are copied well within the time of a request. */
export const defaultMultipartLimits: MultipartLimits = { threshold: 5 * 1024 ** 3, partSize: 512 * 1024 ** 2 };

/** One object to copy. */
export interface CopyRequest {
  readonly from: ObjectPlace;
  readonly to: ObjectPlace;
  readonly storageClass: string;
  /** True when a copy may be there already, of an earlier attempt: a good one is not made again. */
  readonly mayExist: boolean;
  readonly limits: MultipartLimits;
  readonly signal: AbortSignal;
  /** Looks at the source before it is copied; throws to refuse it. */
  readonly check?: (source: ObjectHead) => void;
}

/** An object and its copy, as S3 describes them. */
export interface VerifiedCopy {
  readonly source: ObjectHead;
  readonly copy: ObjectHead;
}

const isChanged = (error: unknown): boolean =>
  error instanceof AwsCallError && error.cause instanceof Error && error.cause.name === 'PreconditionFailed';

/**
 * Copies an object with its metadata, tags and encryption, and then holds the copy against its source: the answer of
 * the copy itself may be an error within HTTP 200 and says nothing. Undefined when the source is gone. Rejects with
 * `AwsCallError`, or `StepError` of class Transient for a copy that is not like its source.
 */
export async function copyVerified(s3: S3Client, request: CopyRequest): Promise<VerifiedCopy | undefined> {
  const { from, signal } = request;
  for (let repeats = 0; ; repeats += 1) {
    const source = await headObject(s3, from, signal);
    if (source === undefined) return undefined;
    request.check?.(source);
    try {
      return { source, copy: await copyOf(s3, request, source) };
    } catch (error) {
      if (!isChanged(error) || repeats === 3) throw error; // else the source was overwritten since it was looked at
    }
  }
}

/** S3 answers a copy once it is made. A small one that was not answered within the usual time never will be. */
const patience = (size: number): { readonly requestTimeout?: number } =>
  size > 64 * 1024 ** 2 ? { requestTimeout: 600_000 } : {};

async function copyOf(s3: S3Client, request: CopyRequest, source: ObjectHead): Promise<ObjectHead> {
  const { from, to, storageClass, mayExist, limits, signal } = request;
  const large = source.size > limits.threshold;
  if (mayExist) {
    const present = await headObject(s3, to, signal);
    const good =
      present !== undefined &&
      present.storageClass === storageClass &&
      compareHeads(source, present) === 'same' &&
      lostAttribute(source, present) === undefined;
    if (good) return present;
    if (large) await abortUploads(s3, to);
  }
  if (large) {
    await copyByParts(s3, { from, to, source, storageClass, partSize: limits.partSize, signal });
  } else {
    await copyWhole(s3, request, source);
  }
  return await verified(s3, request, source);
}

async function copyWhole(
  s3: S3Client,
  { from, to, storageClass, signal }: CopyRequest,
  source: ObjectHead
): Promise<void> {
  const options = { abortSignal: signal, ...patience(source.size) };
  const encryption = encryptionOf(source.output);
  // Not among what the directives COPY take along.
  const { WebsiteRedirectLocation } = source.output;
  const headers = {
    'content-length': '0',
    'x-amz-copy-source': copySource(from),
    'x-amz-copy-source-if-match': source.etag,
    'x-amz-storage-class': storageClass,
    'x-amz-website-redirect-location': WebsiteRedirectLocation,
    'x-amz-server-side-encryption': encryption.ServerSideEncryption,
    'x-amz-server-side-encryption-aws-kms-key-id': encryption.SSEKMSKeyId,
    'x-amz-server-side-encryption-bucket-key-enabled': encryption.BucketKeyEnabled?.toString(),
  };
  const answer = await direct(s3, 'PUT', to, headers, options);
  // An error within HTTP 200 has another root.
  if (answer?.body.includes('</CopyObjectResult>')) return;
  const command = new CopyObjectCommand({
    Bucket: to.bucket,
    Key: to.key,
    CopySource: copySource(from),
    CopySourceIfMatch: source.etag,
    StorageClass: storageClass as StorageClass,
    WebsiteRedirectLocation,
    ...encryption,
  });
  learn(s3, command, to);
  await onResource(uriOf(to), () => s3.send(command, options));
}

async function verified(s3: S3Client, request: CopyRequest, source: ObjectHead): Promise<ObjectHead> {
  const { from, to, storageClass, signal } = request;
  const wrong = (what: string): StepError =>
    new StepError('Transient', uriOf(to), `the copy of ${uriOf(from)} ${what}`, 'Nothing has been deleted.');
  const copy = await headObject(s3, to, signal);
  if (copy === undefined) throw wrong('is not there');
  if (copy.size !== source.size) throw wrong(`has ${copy.size} bytes instead of ${source.size}`);
  let comparison = compareHeads(source, copy);
  if (comparison === 'unknown') {
    comparison = await compareBytes(s3, { place: from, head: source }, { place: to, head: copy }, signal);
  }
  if (comparison !== 'same') throw wrong('has another checksum');
  if (copy.storageClass !== storageClass) throw wrong(`is in ${copy.storageClass}, not ${storageClass}`);
  const lost = lostAttribute(source, copy);
  if (lost !== undefined) throw wrong(`has another ${lost}`);
  return copy;
}
