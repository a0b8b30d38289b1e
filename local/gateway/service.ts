import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AwsError } from './aws-error.js';

/** What a service knows of the call it answers. */
export interface CallContext {
  /** The id in the `x-amzn-RequestId` header of the answer. */
  readonly requestId: string;
  /** AWS account and Region that the local AWS plays. */
  readonly account: string;
  readonly region: string;
  /** Aborted when the caller has hung up: long polls end, accepted work goes on. */
  readonly signal: AbortSignal;
  /**
   * Called once by an {@link HttpService} that finds the operation's name by itself, before it acts: counts the call
   * and runs the gateway's interceptors. The gateway calls it for services routed by `X-Amz-Target`.
   * @throws what an interceptor throws, which the service answers as any other error.
   */
  readonly begin?: (operation: string) => Promise<void>;
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
