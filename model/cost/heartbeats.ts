const first = 5;

/**
 * Seconds until the next heartbeat of an activity that has run for so long: as long again, but at most three quarters of
 * its heartbeat timeout. Growing, since each one that reaches the server is an Action; the first after five seconds, so
 * that short activities send none.
 */
export function heartbeatInterval(elapsed: number, heartbeatTimeout: number): number {
  return Math.min(Math.max(first, elapsed), heartbeatTimeout * 0.75);
}

/** Heartbeats that an activity of so many seconds sends. */
export function heartbeatsIn(seconds: number, heartbeatTimeout: number): number {
  let beats = 0;
  for (let at = heartbeatInterval(0, heartbeatTimeout); at <= seconds; at += heartbeatInterval(at, heartbeatTimeout)) {
    beats += 1;
  }
  return beats;
}
