import type { IncomingMessage, ServerResponse } from 'node:http';
import { crc32 } from 'node:zlib';
import { AwsError } from '../gateway/aws-error.js';
import { readBody } from '../gateway/request-body.js';
import type { CallContext, HttpService } from '../gateway/service.js';
import type { Operation } from './operations.js';

/** Bytes; DynamoDB's limit of a BatchWriteItem. */
const maxBody = 16 * 1024 * 1024;

// JSON.parse makes it an attribute, but most code that copies the item would lose it.
const protoAttribute = /"(?:_|\\u005[fF]){2}proto(?:_|\\u005[fF]){2}"\s*:/;

const utf8 = new TextDecoder('utf-8', { fatal: true });

function parseBody(body: Buffer): Record<string, unknown> {
  let text: string;
  let input: unknown;
  try {
    text = utf8.decode(body);
    input = JSON.parse(text);
  } catch {
    throw new AwsError('SerializationException', 'The request body is not valid JSON');
  }
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    throw new AwsError('SerializationException', 'The request body must be a JSON object');
  }
  if (text.includes('proto') && protoAttribute.test(text)) {
    throw new AwsError('ValidationException', 'The local DynamoDB takes no attribute named __proto__');
  }
  return input as Record<string, unknown>;
}

/** The namespace of an error's name in `__type`, as DynamoDB's own answers have it. */
function errorType(code: string): string {
  if (code === 'ValidationException') return `com.amazon.coral.validate#${code}`;
  const isCommon = /^(Serialization|UnknownOperation|AccessDenied|MissingAuthenticationToken)Exception$/.test(code);
  return isCommon ? `com.amazon.coral.service#${code}` : `com.amazonaws.dynamodb.v20120810#${code}`;
}

/** DynamoDB's wire protocol, AWS JSON 1.0 with a CRC-32 over each answer. */
export class DynamoDbProtocol implements HttpService {
  readonly name = 'dynamodb';
  #closed: Promise<void> | undefined;

  constructor(
    readonly operations: ReadonlyMap<string, Operation>,
    readonly closeParts: () => Promise<void>
  ) {}

  /** @throws AwsError, which `answerError` writes */
  async handle(request: IncomingMessage, response: ServerResponse, context: CallContext): Promise<void> {
    const target = String(request.headers['x-amz-target'] ?? '');
    const name = target.slice(target.lastIndexOf('.') + 1);
    const operation = this.operations.get(name);
    if (operation === undefined || !target.startsWith('DynamoDB_20120810.')) {
      throw new AwsError('UnknownOperationException', `The local DynamoDB has no operation ${target}`);
    }
    if (request.headers.authorization === undefined) {
      throw new AwsError('MissingAuthenticationTokenException', 'Request is missing Authentication Token');
    }
    const input = parseBody(await readBody(request, maxBody));
    const job = await context.begin?.(name, input);
    const answer = await operation(input, job);
    context.answering?.(answer);
    send(response, 200, answer, context);
  }

  answerError(error: AwsError, _request: IncomingMessage, response: ServerResponse, context: CallContext): void {
    if (response.headersSent) return void response.destroy();
    // DynamoDB's own name for what other services call InternalFailure.
    const code = error.code === 'InternalFailure' ? 'InternalServerError' : error.code;
    send(response, error.status, { __type: errorType(code), message: error.message, ...error.details }, context);
  }

  /** Closes the tables; exports in progress are interrupted and go on when they are opened again. */
  close(): Promise<void> {
    return (this.#closed ??= this.closeParts());
  }
}

function send(response: ServerResponse, status: number, document: object, context: CallContext): void {
  const body = Buffer.from(JSON.stringify(document));
  response.writeHead(status, {
    'Content-Type': 'application/x-amz-json-1.0',
    'Content-Length': body.length,
    'x-amzn-RequestId': context.requestId,
    'x-amz-crc32': crc32(body),
  });
  response.end(body);
}
