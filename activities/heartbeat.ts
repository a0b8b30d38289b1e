import { Context } from '@temporalio/activity';

/**
 * Sends heartbeats until the returned function is called: at once, after a second, then at intervals of half the time
 * passed, at most 10 s. Independent of what the activity is doing, so that a cancellation also arrives during a long
 * poll; and growing, since every heartbeat that reaches the server is paid for. The details let the next attempt and
 * the Temporal UI see how far it was.
 */
export function keepHeartbeating(details: () => unknown): () => void {
  const context = Context.current();
  const began = Date.now();
  let timer: NodeJS.Timeout;
  const beat = (): void => {
    context.heartbeat(details());
    timer = setTimeout(beat, Math.min(10_000, Math.max(1_000, (Date.now() - began) / 2)));
    timer.unref();
  };
  beat();
  return () => clearTimeout(timer);
}
