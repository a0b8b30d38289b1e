import { AwsError } from '../gateway/aws-error.js';
import type { ChecksumAlgorithm, Digests } from './checksums.js';
import { checksumAlgorithms, checksumHeader, isBase64Of, isChecksumAlgorithm, isChecksumValue } from './checksums.js';
import { badDigest, invalidRequest } from './errors.js';
import type { S3Request } from './s3-request.js';

/** What the sender of a body said of it. */
export interface ExpectedIntegrity {
  /** The checksum that is sent, or that S3 is asked to compute. */
  readonly algorithm?: ChecksumAlgorithm;
  /** Base64; undefined when it comes in a trailer or not at all. */
  readonly value?: string;
  /** True when the value follows the body. */
  readonly inTrailer: boolean;
  /** Base64. */
  readonly md5?: string;
}

function trailerAlgorithm(request: S3Request): ChecksumAlgorithm | undefined {
  const trailer = request.header('x-amz-trailer')?.trim().toLowerCase();
  if (trailer === undefined || trailer === '') return undefined;
  const algorithm = checksumAlgorithms.find((candidate) => checksumHeader(candidate) === trailer);
  if (algorithm === undefined) {
    throw invalidRequest('The value specified in the x-amz-trailer header is not supported');
  }
  return algorithm;
}

/**
 * Reads the checksum headers of a request.
 * @throws AwsError `InvalidRequest`, `InvalidDigest`.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
 */
export function expectedIntegrity(request: S3Request): ExpectedIntegrity {
  const md5 = request.header('content-md5');
  if (md5 !== undefined && !isBase64Of(16, md5)) {
    throw new AwsError('InvalidDigest', 'The Content-MD5 you specified was invalid.');
  }
  const named = checksumAlgorithms.filter((algorithm) => request.header(checksumHeader(algorithm)) !== undefined);
  const trailing = trailerAlgorithm(request);
  if (named.length > 1 || (named.length === 1 && trailing !== undefined)) {
    throw invalidRequest('Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.');
  }
  const [algorithm] = named;
  const value = algorithm && request.header(checksumHeader(algorithm));
  if (algorithm && value !== undefined && !isChecksumValue(algorithm, value)) {
    throw invalidRequest(`Value for ${checksumHeader(algorithm)} header is invalid.`);
  }
  const asked = request.header('x-amz-sdk-checksum-algorithm')?.toUpperCase();
  if (asked !== undefined && !isChecksumAlgorithm(asked)) {
    throw invalidRequest('Value for x-amz-sdk-checksum-algorithm header is invalid.');
  }
  const sent = algorithm ?? trailing;
  if (asked !== undefined && !request.isPresigned) {
    if (sent === undefined) {
      throw invalidRequest(
        'x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.'
      );
    }
    if (sent !== asked) throw invalidRequest('Value for x-amz-sdk-checksum-algorithm header is invalid.');
  }
  return { algorithm: sent ?? asked, value, inTrailer: trailing !== undefined, md5 };
}

/**
 * Compares what the sender said of a body with what came.
 * @param trailers by name in lower case.
 * @throws AwsError `BadDigest`, `MalformedTrailerError`.
 */
export function verifyIntegrity(
  expected: ExpectedIntegrity,
  actual: Digests,
  trailers: ReadonlyMap<string, string>
): void {
  const { algorithm, md5, inTrailer } = expected;
  if (md5 !== undefined && Buffer.from(md5, 'base64').toString('hex') !== actual.md5) {
    throw new AwsError('BadDigest', 'The Content-MD5 you specified did not match what we received.');
  }
  if (algorithm === undefined) return;
  const value = inTrailer ? trailers.get(checksumHeader(algorithm)) : expected.value;
  if (inTrailer && (value === undefined || !isChecksumValue(algorithm, value))) {
    throw new AwsError(
      'MalformedTrailerError',
      'The request contained trailing data that was not well-formed or did not conform to our published schema.'
    );
  }
  if (value !== undefined && value !== actual.values.get(algorithm)) throw badDigest(algorithm);
}
