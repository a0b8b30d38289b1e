import type { IncomingMessage } from 'node:http';

/**
 * True when a request names this machine as the one it is for: a web page that has its own name resolve to 127.0.0.1
 * (DNS rebinding) sends that name.
 */
export function isForThisMachine({ headers: { host = '' } }: Pick<IncomingMessage, 'headers'>): boolean {
  return /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/i.test(host);
}
