import { AwsError } from '../gateway/aws-error.js';
import { decide, parsePolicy } from '../iam/policy.js';
import { credentialsOf } from '../sts/request-credentials.js';
import { isTemporary } from '../sts/sessions.js';
import type { TemporarySession, TemporarySessions } from '../sts/sessions.js';
import { isSignedBy } from '../sts/signature.js';
import { parseSource } from './copy-source.js';
import type { S3Request } from './s3-request.js';

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#ErrorCodeList */
const refusals = {
  unknown: () =>
    new AwsError('InvalidAccessKeyId', 'The AWS Access Key Id you provided does not exist in our records.', 403),
  invalid: () => new AwsError('InvalidToken', 'The provided token is malformed or otherwise invalid.', 400),
  expired: () => new AwsError('ExpiredToken', 'The provided token has expired.', 400),
};

/** Permissions whose name is not that of the operation. */
const permissions: Readonly<Record<string, string>> = {
  ListBuckets: 's3:ListAllMyBuckets',
  HeadBucket: 's3:ListBucket',
  ListObjects: 's3:ListBucket',
  ListObjectsV2: 's3:ListBucket',
  ListMultipartUploads: 's3:ListBucketMultipartUploads',
  HeadObject: 's3:GetObject',
  DeleteObjects: 's3:DeleteObject',
  CopyObject: 's3:PutObject',
  CreateMultipartUpload: 's3:PutObject',
  UploadPart: 's3:PutObject',
  UploadPartCopy: 's3:PutObject',
  CompleteMultipartUpload: 's3:PutObject',
  ListParts: 's3:ListMultipartUploadParts',
};

/**
 * The session of a request with temporary credentials; undefined of one with ordinary keys, all of which are valid here.
 * @throws AwsError `InvalidAccessKeyId` (403) for credentials that STS has not given out, `InvalidToken` for a token of
 * others, `ExpiredToken`, `SignatureDoesNotMatch` (403) for a secret key of others.
 */
export function sessionOf(request: S3Request, sessions: TemporarySessions | undefined): TemporarySession | undefined {
  const { accessKeyId, sessionToken } = credentialsOf(request.raw, request.query);
  if (sessions === undefined || accessKeyId === undefined || !isTemporary(accessKeyId)) return undefined;
  const session = sessions.authenticate(accessKeyId, sessionToken, refusals);
  if (isSignedBy(request.raw, session.secretAccessKey)) return session;
  throw new AwsError(
    'SignatureDoesNotMatch',
    'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
    403
  );
}

/**
 * Enforces the session policy; what the role itself may do is not known here.
 * @throws AwsError `AccessDenied` (403).
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
 */
export function checkSessionPolicy(session: TemporarySession | undefined, request: S3Request, operation: string): void {
  if (session?.policy === undefined) return;
  const policy = parsePolicy(session.policy);
  const { bucket, key } = request;
  // The keys of a DeleteObjects stand in its body: only who may delete all of a bucket's objects may call it.
  const path = operation === 'DeleteObjects' ? `${bucket}/*` : [bucket, key].filter(Boolean).join('/');
  const wanted = [[permissions[operation] ?? `s3:${operation}`, path]];
  if (operation.endsWith('Copy') || operation === 'CopyObject') {
    const source = parseSource(request);
    wanted.push(['s3:GetObject', `${source.bucket}/${source.key}`]);
  }
  for (const [action = '', resource = ''] of wanted) {
    if (decide([policy], action, resource === '' ? '*' : `arn:aws:s3:::${resource}`) === 'allowed') continue;
    const message = `User: ${session.arn} is not authorized to perform: ${action} on resource: "arn:aws:s3:::${resource}" because no session policy allows the ${action} action`;
    throw new AwsError('AccessDenied', message, 403);
  }
}
