import { appendFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { LineageEvent } from '../../model/lineage/events.js';
import type { LineageTarget } from './target.js';

/** Milliseconds for one event, and for all of a run. */
const eventMs = 5_000;
const runMs = 20_000;

/**
 * Sends events one after the other, or appends them to a file, a line each.
 * @throws Error when one is refused or not answered in time: those after it are not sent.
 */
export async function sendLineage({ url, apiKey }: LineageTarget, events: readonly LineageEvent[]): Promise<void> {
  if (url.protocol === 'file:') {
    await appendFile(fileURLToPath(url), events.map((event) => `${JSON.stringify(event)}\n`).join(''));
    return;
  }
  const all = AbortSignal.timeout(runMs);
  for (const event of events) {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(apiKey && { authorization: `Bearer ${apiKey}` }) },
      body: JSON.stringify(event),
      redirect: 'error',
      signal: AbortSignal.any([all, AbortSignal.timeout(eventMs)]),
    });
    await response.body?.cancel();
    if (!response.ok) throw new Error(`${url.host} answered ${response.status} to an event of OpenLineage`);
  }
}
