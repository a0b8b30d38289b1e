import { setTimeout } from 'node:timers/promises';
import { StepError } from './failures.js';

const resource = 'webhook (SLUICE_WEBHOOK_URL)';
const advice = 'Check the URL in the environment of the worker, and the service behind it.';

/** Milliseconds that one attempt may take, and the pauses between three. */
const timeout = 10_000;
const pauses = [500, 2_000];

/** What is wrong with a webhook's URL, or undefined; says nothing of the URL itself, which is a secret. */
export function webhookUrlProblem(url: string): string | undefined {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    return 'it is no URL';
  }
  const loopback = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(parsed.hostname);
  if (parsed.protocol !== 'https:' && !(parsed.protocol === 'http:' && loopback)) {
    return 'it must begin with https:// (http:// only to this machine)';
  }
  if (parsed.username !== '' || parsed.password !== '')
    return 'it must not have a user name or password before the host';
  return undefined;
}

/** The name of a network error, which unlike its message names no address. */
function errorName(error: unknown): string {
  const { name, code, cause } = error as { name?: string; code?: string; cause?: { code?: string } };
  return cause?.code ?? (name === 'TimeoutError' ? 'no answer in time' : (code ?? name ?? 'unknown error'));
}

/**
 * POSTs JSON to a webhook, up to three times; redirects are not followed. `key` is sent as `Idempotency-Key`.
 * Rejects with a {@link StepError} that does not show the URL: Permanent when the service refuses, else Transient.
 */
export async function postWebhook(url: string, key: string, body: object): Promise<void> {
  for (let attempt = 0; ; attempt += 1) {
    let problem: string;
    try {
      const { status } = await fetch(url, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', 'Idempotency-Key': key, 'User-Agent': 'sluice' },
        body: JSON.stringify(body),
        redirect: 'manual',
        signal: AbortSignal.timeout(timeout),
      });
      if (status >= 200 && status < 300) return;
      if (status < 500 && status !== 408 && status !== 429) {
        throw new StepError('Permanent', resource, `it answered with status ${status}`, advice);
      }
      problem = `it answered with status ${status}`;
    } catch (error) {
      if (error instanceof StepError) throw error;
      problem = `it could not be reached (${errorName(error)})`;
    }
    const pause = pauses[attempt];
    if (pause === undefined) throw new StepError('Transient', resource, problem, advice);
    await setTimeout(pause);
  }
}
