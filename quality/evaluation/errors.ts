/** Why one rule could not be evaluated; its message goes into the rule's result. The other rules go on. */
export class RuleError extends Error {
  override readonly name = 'RuleError';
}

/** Kinds of DuckDB errors whose text quotes the statement only, never a row's value. */
const aboutTheStatement = /^(Parser|Binder|Catalog|Not implemented|Permission) Error/;

/**
 * DuckDB's message for a rule's result: its first line, and without the values that conversion and range errors quote,
 * because no row data may leave through a message.
 */
export function databaseMessage(error: unknown): string {
  const [first = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
  return aboutTheStatement.test(first) ? first : first.replace(/'(?:[^']|'')*'|"(?:[^"]|"")*"|-?\b\d[\d.eE+-]*/g, '…');
}

/** Any failure of a rule as the error its result is made of. */
export function asRuleError(error: unknown): RuleError {
  return error instanceof RuleError ? error : new RuleError(databaseMessage(error), { cause: error });
}
