import type { IncomingMessage, ServerResponse } from 'node:http';
import { AwsError } from '../gateway/aws-error.js';
import { Parameters, isSigned, queryAnswers, readParameters } from '../gateway/query-protocol.js';
import type { CallContext, HttpService } from '../gateway/service.js';
import { credentialsOf } from './request-credentials.js';
import { assumeRole } from './assume-role.js';
import { isTemporary } from './sessions.js';
import type { TemporarySession, TemporarySessions } from './sessions.js';

const version = '2011-06-15';
const { answerError, answerResult } = queryAnswers('https://sts.amazonaws.com/doc/2011-06-15/');

/** Bytes of a request's body. */
const maximumBody = 65_536;

const missing = (name: string): AwsError => {
  const member = `${name.charAt(0).toLowerCase()}${name.slice(1)}`;
  const message = `1 validation error detected: Value null at '${member}' failed to satisfy constraint: Member must not be null`;
  return new AwsError('ValidationError', message);
};

/** @see https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html */
const refusals = {
  unknown: () => new AwsError('InvalidClientTokenId', 'The security token included in the request is invalid', 403),
  invalid: () => new AwsError('InvalidClientTokenId', 'The security token included in the request is invalid', 403),
  expired: () => new AwsError('ExpiredToken', 'The security token included in the request is expired', 403),
};

/**
 * AWS STS in the query protocol: GetCallerIdentity and, given a place for sessions, AssumeRole. Whoever asks with other
 * than temporary credentials is the user `local` of the local account: signatures are not verified, but a request
 * without credentials, or with temporary ones that are unknown or expired, is refused as by AWS.
 */
export function createSts({
  account,
  sessions,
}: {
  readonly account: string;
  readonly sessions?: TemporarySessions;
}): HttpService {
  const callerOf = (request: IncomingMessage, found: URLSearchParams): TemporarySession | undefined => {
    const { accessKeyId, sessionToken } = credentialsOf(request, found);
    if (sessions === undefined || accessKeyId === undefined || !isTemporary(accessKeyId)) return undefined;
    return sessions.authenticate(accessKeyId, sessionToken, refusals);
  };
  const handle = async (request: IncomingMessage, response: ServerResponse, context: CallContext): Promise<void> => {
    const found = await readParameters(request, maximumBody);
    const action = found.get('Action') ?? '';
    if (!isSigned(request, found)) {
      throw new AwsError('MissingAuthenticationToken', 'Request is missing Authentication Token', 403);
    }
    const known = action === 'GetCallerIdentity' || (action === 'AssumeRole' && sessions !== undefined);
    if (!known || (found.get('Version') ?? version) !== version) {
      const shown = `Could not find operation ${action} for version ${found.get('Version') ?? 'NO_VERSION_SPECIFIED'}`;
      throw new AwsError('InvalidAction', shown);
    }
    const caller = callerOf(request, found);
    const parameters = new Parameters(found, missing);
    await context.begin?.(action, parameters.toObject());
    const result =
      action === 'AssumeRole' && sessions !== undefined
        ? await assumeRole(parameters, { account, sessions, caller })
        : {
            Arn: caller?.arn ?? `arn:aws:iam::${account}:user/local`,
            UserId: caller?.assumedRoleId ?? 'AIDALOCALLOCALLOCAL00',
            Account: account,
          };
    answerResult(response, action, result, context.requestId);
  };
  return { name: 'sts', handle, answerError, close: () => Promise.resolve() };
}
