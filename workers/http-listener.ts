import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Lets a server listen. Rejects with the error of `listen`, such as EADDRINUSE. */
export async function listen(server: Server, port: number, host: string): Promise<AddressInfo> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  return server.address() as AddressInfo;
}

/** Ends a server and the connections that it has. */
export function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
