import { CancelledFailure, Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { toFailure } from '../failures.js';

/**
 * Does work that learns secrets. What it throws becomes the failure that the workflow sees, without a cause, and with
 * every secret that it has learnt struck out: services and parsers may quote what they were sent.
 */
export async function withoutSecrets<T>(
  stage: string,
  work: (learn: (...secrets: string[]) => void) => Promise<T>
): Promise<T> {
  const context = Context.current();
  const known = new Set<string>();
  const clean = (text: string): string =>
    [...known].reduce((rest, secret) => rest.replaceAll(secret, '[secret]'), text);
  try {
    return await work((...secrets) => secrets.filter((secret) => secret.length >= 8).forEach((one) => known.add(one)));
  } catch (error) {
    if (error instanceof CancelledFailure) throw error;
    if (context.cancellationSignal.aborted) await context.cancelled;
    const failure = toFailure(error, stage, context.info.attempt);
    throw ApplicationFailure.create({
      message: clean(failure.message),
      type: failure.type ?? undefined,
      nonRetryable: failure.nonRetryable ?? undefined,
      nextRetryDelay: failure.nextRetryDelay ?? undefined,
      details: (JSON.parse(clean(JSON.stringify(failure.details ?? []))) ?? []) as unknown[],
    });
  }
}
