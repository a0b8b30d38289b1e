import { once } from 'node:events';
import { createServer } from 'node:net';
import getPort from 'get-port';

/** A port that was asked for and is taken, or may not be opened by this user. */
export class PortError extends Error {
  constructor(
    readonly port: number,
    /** What was to listen there, such as `the Temporal server`. */
    readonly purpose: string,
    readonly reason: 'EADDRINUSE' | 'EACCES'
  ) {
    super(
      reason === 'EACCES'
        ? `Port ${port} for ${purpose} may not be opened by this user. Choose one above 1023, or leave it out to get a free one.`
        : `Port ${port} for ${purpose} is in use. Stop what listens there, choose another port, or leave it out to get a free one.`
    );
    this.name = 'PortError';
  }
}

/** A free TCP port on the loopback address; another process may take it before it is opened. */
export function freePort(): Promise<number> {
  return getPort({ host: '127.0.0.1' });
}

/**
 * Checks that a port can be opened on `host`.
 * @throws PortError when it cannot, for one of the two reasons a user can mend.
 */
export async function checkPort(port: number, purpose: string, host = '127.0.0.1'): Promise<void> {
  const server = createServer();
  try {
    server.listen({ port, host, exclusive: true });
    await once(server, 'listening');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE' || code === 'EACCES') throw new PortError(port, purpose, code);
    throw error;
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}
