import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ClassicLevel } from 'classic-level';
import { AwsError } from '../gateway/aws-error.js';
import { Parameters, isSigned, queryAnswers, readParameters } from '../gateway/query-protocol.js';
import type { CallContext, HttpService } from '../gateway/service.js';
import type { XmlContent } from '../gateway/xml.js';
import { EntityStore, serviceLevel } from '../state/entity-store.js';
import { decide, parsePolicy } from './policy.js';

const { answerError, answerResult } = queryAnswers('https://iam.amazonaws.com/doc/2010-05-08/');

/** The user that everybody is here, as STS tells; it may do everything that its inline policies do not deny. */
const userName = 'local';

const administratorAccess = parsePolicy(
  JSON.stringify({ Version: '2012-10-17', Statement: { Effect: 'Allow', Action: '*', Resource: '*' } })
);

/** Bytes of a request; policies of a user have 2 KB, and a form makes them three times as long. */
const maximumBody = 256 * 1024;

type Result = Readonly<Record<string, XmlContent>> | undefined;

const validationError = (name: string): AwsError =>
  new AwsError('ValidationError', `1 validation error detected: Value at '${name}' failed to satisfy constraint`);

/**
 * AWS IAM as far as a check of permissions needs it, in the query protocol: inline policies of the user `local` and
 * SimulatePrincipalPolicy. Nothing else of the local AWS asks it: a call that a policy denies is carried out all the
 * same, unless a fault script has it refused.
 */
export async function createIam({
  db,
  account,
}: {
  readonly db: ClassicLevel<string, string>;
  readonly account: string;
}): Promise<HttpService> {
  const policies = await EntityStore.open<string>(serviceLevel(db, 'iam'), 'user-policy');
  const userArn = `arn:aws:iam::${account}:user/${userName}`;
  const known = (parameters: Parameters): void => {
    const name = parameters.require('UserName');
    if (name === userName) return;
    throw new AwsError('NoSuchEntity', `The user with name ${name} cannot be found.`, 404);
  };
  const existing = (name: string): string => {
    const text = policies.get(name);
    if (text === undefined) {
      throw new AwsError('NoSuchEntity', `The user policy with name ${name} cannot be found.`, 404);
    }
    return text;
  };
  const operations: Readonly<Record<string, (parameters: Parameters) => Promise<Result> | Result>> = {
    async PutUserPolicy(parameters) {
      known(parameters);
      const text = parameters.require('PolicyDocument');
      parsePolicy(text);
      await policies.put(parameters.require('PolicyName'), text);
      return undefined;
    },
    async DeleteUserPolicy(parameters) {
      known(parameters);
      const name = parameters.require('PolicyName');
      existing(name);
      await policies.delete(name);
      return undefined;
    },
    GetUserPolicy(parameters) {
      known(parameters);
      const name = parameters.require('PolicyName');
      return { UserName: userName, PolicyName: name, PolicyDocument: encodeURIComponent(existing(name)) };
    },
    ListUserPolicies(parameters) {
      known(parameters);
      return { PolicyNames: { member: policies.list().map(({ key }) => key) }, IsTruncated: false };
    },
    SimulatePrincipalPolicy(parameters) {
      const source = parameters.require('PolicySourceArn');
      if (source !== userArn) {
        throw new AwsError('NoSuchEntity', `The principal with ARN ${source} cannot be found.`, 404);
      }
      const all = [administratorAccess, ...policies.list().map(({ value }) => parsePolicy(value))];
      const actions = parameters.texts('ActionNames');
      if (actions.length === 0) throw validationError('actionNames');
      const resources = parameters.texts('ResourceArns');
      const results = actions.flatMap((action) => {
        if (!/^[a-z0-9-]+:[A-Za-z0-9*?]+$/.test(action)) {
          throw new AwsError('InvalidInput', `Invalid action: ${action}`);
        }
        return (resources.length > 0 ? resources : ['*']).map((resource) => ({
          EvalActionName: action,
          EvalResourceName: resource,
          EvalDecision: decide(all, action, resource),
          MissingContextValues: {},
        }));
      });
      return { EvaluationResults: { member: results }, IsTruncated: false };
    },
  };

  const handle = async (request: IncomingMessage, response: ServerResponse, context: CallContext): Promise<void> => {
    const found = await readParameters(request, maximumBody);
    const [action, parameters] = [found.get('Action') ?? '', new Parameters(found, validationError)];
    if (!isSigned(request, found)) {
      throw new AwsError('MissingAuthenticationToken', 'Request is missing Authentication Token', 403);
    }
    const operation = Object.hasOwn(operations, action) ? operations[action] : undefined;
    if (operation === undefined) throw new AwsError('InvalidAction', `The local IAM has no operation ${action}.`);
    await context.begin?.(action, parameters.toObject());
    answerResult(response, action, await operation(parameters), context.requestId);
  };
  return { name: 'iam', handle, answerError, close: () => Promise.resolve() };
}
