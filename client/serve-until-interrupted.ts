import { UsageError, messageOf } from './errors.js';
import { listenForInterruption } from './interruption.js';

/** Something that serves. */
interface Serving {
  close(): Promise<void>;
}

/**
 * Serves until Ctrl-C or SIGTERM. To be stopped by SIGTERM is how serving ends well; Ctrl-C tells the shell, as for every
 * command.
 * @param start - rejects with the error of `listen`
 * @param failure - what could not be done when it does, such as `It cannot listen on 127.0.0.1, port 80`
 * @param announce - called once it serves
 * @throws UsageError when the server does not start; the interruption.
 */
export async function serveUntilInterrupted<Server extends Serving>(
  start: () => Promise<Server>,
  failure: string,
  announce: (server: Server) => void
): Promise<void> {
  const interruption = listenForInterruption();
  try {
    const server = await start().catch((error: unknown) => {
      throw new UsageError(`${failure}: ${messageOf(error)}`, undefined, { cause: error });
    });
    try {
      announce(server);
      await interruption.interrupted;
    } catch (error) {
      if (interruption.by() !== 'SIGTERM') throw error;
    } finally {
      await server.close();
    }
  } finally {
    interruption.dispose();
  }
}
