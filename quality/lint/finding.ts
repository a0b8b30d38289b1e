import type { Position } from '../syntax/ast.js';

/** Something to mend in a ruleset. */
export interface Finding extends Position {
  /** `error`: the ruleset cannot be used, or a rule of it can never be evaluated. */
  severity: 'error' | 'warning';
  message: string;
}

/** A finding that leaves the ruleset usable. */
export function warning({ line, column }: Position, message: string): Finding {
  return { severity: 'warning', line, column, message };
}
