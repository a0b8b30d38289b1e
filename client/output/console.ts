/** Where a command writes: its result on stdout, everything else on stderr. */
export interface Console {
  /** True under `--json`: stdout carries nothing but one document, as its last line. */
  readonly json: boolean;
  /** Readable result; dropped under `--json`. */
  print(text: string): void;
  /** The result as one line of JSON; dropped without `--json`. */
  document(value: unknown): void;
  /** A note on the way, on stderr. */
  note(text: string): void;
}

/** The process's own stdout and stderr as a {@link Console}. */
export function processConsole(json: boolean): Console {
  return {
    json,
    print: (text) => void (json || process.stdout.write(`${text}\n`)),
    document: (value) => void (json && process.stdout.write(`${JSON.stringify(value)}\n`)),
    note: (text) => void process.stderr.write(`${text}\n`),
  };
}

/** Waits until what was written to stdout and stderr has left the process, so that it may exit. */
export async function flushed(): Promise<void> {
  const drained = [process.stdout, process.stderr].map(
    (stream) => new Promise<void>((resolve) => (stream.destroyed ? resolve() : stream.write('', () => resolve())))
  );
  await Promise.all(drained);
}
