import type { ServerResponse } from 'node:http';
import type { JobFault } from './job-fault.js';

/** One call of one operation, as an {@link Interceptor} sees it. */
export interface InterceptedCall {
  /** `glue`, `redshift-data`, `dynamodb`, `s3` or `sts`. */
  readonly service: string;
  /** The API's name for it, such as `StartJobRun`. */
  readonly operation: string;
  /** 1 for the first call of this operation since the gateway started. */
  readonly number: number;
  /** The request's members; of an S3 request `Bucket`, and `Key` or `Prefix`. */
  readonly input: Readonly<Record<string, unknown>>;
  /** `before`: nothing has been done; `after`: the operation has been done and nothing is answered yet. */
  readonly phase: 'before' | 'after';
  /** What Glue, Redshift Data or DynamoDB is about to answer, after an operation that went well. */
  readonly output?: Readonly<Record<string, unknown>>;
  /** Aborted when the caller has hung up or the gateway closes. */
  readonly signal: AbortSignal;
}

/**
 * A function that is told of every call before and after its operation, and may make it misbehave: an `AwsError`
 * is answered in its place, {@link DroppedReply} closes the connection without an answer, and a promise that takes its
 * time delays it. What it returns before the operation is what the job that the call starts is made to do.
 */
export type Interceptor = (call: InterceptedCall) => Promise<JobFault | void> | JobFault | void;

/** Thrown by an {@link Interceptor} to close the connection without an answer. */
export class DroppedReply extends Error {
  constructor() {
    super('the connection was closed without an answer');
    this.name = 'DroppedReply';
  }
}

/** Counts calls by operation and numbers them, from 1. */
export class CallCounter {
  readonly #counts = new Map<string, number>();

  next(service: string, operation: string): number {
    const name = `${service}.${operation}`;
    const number = (this.#counts.get(name) ?? 0) + 1;
    this.#counts.set(name, number);
    return number;
  }

  /** How often each operation was called, by `<service>.<operation>`. */
  counts(): Record<string, number> {
    return Object.fromEntries(this.#counts);
  }
}

/**
 * Holds back what a handler writes to a response until `beforeReply` has resolved, then sends it. Works for handlers
 * that are not ours, since it replaces the methods of this one response. When `beforeReply` rejects, what was written
 * is discarded, its headers too, and `onRejected` answers in its place.
 */
export function holdReply(
  response: ServerResponse,
  beforeReply: () => Promise<void>,
  onRejected: (error: unknown) => void
): void {
  const methods = ['writeHead', 'write', 'end', 'flushHeaders'] as const;
  const held: (() => void)[] = [];
  const open = async (): Promise<void> => {
    try {
      await beforeReply();
    } catch (error) {
      for (const method of methods) Reflect.deleteProperty(response, method);
      for (const name of response.getHeaderNames()) response.removeHeader(name);
      onRejected(error);
      return;
    }
    for (const method of methods) Reflect.deleteProperty(response, method);
    try {
      for (const send of held) send();
      response.emit('drain');
    } catch {
      response.destroy(); // the handler failed after it had begun to answer: the caller must not take it for whole
    }
  };
  for (const method of methods) {
    const replacement = (...args: unknown[]): unknown => {
      held.push(() => Reflect.apply(response[method], response, args));
      if (held.length === 1) void open();
      // A writer that sees `false` waits for `drain`; the other methods return the response.
      return method === 'write' ? false : response;
    };
    Reflect.set(response, method, replacement);
  }
}
