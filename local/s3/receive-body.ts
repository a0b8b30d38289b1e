import { createHash } from 'node:crypto';
import { AwsError } from '../gateway/aws-error.js';
import { bodyChunks } from '../gateway/request-body.js';
import { decodeAwsChunked } from './aws-chunked.js';
import type { WrittenFile } from './blob-folder.js';
import { Hasher } from './checksums.js';
import type { ChecksumAlgorithm } from './checksums.js';
import { entityTooLarge, incompleteBody } from './errors.js';
import { expectedIntegrity, verifyIntegrity } from './integrity.js';
import type { S3Call } from './s3-call.js';

/** Bytes; the largest body of one request. */
export const maxUpload = 5 * 1024 ** 3;

/**
 * The length of the object in a request's body.
 * @throws AwsError `MissingContentLength` (411), `EntityTooLarge`.
 */
function contentLength(call: S3Call, isChunked: boolean): number {
  const { request } = call;
  const header = isChunked ? request.header('x-amz-decoded-content-length') : request.header('content-length');
  if (header === undefined || !/^\d+$/.test(header)) {
    throw new AwsError('MissingContentLength', 'You must provide the Content-Length HTTP header.', 411);
  }
  if (Number(header) > maxUpload) throw entityTooLarge(Number(header), maxUpload);
  return Number(header);
}

/** Passes chunks on, and throws at their end when they are not what the header of the signature says of them. */
async function* checkPayloadHash(chunks: AsyncIterable<Buffer>, sha256: string): AsyncGenerator<Buffer> {
  const hash = createHash('sha256');
  for await (const chunk of chunks) {
    hash.update(chunk);
    yield chunk;
  }
  const actual = hash.digest('hex');
  if (actual === sha256) return;
  throw new AwsError(
    'XAmzContentSHA256Mismatch',
    "The provided 'x-amz-content-sha256' header does not match what was computed.",
    400,
    { ClientComputedContentSHA256: sha256, S3ComputedContentSHA256: actual }
  );
}

/** A body on disk, verified, with the checksum that the object or part is to have. */
export interface ReceivedBody {
  readonly file: WrittenFile;
  /** The one that the sender named, else the fallback; its value is in base64. */
  readonly checksum?: { readonly algorithm: ChecksumAlgorithm; readonly value: string };
}

/**
 * Streams the body of a request to a file and verifies it against the checksums that came with it.
 * @param fallback what to compute when the sender names no checksum.
 * @throws AwsError `BadDigest`, `IncompleteBody`, `EntityTooLarge`, `InsufficientStorage` and others; no file is left.
 */
export async function receiveBody(call: S3Call, fallback: ChecksumAlgorithm | undefined): Promise<ReceivedBody> {
  const { request, storage } = call;
  const payloadHash = request.header('x-amz-content-sha256') ?? '';
  const encoding = request.header('content-encoding') ?? '';
  const isChunked = payloadHash.startsWith('STREAMING-') || /\baws-chunked\b/i.test(encoding);
  const size = contentLength(call, isChunked);
  const expected = expectedIntegrity(request);
  const algorithm = expected.algorithm ?? fallback;
  const trailers = new Map<string, string>();
  let chunks = bodyChunks(request.raw);
  if (isChunked) chunks = decodeAwsChunked(chunks, trailers);
  if (/^[0-9a-f]{64}$/i.test(payloadHash)) chunks = checkPayloadHash(chunks, payloadHash.toLowerCase());
  const file = await storage.blobs.write(chunks, new Hasher(algorithm ? [algorithm] : []), size);
  try {
    if (file.size !== size) throw incompleteBody();
    verifyIntegrity(expected, file, trailers);
  } catch (error) {
    await storage.blobs.discard(file);
    throw error;
  }
  return { file, checksum: algorithm && { algorithm, value: file.values.get(algorithm) as string } };
}
