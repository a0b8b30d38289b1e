import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection, ServiceError, isGrpcServiceError } from '@temporalio/client';
import type { ConnectionOptions } from '@temporalio/client';
import { connectionFailure, isRefusal } from '../workers/connection-failure.js';
import { TemporalAccessError, TemporalConnectionError, TemporalUnreachableError } from '../workers/temporal-errors.js';
import { temporalSettings } from '../workers/temporal-settings.js';
import type { TemporalSettings } from '../workers/temporal-settings.js';
import { clientInterceptors } from '../workers/telemetry/client-interceptors.js';
import { RunFailedError, UsageError, messageOf } from './errors.js';
import { rootCause } from './root-cause.js';

/** Milliseconds that one call to the server may take before it counts as unanswered. */
const callTimeoutMs = 5_000;

/** Milliseconds without any answer after which the server is given up. */
const unreachableAfterMs = 30_000;

// gRPC status codes: https://grpc.github.io/grpc/core/md_doc_statuscodes.html
const grpcDeadlineExceeded = 4;
const grpcUnavailable = 14;

/** A connection to the Temporal server that the environment or its profile names. */
export class TemporalConnection {
  private constructor(
    readonly client: Client,
    /** Host and port of the front end. */
    readonly address: string,
    readonly namespace: string,
    private readonly connection: Connection
  ) {}

  /**
   * Connects as `TEMPORAL_ADDRESS`, `TEMPORAL_NAMESPACE`, `TEMPORAL_API_KEY`, `TEMPORAL_TLS_*` and profiles say.
   * @throws UsageError naming the address when no server answers within ten seconds, or refuses the caller.
   * @throws TemporalSettingsError, PayloadKeyError for settings that cannot be used.
   */
  static async connect(env: NodeJS.ProcessEnv): Promise<TemporalConnection> {
    const settings = temporalSettings(env);
    const { connectionOptions, namespace, address, dataConverter } = settings;
    // envconfig types its result for the worker's connection, whose members are the client's too.
    const connection = Connection.lazy({ ...(connectionOptions as ConnectionOptions), connectTimeout: '10s' });
    try {
      await connected(connection, settings);
    } catch (error) {
      await connection.close();
      const failure = error instanceof TemporalConnectionError ? error : await connectionFailure(settings, error);
      if (!(failure instanceof TemporalUnreachableError)) {
        throw new UsageError(failure.message, undefined, { cause: failure });
      }
      const { localEnvironmentHint } = await import('./environment/running.js'); // for this failure only
      const hint = env.TEMPORAL_ADDRESS ? undefined : await localEnvironmentHint(env);
      throw new UsageError(
        `No Temporal server answers at ${address} (${rootMessage(error)}). ` +
          'Start one with `sluice up`, or set TEMPORAL_ADDRESS to one that runs.',
        hint === undefined ? undefined : [hint],
        { cause: error }
      );
    }
    const interceptors = await clientInterceptors(env);
    const client = new Client({ connection, namespace, dataConverter, interceptors });
    return new TemporalConnection(client, address, namespace, connection);
  }

  /**
   * Makes one call with a deadline; the SDK retries within it.
   * @throws the signal's reason when aborted.
   */
  async call<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    signal?.throwIfAborted();
    // The connection keeps its listener on a signal; that of a whole command would gather one for every call.
    const ofThisCall = new AbortController();
    const abort = (): void => ofThisCall.abort();
    signal?.addEventListener('abort', abort, { once: true });
    try {
      return await this.connection.withAbortSignal(ofThisCall.signal, () =>
        this.connection.withDeadline(Date.now() + callTimeoutMs, work)
      );
    } catch (error) {
      signal?.throwIfAborted();
      if (!isRefusal(error)) throw error;
      throw new UsageError(new TemporalAccessError(this.address, this.namespace, error).message, undefined, {
        cause: error,
      });
    } finally {
      signal?.removeEventListener('abort', abort);
    }
  }

  /**
   * Makes a call that changes nothing again and again until the server answers.
   * @throws RunFailedError when there has been no answer for half a minute; any other error as it comes.
   */
  async read<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const started = Date.now();
    for (;;) {
      try {
        return await this.call(work, signal);
      } catch (error) {
        if (!isUnreachable(error)) throw error;
        if (Date.now() - started >= unreachableAfterMs) {
          throw new RunFailedError(
            `The Temporal server at ${this.address} has not answered for ${Math.round((Date.now() - started) / 1000)} s ` +
              `(${rootMessage(error)}). Whether the run goes on is for the server to say: see \`sluice show\` when it is back.`,
            { cause: error }
          );
        }
        await new Promise((resolve) => setTimeout(resolve, 500));
      }
    }
  }

  /** The server's own administration: search attributes. */
  get operatorService(): Connection['operatorService'] {
    return this.connection.operatorService;
  }

  /** Closes the connection. */
  close(): Promise<void> {
    return this.connection.close();
  }
}

/** Milliseconds after which a connection that does not come about is looked into, before its own time is over. */
const patienceMs = 1_000;

/** Waits for the connection; when TLS stands in its way, rejects with that as soon as it is known. */
async function connected(connection: Connection, settings: TemporalSettings): Promise<void> {
  const over = new AbortController();
  const trouble = async (): Promise<never> => {
    await sleep(patienceMs, undefined, { signal: over.signal });
    const failure = await connectionFailure(settings, undefined);
    if (failure instanceof TemporalUnreachableError) await new Promise(() => undefined);
    throw failure;
  };
  const connecting = connection.ensureConnected();
  connecting.catch(() => undefined);
  const looking = trouble();
  looking.catch(() => undefined);
  try {
    await Promise.race([connecting, looking]);
  } finally {
    over.abort();
  }
}

/** True for an error that says that the server was not reached, not what it answered. */
function isUnreachable(error: unknown): boolean {
  const cause = error instanceof ServiceError ? error.cause : error;
  if (!isGrpcServiceError(cause)) return false;
  return [grpcDeadlineExceeded, grpcUnavailable].includes(Number(cause.code));
}

function rootMessage(error: unknown): string {
  return messageOf(rootCause(error)).split('\n')[0] ?? '';
}
