import type { CommandContext } from '../../client/command-context.js';

/** What a command wrote. */
export interface Recorded {
  readonly context: CommandContext;
  readonly printed: string[];
  readonly notes: string[];
  readonly documents: unknown[];
}

/** A context whose console keeps what is written to it. */
export function recordingContext(env: NodeJS.ProcessEnv = {}): Recorded {
  const [printed, notes, documents]: [string[], string[], unknown[]] = [[], [], []];
  const console = {
    json: true,
    print: (text: string) => void printed.push(text),
    document: (value: unknown) => void documents.push(JSON.parse(JSON.stringify(value))),
    note: (text: string) => void notes.push(text),
  };
  return { context: { console, env }, printed, notes, documents };
}
