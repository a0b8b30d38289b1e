import type { IncomingMessage, ServerResponse } from 'node:http';
import { AwsError } from '../gateway/aws-error.js';
import { readBody } from '../gateway/request-body.js';
import type { CallContext, HttpService } from '../gateway/service.js';
import { buildXml } from '../gateway/xml.js';

const namespace = 'https://sts.amazonaws.com/doc/2011-06-15/';
const version = '2011-06-15';

function answerXml(response: ServerResponse, status: number, xml: string): void {
  const body = Buffer.from(xml);
  response.writeHead(status, { 'Content-Type': 'text/xml', 'Content-Length': body.length });
  response.end(body);
}

/** @see https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html */
function answerError(error: AwsError, _request: IncomingMessage, response: ServerResponse, context: CallContext): void {
  if (response.headersSent) return void response.destroy();
  const content = {
    Error: { Type: error.status < 500 ? 'Sender' : 'Receiver', Code: error.code, Message: error.message },
    RequestId: context.requestId,
  };
  answerXml(response, error.status, buildXml('ErrorResponse', content, namespace));
}

function isSigned(request: IncomingMessage, parameters: URLSearchParams): boolean {
  return request.headers.authorization !== undefined || parameters.has('X-Amz-Credential');
}

/**
 * AWS STS with GetCallerIdentity alone, in the query protocol: whoever asks is the user `local` of the local account.
 * Signatures are not verified, but a request without credentials is refused as by AWS.
 */
export function createSts({ account }: { readonly account: string }): HttpService {
  const handle = async (request: IncomingMessage, response: ServerResponse, context: CallContext): Promise<void> => {
    const parameters = new URLSearchParams((request.url ?? '').split('?')[1]);
    const body = new URLSearchParams((await readBody(request, 65_536)).toString('utf8'));
    for (const [name, value] of body) parameters.set(name, value);
    const action = parameters.get('Action') ?? '';
    if (!isSigned(request, parameters)) {
      throw new AwsError('MissingAuthenticationToken', 'Request is missing Authentication Token', 403);
    }
    if (action !== 'GetCallerIdentity' || (parameters.get('Version') ?? version) !== version) {
      const shown = `Could not find operation ${action} for version ${parameters.get('Version') ?? 'NO_VERSION_SPECIFIED'}`;
      throw new AwsError('InvalidAction', shown, 400);
    }
    await context.begin?.(action, {});
    const content = {
      GetCallerIdentityResult: {
        Arn: `arn:aws:iam::${account}:user/local`,
        UserId: 'AIDALOCALLOCALLOCAL00',
        Account: account,
      },
      ResponseMetadata: { RequestId: context.requestId },
    };
    answerXml(response, 200, buildXml('GetCallerIdentityResponse', content, namespace));
  };
  return { name: 'sts', handle, answerError, close: () => Promise.resolve() };
}
