import type { IncomingMessage, ServerResponse } from 'node:http';
import { AwsError } from './aws-error.js';
import { diskFull, isDiskFull } from './disk-full.js';
import { DroppedReply, holdReply } from './interception.js';
import type { CallCounter, InterceptedCall, Interceptor } from './interception.js';
import type { JobFault } from './job-fault.js';
import { answerJsonError, handleJsonCall } from './json-protocol.js';
import { route } from './route.js';
import type { CallContext, HttpService, JsonService } from './service.js';

/** One request and everything that answering it takes. */
export interface Call {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly context: CallContext;
  readonly services: {
    readonly json: readonly JsonService[];
    readonly dynamodb: HttpService;
    readonly sns?: HttpService;
    readonly iam?: HttpService;
    readonly ses?: HttpService;
    readonly sts: HttpService;
    readonly s3: HttpService;
  };
  readonly counter: CallCounter;
  readonly intercept: readonly Interceptor[];
  readonly onFault: (error: unknown, requestId: string) => void;
  readonly dataFolder: string;
}

/** Names of services as AWS's endpoints and signatures have them, by their target header. */
const serviceNames: Readonly<Record<string, string>> = {
  AWSGlue: 'glue',
  RedshiftData: 'redshift-data',
  AmazonSQS: 'sqs',
};

type AnswerError = (error: AwsError, request: IncomingMessage, response: ServerResponse, context: CallContext) => void;

/** Runs the interceptors around one operation of one call. */
class Interception {
  #operation: Pick<InterceptedCall, 'operation' | 'number' | 'input'> | undefined;

  constructor(
    private readonly call: Call,
    private readonly service: string
  ) {}

  async before(operation: string, input: object): Promise<JobFault | undefined> {
    const number = this.call.counter.next(this.service, operation);
    this.#operation = { operation, number, input: input as InterceptedCall['input'] };
    return await this.#run('before');
  }

  /** Does nothing when the call never came to an operation. */
  async after(output?: object): Promise<void> {
    await this.#run('after', output);
  }

  async #run(phase: InterceptedCall['phase'], output?: object): Promise<JobFault | undefined> {
    if (this.#operation === undefined) return undefined;
    const { signal } = this.call.context;
    const { service } = this;
    const call = { ...this.#operation, service, phase, output: output as InterceptedCall['output'], signal };
    let job: JobFault | undefined;
    for (const interceptor of this.call.intercept) job = { ...job, ...(await interceptor(call)) };
    return job;
  }
}

/** Answers what an operation or an interceptor threw, in the caller's protocol. */
function answerThrown(error: unknown, call: Call, answerError: AnswerError): void {
  const { request, response, context, onFault, dataFolder } = call;
  if (error instanceof DroppedReply) return void request.socket.destroy();
  const known = error instanceof AwsError ? error : isDiskFull(error) ? diskFull(dataFolder) : undefined;
  if (known === undefined) {
    // Not our fault when the caller has hung up in the middle of its request.
    if (!request.socket.destroyed) onFault(error, context.requestId);
  }
  const shown =
    known ??
    new AwsError('InternalFailure', `The local AWS failed; its log has the reason under ${context.requestId}.`, 500);
  afterBody(request, () => answerError(shown, request, response, context));
}

/** Bytes and milliseconds that the rest of a refused request is waited for. */
const drain = { bytes: 64 * 1024 * 1024, time: 1_000 };

/**
 * Answers a refused request once its body has been read: a client that is still sending when the connection closes
 * sees a broken connection instead of the answer. One with very much left to send is answered at once.
 */
function afterBody(request: IncomingMessage, answer: () => void): void {
  if (request.complete || request.destroyed) {
    answer();
    request.resume(); // what is read but not consumed would keep the connection from its next request
    return;
  }
  let left = drain.bytes;
  const finish = (): void => {
    clearTimeout(timer);
    request.off('data', count).off('end', finish).off('close', finish).resume();
    answer();
  };
  const count = (chunk: Buffer): void => {
    left -= chunk.length;
    if (left < 0) finish();
  };
  const timer = setTimeout(finish, drain.time);
  request.on('data', count).on('end', finish).on('close', finish);
}

async function answerHttpService(call: Call, service: HttpService): Promise<void> {
  const { request, response, context, intercept } = call;
  const interception = new Interception(call, service.name);
  const answerError = service.answerError?.bind(service) ?? answerJsonError;
  let dropped: DroppedReply | undefined;
  let output: object | undefined;
  const begin = async (name: string, input: object): Promise<JobFault | undefined> => {
    let job: JobFault | undefined;
    try {
      job = await interception.before(name, input);
    } catch (error) {
      if (error instanceof DroppedReply) {
        dropped = error;
        request.socket.destroy();
      }
      throw error;
    }
    if (intercept.length > 0) {
      holdReply(
        response,
        () => interception.after(output),
        (error) => answerThrown(error, call, answerError)
      );
    }
    return job;
  };
  const answering = (answer: object): void => void (output = answer);
  try {
    await service.handle(request, response, { ...context, begin, answering });
  } catch (error) {
    answerThrown(dropped ?? error, call, answerError);
  }
}

async function answerJsonService(call: Call, target: string, operationName: string): Promise<void> {
  const { request, response, context, services } = call;
  const service = services.json.find((candidate) => candidate.target === target);
  const operation =
    service && Object.hasOwn(service.operations, operationName) ? service.operations[operationName] : undefined;
  const interception = new Interception(call, serviceNames[target] ?? target);
  try {
    if (operation === undefined) {
      throw new AwsError('UnknownOperationException', `The local AWS has no operation ${target}.${operationName}.`);
    }
    if (request.headers.authorization === undefined) {
      throw new AwsError('MissingAuthenticationTokenException', 'Request is missing Authentication Token', 403);
    }
    await handleJsonCall(operation, request, response, context, {
      before: (input) => interception.before(operationName, input),
      after: (output) => interception.after(output),
    });
  } catch (error) {
    answerThrown(error, call, answerJsonError);
  }
}

/** Routes one request to its service and answers it, errors included. Never rejects. */
export async function answerCall(call: Call): Promise<void> {
  const { request, response, services } = call;
  const destination = route(request);
  switch (destination.kind) {
    case 'health': {
      const { json, ...others } = services;
      const names = [...json.map(({ target }) => serviceNames[target] ?? target), ...Object.keys(others)];
      response.writeHead(200, { 'Content-Type': 'application/json' });
      response.end(JSON.stringify({ status: 'ok', services: names.sort() }));
      request.resume();
      return;
    }
    case 'json':
      return answerJsonService(call, destination.target, destination.operation);
    case 'dynamodb':
      return answerHttpService(call, services.dynamodb);
    default:
      return answerHttpService(call, services[destination.kind] ?? services.sts);
  }
}
