import { AwsError } from '../gateway/aws-error.js';
import type { S3Request } from './s3-request.js';

const queryError = (message: string): AwsError => new AwsError('AuthorizationQueryParametersError', message);

const expired = (expires: number, now: number): AwsError =>
  new AwsError('AccessDenied', 'Request has expired', 403, {
    Expires: new Date(expires).toISOString(),
    ServerTime: new Date(now).toISOString(),
  });

/** Milliseconds since the epoch of a time such as `20250131T235959Z`. */
function parseAmzDate(text: string): number {
  return Date.parse(text.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
}

function checkPresignedV4(query: URLSearchParams, now: number): void {
  for (const name of ['X-Amz-Algorithm', 'X-Amz-Credential', 'X-Amz-Date', 'X-Amz-Expires', 'X-Amz-SignedHeaders']) {
    if (!query.get(name)) {
      throw queryError(
        'Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.'
      );
    }
  }
  if (query.get('X-Amz-Algorithm') !== 'AWS4-HMAC-SHA256') {
    throw queryError('X-Amz-Algorithm only supports "AWS4-HMAC-SHA256"');
  }
  const seconds = Number(query.get('X-Amz-Expires'));
  if (!Number.isInteger(seconds)) throw queryError('X-Amz-Expires should be a number');
  if (seconds < 0) throw queryError('X-Amz-Expires must be non-negative');
  if (seconds > 604_800)
    throw queryError(
      'X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds'
    );
  const signed = parseAmzDate(query.get('X-Amz-Date') ?? '');
  if (Number.isNaN(signed)) throw queryError("X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"");
  if (signed > now + 900_000) throw new AwsError('AccessDenied', 'Request is not valid yet', 403);
  if (now > signed + seconds * 1000) throw expired(signed + seconds * 1000, now);
}

/**
 * Refuses requests without credentials and presigned ones that have expired. Signatures are NOT verified, of neither
 * kind: any key id and secret will do, and the local AWS must only ever be reached by its own user.
 * @throws AwsError `AccessDenied` (403), `AuthorizationQueryParametersError`.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
 */
export function checkCredentials(request: S3Request, now: number = Date.now()): void {
  const { query } = request;
  if (query.has('X-Amz-Signature')) return checkPresignedV4(query, now);
  if (request.isPresigned) {
    const expires = Number(query.get('Expires')) * 1000;
    if (Number.isNaN(expires) || expires === 0) {
      throw new AwsError(
        'AccessDenied',
        'Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters',
        403
      );
    }
    if (now > expires) throw expired(expires, now);
    return;
  }
  if (request.raw.headers.authorization === undefined) throw new AwsError('AccessDenied', 'Access Denied', 403);
}
