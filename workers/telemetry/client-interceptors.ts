import type { ClientInterceptors } from '@temporalio/client';
import { tracesWanted } from './traces-wanted.js';

/** What a Temporal client is given so that the workflows it starts are part of its trace; nothing without traces. */
export async function clientInterceptors(env: NodeJS.ProcessEnv): Promise<ClientInterceptors> {
  if (!tracesWanted(env)) return {};
  const [{ startTracing }, { clientSpans }] = await Promise.all([import('./tracing.js'), import('./client-spans.js')]);
  return { workflow: [clientSpans(startTracing())] };
}
