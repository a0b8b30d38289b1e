import type { Position } from './ast.js';

/** A text that is not DQDL, or not allowed in it. `message` names line and column, and says what was expected. */
export class DqdlSyntaxError extends Error {
  override readonly name = 'DqdlSyntaxError';
  /** Line of the first character at fault, from 1. */
  readonly line: number;
  /** Column of the first character at fault, from 1, in UTF-16 code units. */
  readonly column: number;

  /** @param problem - the message without line and column. */
  constructor(
    { line, column }: Position,
    readonly problem: string
  ) {
    super(`line ${line}, column ${column}: ${problem}`);
    this.line = line;
    this.column = column;
  }
}
