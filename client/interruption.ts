import { ExitCode, InterruptedError } from './errors.js';

/** The first SIGINT or SIGTERM asks a command to end in order; the second ends the process at once. */
export interface Interruption {
  /** Aborted with an {@link InterruptedError} by the first signal. */
  readonly signal: AbortSignal;
  /** Which signal came first, if one did. */
  readonly by: () => NodeJS.Signals | undefined;
  /** Rejects with the {@link InterruptedError}; never resolves. */
  readonly interrupted: Promise<never>;
  /** Stops listening. */
  dispose(): void;
}

/**
 * Listens for SIGINT, SIGTERM and SIGHUP until disposed.
 * @param onFirst - told about the first signal, for a note to the user.
 */
export function listenForInterruption(onFirst: (signal: NodeJS.Signals) => void = () => undefined): Interruption {
  const controller = new AbortController();
  let by: NodeJS.Signals | undefined;
  const handle = (signal: NodeJS.Signals): void => {
    // Server processes are guarded: they end with this one, also when it does not wait for them.
    if (by !== undefined) process.exit(ExitCode.interrupted);
    by = signal;
    onFirst(signal);
    controller.abort(new InterruptedError());
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, handle);
  const interrupted = new Promise<never>((_, reject) => {
    controller.signal.addEventListener('abort', () => reject(controller.signal.reason as Error), { once: true });
  });
  interrupted.catch(() => undefined);
  return {
    signal: controller.signal,
    by: () => by,
    interrupted,
    dispose: () => signals.forEach((signal) => process.removeListener(signal, handle)),
  };
}
