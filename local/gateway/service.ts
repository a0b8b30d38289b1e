import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AwsError } from './aws-error.js';
import type { JobFault } from './job-fault.js';

/** What a service knows of the call it answers. */
export interface CallContext {
  /** The id in the `x-amzn-RequestId` header of the answer. */
  readonly requestId: string;
  /** AWS account and Region that the local AWS plays. */
  readonly account: string;
  readonly region: string;
  /** Aborted when the caller has hung up: long polls end, accepted work goes on. */
  readonly signal: AbortSignal;
  /** How the job that this call starts is to misbehave. */
  readonly job?: JobFault;
  /**
   * Called once by an {@link HttpService} before it acts: counts the call, runs the gateway's interceptors and returns
   * how the job that the call starts is to misbehave. For a {@link JsonService} the gateway does so itself.
   * @throws what an interceptor throws, which the service answers as any other error.
   */
  readonly begin?: (operation: string, input: Readonly<Record<string, unknown>>) => Promise<JobFault | undefined>;
  /** Called by an {@link HttpService} with what it is about to answer, where interceptors may see it. */
  readonly answering?: (output: object) => void;
}

/** One operation of a service that speaks AWS JSON 1.0 or 1.1: the parsed body in, the answer's body out. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- each operation narrows to the SDK's own input type
export type JsonOperation = (input: any, context: CallContext) => Promise<object>;

/** A service routed by the `X-Amz-Target` header. */
export interface JsonService {
  /** The header's part before the dot, such as `AWSGlue`, `RedshiftData`. */
  readonly target: string;
  /** By operation name, such as `StartJobRun`. A name that is absent is answered with `UnknownOperationException`. */
  readonly operations: Readonly<Record<string, JsonOperation>>;
  close(): Promise<void>;
}

/** A service that answers HTTP by itself: S3, and the DynamoDB emulator. */
export interface HttpService {
  readonly name: string;
  handle(request: IncomingMessage, response: ServerResponse, context: CallContext): Promise<void>;
  /** Writes an error as this service does, in place of an answer. JSON 1.0 when absent. */
  answerError?(error: AwsError, request: IncomingMessage, response: ServerResponse, context: CallContext): void;
  close(): Promise<void>;
}
