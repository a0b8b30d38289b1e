import type { IncomingMessage } from 'node:http';
import { hostName } from '../../model/host-name.js';

/**
 * True when a request names this machine, or a host on the list, as the one it is for. A web page that has its own
 * name resolve to 127.0.0.1 (DNS rebinding) sends that name, and a page that sends requests across origins sends its
 * `Origin`; neither may reach the local AWS, which checks no signatures.
 */
export function isAllowedHost(request: IncomingMessage, allowed: readonly string[]): boolean {
  const isLocal = (name: string): boolean =>
    ['localhost', '127.0.0.1', '::1'].includes(name) ||
    name.endsWith('.localhost') ||
    allowed.some((host) => host.toLowerCase() === name);
  if (!isLocal(hostName(request.headers.host ?? ''))) return false;
  const { origin } = request.headers;
  return origin === undefined || (URL.canParse(origin) && isLocal(hostName(new URL(origin).host)));
}
