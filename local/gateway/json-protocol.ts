import type { IncomingMessage, ServerResponse } from 'node:http';
import { AwsError } from './aws-error.js';
import { readBody } from './request-body.js';
import type { JobFault } from './job-fault.js';
import type { CallContext, JsonOperation } from './service.js';

/** Bytes; above what the JSON services themselves allow in one request. */
const maxBody = 16 * 1024 * 1024;

/** `application/x-amz-json-1.0` or `-1.1`, as the request has it. */
function contentType(request: IncomingMessage): string {
  return (
    /^application\/x-amz-json-1\.[01]/.exec(request.headers['content-type'] ?? '')?.[0] ?? 'application/x-amz-json-1.0'
  );
}

function answer(request: IncomingMessage, response: ServerResponse, status: number, document: object): void {
  const body = Buffer.from(JSON.stringify(document));
  response.writeHead(status, { 'Content-Type': contentType(request), 'Content-Length': body.length });
  response.end(body);
}

/**
 * Answers an error in AWS JSON 1.0 and 1.1.
 * @see https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html#operation-error-serialization
 */
export function answerJsonError(error: AwsError, request: IncomingMessage, response: ServerResponse): void {
  if (response.headersSent) return void response.destroy();
  response.setHeader('x-amzn-errortype', error.code);
  answer(request, response, error.status, { ...error.details, __type: error.code, message: error.message });
}

async function readInput(request: IncomingMessage): Promise<object> {
  const body = await readBody(request, maxBody);
  if (body.length === 0) return {};
  let input: unknown;
  try {
    input = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    throw new AwsError('SerializationException', 'The request body is not valid JSON.');
  }
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    throw new AwsError('SerializationException', 'The request body must be a JSON object.');
  }
  return input;
}

/**
 * Answers one call of a JSON service. `before` and `after` run around the operation.
 * @throws AwsError and whatever the operation, `before` or `after` throws; nothing has been answered then.
 */
export async function handleJsonCall(
  operation: JsonOperation,
  request: IncomingMessage,
  response: ServerResponse,
  context: CallContext,
  around: { before(input: object): Promise<JobFault | undefined>; after(output?: object): Promise<void> }
): Promise<void> {
  const input = await readInput(request);
  const job = await around.before(input);
  let output: object;
  try {
    output = await operation(input, { ...context, job });
  } catch (error) {
    await around.after();
    throw error;
  }
  await around.after(output);
  answer(request, response, 200, output);
}
