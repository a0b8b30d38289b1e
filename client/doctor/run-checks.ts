import { setTimeout } from 'node:timers/promises';
import { fail, unknown } from './check.js';
import type { Check, CheckResult } from './check.js';
import { explainFailure } from './explain-failure.js';

const defaultLimitMs = 15_000;

/** Actions of the doctor that workers take too. */
const workerReads = new Set([
  'dynamodb:DescribeContinuousBackups',
  'dynamodb:DescribeTable',
  'redshift-data:DescribeStatement',
  'redshift-data:ExecuteStatement',
  'redshift-data:GetStatementResult',
  's3:ListBucket',
]);

/**
 * Runs checks, all at the same time and each within its limit, and gives their results in the order of the checks. What
 * fails or takes too long is `unknown` under each of the check's names.
 * @param asWorker - true when the workers' own identity asks: what it may not look at stops them too.
 */
export async function runChecks(checks: readonly Check[], asWorker: boolean): Promise<CheckResult[]> {
  const results = await Promise.all(checks.map((check) => runOne(check, asWorker)));
  return results.flat();
}

async function runOne(check: Check, asWorker: boolean): Promise<CheckResult[]> {
  const { limitMs = defaultLimitMs } = check;
  const limit = new AbortController();
  const ended = new AbortController();
  // Not every library heeds the signal: nothing waits for one that does not.
  const late = setTimeout(limitMs, undefined, { signal: ended.signal }).then(() => {
    const error = new Error(`no answer within ${limitMs / 1000} s`);
    limit.abort(error);
    throw error;
  });
  late.catch(() => undefined);
  try {
    const work = check.run(limit.signal);
    work.catch(() => undefined);
    const outcomes = await Promise.race([work, late]);
    return Object.entries(outcomes).map(([name, outcome]) => ({ name, ...outcome }));
  } catch (error) {
    const reason = limit.signal.aborted ? limit.signal.reason : error;
    const { message, fix = '', action = '' } = explainFailure(reason);
    if (asWorker && workerReads.has(action)) {
      return check.names.map((name) => ({ name, ...fail(`${message}, which every run does`, fix) }));
    }
    return check.names.map((name) => ({ name, ...unknown(`not checked: ${message}`, fix) }));
  } finally {
    ended.abort();
  }
}
