import type { TemporalExecutable } from './executable.js';

/** One way to come by a Temporal server. */
export interface TemporalSource {
  /** What it is called in lines for the user, such as `the Temporal CLI on PATH`. */
  readonly name: string;
  /** @throws Error whose message, one line, says why this way does not lead to a server. */
  readonly find: () => Promise<TemporalExecutable>;
}

/** Why a source did not lead to a server. */
export interface SourceFailure {
  readonly source: string;
  /** One line. */
  readonly reason: string;
}

/** No way led to a Temporal server; the message says what was tried and what to install. */
export class TemporalNotFoundError extends Error {
  constructor(readonly failures: readonly SourceFailure[]) {
    super(
      [
        'No Temporal server was found:',
        ...failures.map(({ source, reason }) => `  - ${source}: ${reason}`),
        'Install the Temporal CLI (https://docs.temporal.io/cli#install) so that `temporal` is on PATH,',
        'or Go (https://go.dev/dl) so that Sluice can build it, or set TEMPORAL_ADDRESS to a server that runs.',
      ].join('\n')
    );
    this.name = 'TemporalNotFoundError';
  }
}

/** The first line of an error's message, with the lines' white space made single. */
export function oneLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return (message.split('\n').find((line) => line.trim() !== '') ?? 'unknown error').trim().replace(/\s+/g, ' ');
}

/** What trying sources led to: a server, or why each of them does not lead to one. */
export type SourcesOutcome =
  | { readonly found: TemporalExecutable }
  | { readonly found: undefined; readonly failures: readonly SourceFailure[] };

/**
 * Tries the sources in order up to the first one that works. Each failure, and what is used in the end, is told in one
 * line.
 * @throws the reason of `signal` when it is aborted.
 */
export async function tryInOrder(
  sources: readonly TemporalSource[],
  onEvent: (line: string) => void,
  signal?: AbortSignal
): Promise<SourcesOutcome> {
  const failures: SourceFailure[] = [];
  for (const { name, find } of sources) {
    signal?.throwIfAborted();
    try {
      const found = await find();
      const what = found.kind === 'server' ? found.address : `${found.file} (server ${found.serverVersion})`;
      onEvent(`Temporal: ${name}: using ${what}`);
      return { found };
    } catch (error) {
      signal?.throwIfAborted();
      const failure = { source: name, reason: oneLine(error) };
      failures.push(failure);
      onEvent(`Temporal: ${name}: ${failure.reason}`);
    }
  }
  return { found: undefined, failures };
}
