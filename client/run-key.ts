import { defaultRunKey, freshRunKey, runKeyProblem } from '../model/elt-run.js';
import { UsageError } from './errors.js';

/** How the key of a run is given. */
export interface RunKeyOptions {
  readonly runKey?: string;
  /** A key that no run has. */
  readonly fresh?: boolean;
}

/** The key that is meant; by default the UTC date. @throws UsageError when it cannot be one. */
export function chosenRunKey({ runKey: given = defaultRunKey(), fresh = false }: RunKeyOptions): string {
  const runKey = fresh ? freshRunKey() : given;
  const problem = runKeyProblem(runKey);
  if (problem !== undefined) throw new UsageError(`${JSON.stringify(runKey)}: ${problem}`);
  return runKey;
}
