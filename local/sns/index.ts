import { mkdir } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import type { ClassicLevel } from 'classic-level';
import { AwsError } from '../gateway/aws-error.js';
import { Parameters, isSigned, queryAnswers, readParameters } from '../gateway/query-protocol.js';
import type { CallContext, HttpService } from '../gateway/service.js';
import { HttpDelivery } from './delivery.js';
import { invalid } from './errors.js';
import { publishOperations } from './publish-operations.js';
import { SnsState } from './state.js';
import { subscriptionOperations } from './subscription-operations.js';
import { topicOperations } from './topic-operations.js';

/** Where the local SNS keeps things, and whom it plays. */
export interface SnsOptions {
  readonly db: ClassicLevel<string, string>;
  /** Every accepted message is appended to `messages.jsonl` in it. */
  readonly folder: string;
  readonly account: string;
  readonly region: string;
}

/** SNS takes 256 KB of message; encoded as a form it can be three times as long. */
const maximumBody = 4 * 1024 * 1024;

const { answerError, answerResult } = queryAnswers('http://sns.amazonaws.com/doc/2010-03-31/');

/** The local SNS. */
export interface Sns extends HttpService {
  /** Publishes for another service of the local AWS. Rejects as Publish does. */
  publish(topicArn: string, message: string): Promise<void>;
}

/**
 * Amazon SNS in the query protocol: topics, standard and FIFO, their attributes and tags, subscriptions of HTTP endpoints
 * with confirmation, and publishing. Subscriptions of e-mail addresses stay pending. Messages are not signed.
 */
export async function createSns({ db, folder, account, region }: SnsOptions): Promise<Sns> {
  await mkdir(folder, { recursive: true });
  const state = await SnsState.open(db);
  const delivery = new HttpDelivery();
  const publishing = publishOperations(state, delivery, join(folder, 'messages.jsonl'));

  const handle = async (request: IncomingMessage, response: ServerResponse, context: CallContext): Promise<void> => {
    const found = await readParameters(request, maximumBody);
    const [action, parameters] = [found.get('Action') ?? '', new Parameters(found, invalid)];
    // The link in a request for confirmation is followed without credentials, as at AWS.
    if (!isSigned(request, found) && action !== 'ConfirmSubscription') {
      throw new AwsError('MissingAuthenticationToken', 'Request is missing Authentication Token', 403);
    }
    const operations = {
      ...topicOperations(state, { account, region }),
      ...subscriptionOperations(state, delivery, account, () => `http://${request.headers.host ?? '127.0.0.1'}`),
      ...publishing,
    };
    const operation = Object.hasOwn(operations, action) ? operations[action] : undefined;
    if (operation === undefined) {
      throw new AwsError('InvalidAction', `The local SNS has no operation ${action}.`);
    }
    await context.begin?.(action, parameters.toObject());
    answerResult(response, action, await operation(parameters), context.requestId);
  };
  const publish = async (TopicArn: string, Message: string): Promise<void> => {
    await publishing.Publish?.(new Parameters(new URLSearchParams({ TopicArn, Message }), invalid));
  };
  return { name: 'sns', handle, publish, answerError, close: () => delivery.close() };
}
