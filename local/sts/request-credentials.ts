import type { IncomingMessage } from 'node:http';

/** What a request says of who sends it. */
export interface RequestCredentials {
  readonly accessKeyId?: string;
  /** Of temporary credentials. */
  readonly sessionToken?: string;
}

const single = (value: string | string[] | undefined): string | undefined => [value].flat()[0];

/**
 * The key id and the session token of a request that is signed by its `Authorization` header or, presigned, by its
 * query, in version 4 or 2.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/RESTAuthentication.html
 */
export function credentialsOf(request: IncomingMessage, query: URLSearchParams): RequestCredentials {
  const { authorization } = request.headers;
  const header = single(request.headers['x-amz-security-token']);
  if (authorization !== undefined) {
    const [, four] = /Credential=([^/,\s]+)/.exec(authorization) ?? [];
    const [, two] = /^AWS ([^:\s]+):/.exec(authorization) ?? [];
    return { accessKeyId: four ?? two, sessionToken: header };
  }
  const presigned = query.get('X-Amz-Credential')?.split('/')[0] ?? query.get('AWSAccessKeyId');
  const token = query.get('X-Amz-Security-Token') ?? query.get('x-amz-security-token');
  return { accessKeyId: presigned ?? undefined, sessionToken: token ?? header };
}
