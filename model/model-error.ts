/** One thing that is wrong in a model file. */
export interface ModelProblem {
  /** Where it stands, as keys from the top of the file: `dimensions.customer.key`; empty for the file as a whole. */
  readonly path: string;
  /** What is wrong and, where that is known, what to write instead. */
  readonly message: string;
  /** Position in the file, both from 1; absent when the file could not be read. */
  readonly line?: number;
  readonly column?: number;
}

function describe(file: string, problems: readonly ModelProblem[]): string {
  const lines = problems.map(({ path, message, line, column }) => {
    const position = line === undefined ? '' : `${line}:${column ?? 1} `;
    return `  ${position}${path === '' ? '' : `${path}: `}${message}`;
  });
  return `${file} has ${problems.length === 1 ? 'a problem' : `${problems.length} problems`}:\n${lines.join('\n')}`;
}

/** A model file that cannot be used. Its message lists every problem, one a line, in the order of the file. */
export class ModelError extends Error {
  override readonly name = 'ModelError';

  constructor(
    /** The file as it was named to us. */
    readonly file: string,
    readonly problems: readonly ModelProblem[]
  ) {
    super(describe(file, problems));
  }
}
