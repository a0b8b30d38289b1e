import type { IncomingMessage } from 'node:http';

/** Where a request belongs, told by its head alone. */
export type Route =
  | { readonly kind: 'health' }
  | { readonly kind: 'json'; readonly target: string; readonly operation: string }
  | { readonly kind: 'dynamodb' }
  | { readonly kind: 'sns' }
  | { readonly kind: 'iam' }
  | { readonly kind: 'ses' }
  | { readonly kind: 'sts' }
  | { readonly kind: 's3' };

/**
 * The service name in the SigV4 credential scope of a request's `Authorization` header or query, if it has one.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-signing-elements.html
 */
export function signedService(request: IncomingMessage): string | undefined {
  const scope = /Credential=[^,\s]*?\/\d{8}\/[^/,\s]*\/([^/,\s]+)\/aws4_request/.exec(
    request.headers.authorization ?? ''
  );
  if (scope) return scope[1];
  const credential = new URLSearchParams((request.url ?? '').split('?')[1]).get('X-Amz-Credential');
  return credential?.split('/').at(-2);
}

/** Chooses the service for a request. */
export function route(request: IncomingMessage): Route {
  const [path, query] = (request.url ?? '/').split('?', 2) as [string, string | undefined];
  if (path === '/_sluice/health') return { kind: 'health' };
  const header = request.headers['x-amz-target'];
  if (typeof header === 'string') {
    const dot = header.lastIndexOf('.');
    const target = header.slice(0, Math.max(dot, 0));
    const operation = header.slice(dot + 1);
    return target.startsWith('DynamoDB_') ? { kind: 'dynamodb' } : { kind: 'json', target, operation };
  }
  const isQueryProtocol =
    path === '/' &&
    (new URLSearchParams(query).has('Action') ||
      (request.method === 'POST' &&
        /^application\/x-www-form-urlencoded/i.test(request.headers['content-type'] ?? '')));
  const signed = signedService(request);
  // The link that confirms an SNS subscription is followed without credentials.
  const confirms = isQueryProtocol && new URLSearchParams(query).get('Action') === 'ConfirmSubscription';
  if (signed === 'sns' || (signed === undefined && confirms)) return { kind: 'sns' };
  if (isQueryProtocol && signed === 'iam') return { kind: 'iam' };
  if (signed === 'ses') return { kind: 'ses' };
  return { kind: isQueryProtocol || signed === 'sts' ? 'sts' : 's3' };
}
