import { Connection } from '@temporalio/client';
import { startGuardedProcess } from '../process/guarded-process.js';
import type { GuardedProcess } from '../process/guarded-process.js';
import { checkPort, freePort } from '../process/ports.js';
import { settledWithin } from '../process/settled-within.js';
import { connectByEnvironment, prepareNamespace } from './connection.js';
import type { SearchAttributes } from './connection.js';
import type { TemporalExecutable } from './executable.js';
import { hiddenLoopback, startWebUiFront } from './web-ui-front.js';
import type { WebUiAddress } from './web-ui-front.js';

/** How a Temporal server is started. */
export interface StartTemporalOptions {
  /** What {@link findTemporalServer} returned. */
  readonly executable: TemporalExecutable;
  /** SQLite file that keeps workflows over a restart; without it they are kept in memory. */
  readonly dataFile?: string;
  /** Ports of the gRPC front end and of the Web UI; free ones by default. Not used for a server that runs already. */
  readonly port?: number;
  readonly uiPort?: number;
  readonly namespace: string;
  readonly searchAttributes: SearchAttributes;
  readonly onEvent: (line: string) => void;
  /** The environment that says how to connect to a server that runs already. Default: the process's. */
  readonly env?: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal;
}

/** A Temporal server that answers, with the namespace and the search attributes there. */
export interface TemporalServer {
  /** Host and port of the gRPC front end. */
  readonly address: string;
  /** The Web UI; undefined for a server that was running already and whose UI is not where a development server has it. */
  readonly uiUrl: string | undefined;
  /** Resolves with the exit code when the server has ended, for whatever reason. Never, for one that ran already. */
  readonly exited: Promise<number>;
  /** The end of the server's log, for error messages. */
  output(): string;
  /** Stops the server when it was started here. Safe to call twice. */
  stop(): Promise<void>;
}

/** The server ended, or did not answer in time, while it was being started. */
export class TemporalStartError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'TemporalStartError';
  }
}

const readyWithinMs = 60_000;
const attempts = 5;
const portTaken = /address already in use|EADDRINUSE/i;

/**
 * Starts a development server on the loopback address, or takes the one that runs already, and waits until it answers.
 * A server that was started ends with this process, even by SIGKILL.
 * @throws PortError when a port that was asked for is in use.
 * @throws TemporalStartError with the end of its log when the server does not come up within a minute.
 * @throws Error when a server that runs already lacks the namespace or a search attribute that cannot be added.
 */
export async function startTemporalServer(options: StartTemporalOptions): Promise<TemporalServer> {
  const { executable } = options;
  if (executable.kind === 'server') return useRunningServer(executable.address, options);
  if (options.port !== undefined) await checkPort(options.port, 'the Temporal server');
  if (options.uiPort !== undefined) await checkPort(options.uiPort, "Temporal's Web UI");
  for (let attempt = 1; ; attempt += 1) {
    const port = options.port ?? (await freePort());
    const uiPort = options.uiPort ?? (await freePort());
    const host = hiddenLoopback();
    const ui = host === undefined ? { host: '127.0.0.1', port: await freePort() } : { host, port: uiPort };
    const server = startGuardedProcess({ file: executable.file, args: serverArguments(options, port, ui) });
    let front: Awaited<ReturnType<typeof startWebUiFront>>;
    try {
      await waitUntilReady(server, `127.0.0.1:${port}`, options);
      front = await startWebUiFront(uiPort, ui);
    } catch (error) {
      await server.stop(2_000);
      if (!portTaken.test(`${server.output()}\n${String(error)}`)) throw error;
      if (options.port !== undefined) await checkPort(options.port, 'the Temporal server');
      if (options.uiPort !== undefined) await checkPort(options.uiPort, "Temporal's Web UI");
      if (attempt === attempts) throw error;
      options.onEvent('Temporal: another process took the port first; trying another one');
      continue;
    }
    return {
      address: `127.0.0.1:${port}`,
      uiUrl: `http://127.0.0.1:${uiPort}`,
      exited: server.exited,
      output: () => server.output(),
      stop: async () => {
        await front.close();
        await server.stop();
      },
    };
  }
}

function serverArguments(options: StartTemporalOptions, port: number, ui: WebUiAddress): string[] {
  return [
    ...['server', 'start-dev', '--ip', '127.0.0.1', '--port', String(port), '--ui-port', String(ui.port)],
    ...['--ui-ip', ui.host, '--headless=false', '--log-level', 'error', '--namespace', options.namespace],
    ...['--dynamic-config-value', `frontend.httpAllowedHosts=["127.0.0.1:*","localhost:*"]`],
    ...Object.entries(options.searchAttributes).flatMap(([name, type]) => ['--search-attribute', `${name}=${type}`]),
    ...(options.dataFile === undefined ? [] : ['--db-filename', options.dataFile]),
  ];
}

async function waitUntilReady(server: GuardedProcess, address: string, options: StartTemporalOptions): Promise<void> {
  const deadline = Date.now() + readyWithinMs;
  for (;;) {
    try {
      const connection = await Connection.connect({ address, connectTimeout: '1s' });
      try {
        await connection.withDeadline(Date.now() + 5_000, () =>
          prepareNamespace(connection, options.namespace, options.searchAttributes)
        );
        // Another server may have won the port between our look and our start: then ours ends, and this is not it.
        if (!(await settledWithin(server.exited, 50, options.signal))) return;
      } finally {
        await connection.close();
      }
    } catch (error) {
      options.signal?.throwIfAborted();
      if (Date.now() > deadline) {
        const message = `The Temporal server did not answer within ${readyWithinMs / 1000} s.\n${server.output()}`;
        throw new TemporalStartError(message.trim(), { cause: error });
      }
    }
    if (await settledWithin(server.exited, 100, options.signal)) {
      const code = await server.exited;
      throw new TemporalStartError(
        `The Temporal server ended with code ${code} while starting.\n${server.output()}`.trim()
      );
    }
  }
}

async function useRunningServer(address: string, options: StartTemporalOptions): Promise<TemporalServer> {
  const connection = await connectByEnvironment({ ...(options.env ?? process.env), TEMPORAL_ADDRESS: address });
  try {
    await prepareNamespace(connection, options.namespace, options.searchAttributes);
  } finally {
    await connection.close();
  }
  return {
    address,
    uiUrl: await findWebUi(address),
    exited: new Promise(() => undefined),
    output: () => '',
    stop: () => Promise.resolve(),
  };
}

/** A development server has its Web UI a thousand ports above its front end, unless told otherwise. */
async function findWebUi(address: string): Promise<string | undefined> {
  const match = /^(127\.0\.0\.1|localhost|\[::1\]):(\d+)$/.exec(address);
  if (!match) return undefined;
  const url = `http://${match[1]}:${Number(match[2]) + 1000}`;
  try {
    const settings = await fetch(`${url}/api/v1/settings`, { signal: AbortSignal.timeout(1_000) });
    return 'DefaultNamespace' in ((await settings.json()) as object) ? url : undefined;
  } catch {
    return undefined;
  }
}
