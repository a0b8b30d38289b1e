import { CancelledFailure, CompleteAsyncError, Context } from '@temporalio/activity';
import { ApplicationFailure, TemporalFailure } from '@temporalio/common';
import type { ActivityExecuteInput, ActivityInboundCallsInterceptor, Next } from '@temporalio/worker';
import type { ErrorClass } from './error-classes.js';
import { classifyError } from './error-classes.js';
import { countFailure } from './run-metrics.js';
import type { StepInput } from './run-scope.js';

/** An AWS call that failed, with the resource it was about, such as `Glue job land_order_job`. */
export class AwsCallError extends Error {
  constructor(
    readonly resource: string,
    override readonly cause: unknown
  ) {
    super(`${resource}: ${cause instanceof Error ? cause.message : String(cause)}`);
    this.name = 'AwsCallError';
  }
}

/** What a failure says besides its message, for the Temporal UI and for programs: identifiers only, no row data. */
export interface FailureDetails {
  /** Stage of the pipeline. */
  readonly stage: string;
  /** What the failure is about, such as `Glue job land_order_job`. */
  readonly resource?: string;
  /** AWS's error name. */
  readonly error?: string;
  /** Of the call that failed, or that told of the failure. */
  readonly requestId?: string;
  /** Further ids, such as `runId`. */
  readonly [id: string]: string | undefined;
}

/** A failure that Sluice itself found. The message carries no row data. */
export class StepError extends Error {
  constructor(
    readonly errorClass: ErrorClass,
    readonly resource: string,
    message: string,
    /** What to do about it. */
    readonly advice?: string,
    /** Identifiers for the failure's details, such as a run id or a report's URI. */
    readonly ids: Readonly<Record<string, string>> = {}
  ) {
    super(message);
    this.name = 'StepError';
  }
}

/** Makes an AWS call and, when it fails, says what it was about. Rejects with {@link AwsCallError}. */
export async function onResource<T>(resource: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (cause) {
    const named = cause instanceof TemporalFailure || cause instanceof StepError || cause instanceof AwsCallError;
    throw named ? cause : new AwsCallError(resource, cause);
  }
}

/** Class of a failure on its way out of an activity. */
export function errorClassOf(error: unknown): ErrorClass {
  if (error instanceof StepError) return error.errorClass;
  return classifyError(error instanceof AwsCallError ? error.cause : error).errorClass;
}

/** Milliseconds until the next attempt; undefined leaves it to the retry policy. */
function retryDelay(errorClass: ErrorClass, attempt: number): number | undefined {
  if (errorClass === 'AtCapacity') return 30_000;
  if (errorClass !== 'Throttled') return undefined;
  const limit = Math.min(60_000, 2_000 * 2 ** (attempt - 1));
  return Math.round(limit * (0.5 + Math.random() / 2));
}

/** Ends a text with one full stop, so that advice can follow. */
const sentence = (text: string): string => `${text.trim().replace(/\.+$/, '')}.`;

/**
 * The failure that the workflow sees: `type` is the {@link ErrorClass}; permanent failures and conflicts are not
 * retried by the server (the workflow repeats conflicts itself). The details hold identifiers only.
 */
export function toFailure(error: unknown, stage: string, attempt = 1): ApplicationFailure {
  const own = error instanceof StepError ? error : undefined;
  const resource = own?.resource ?? (error instanceof AwsCallError ? error.resource : undefined);
  const found = classifyError(error instanceof AwsCallError ? error.cause : error);
  const errorClass = own?.errorClass ?? found.errorClass;
  const advice = own ? own.advice : found.advice;
  const request = !own && found.requestId !== undefined ? ` (AWS request ${found.requestId})` : '';
  const what = own ? own.message : `${found.name}: ${found.message}${request}`;
  const details: FailureDetails = {
    stage,
    resource,
    ...(own ? own.ids : { error: found.name, requestId: found.requestId }),
  };
  const failure = ApplicationFailure.create({
    message: [sentence([stage, resource, what].filter(Boolean).join(': ')), advice].filter(Boolean).join(' '),
    type: errorClass,
    nonRetryable: errorClass === 'Permanent' || errorClass === 'ConflictingTransaction',
    nextRetryDelay: retryDelay(errorClass, attempt),
    details: [details],
  });
  if (error instanceof Error && error.stack !== undefined) failure.stack = error.stack;
  return failure;
}

/** Turns everything that activities throw into failures of a class; part of every worker. */
export class FailureInterceptor implements ActivityInboundCallsInterceptor {
  async execute(input: ActivityExecuteInput, next: Next<ActivityInboundCallsInterceptor, 'execute'>): Promise<unknown> {
    const context = Context.current();
    try {
      return await next(input);
    } catch (error) {
      if (error instanceof CancelledFailure || error instanceof CompleteAsyncError) throw error;
      if (error instanceof ApplicationFailure) throw error;
      // An AWS call that was given up because of the cancellation reports the cancellation.
      if (context.cancellationSignal.aborted && isAbort(error)) await context.cancelled;
      const step = input.args[0] as Partial<StepInput> | undefined;
      countFailure(errorClassOf(error));
      throw toFailure(error, step?.stage ?? context.info.activityType, context.info.attempt);
    }
  }
}

function isAbort(error: unknown): boolean {
  const cause = error instanceof AwsCallError ? error.cause : error;
  return cause instanceof Error && cause.name === 'AbortError';
}
