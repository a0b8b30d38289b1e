import type { SqlParameter } from '@aws-sdk/client-redshift-data';
import { AwsError } from '../../gateway/aws-error.js';
import { textOf, tokenize } from '../dialect/tokens.js';
import type { Token } from '../dialect/tokens.js';

/** SQL with `$1`, `$2`, … and their values, as text whose type the server infers. */
export interface BoundSql {
  readonly sql: string;
  readonly values: readonly string[];
}

/**
 * Checks a request's parameters against its statements: every parameter must be named by one of them, and a statement
 * with parameters may name no other.
 * @throws AwsError ValidationException in the service's words
 * @see https://docs.aws.amazon.com/redshift/latest/mgmt/data-api-calling-considerations-parameters.html
 */
export function validateParameters(sqls: readonly string[], parameters: readonly SqlParameter[] | undefined): void {
  if (parameters === undefined) return;
  if (parameters.length === 0)
    throw invalid(
      "Value at 'parameters' failed to satisfy constraint: Member must have length greater than or equal to 1"
    );
  const names = new Set<string>();
  for (const { name, value } of parameters) {
    if (typeof name !== 'string' || !/^[0-9a-zA-Z_]+$/.test(name)) {
      throw invalid(
        "Value at 'parameters.1.member.name' failed to satisfy constraint: Member must satisfy regular expression pattern: ^[0-9a-zA-Z_]+$"
      );
    }
    if (typeof value !== 'string' || value === '') {
      throw invalid(
        "Value at 'parameters.1.member.value' failed to satisfy constraint: Member must have length greater than or equal to 1"
      );
    }
    if (names.has(name)) throw new AwsError('ValidationException', `Parameter name ${name} is duplicated.`);
    names.add(name);
  }
  const used = new Set(sqls.flatMap(parameterNames));
  const unused = [...names].filter((name) => !used.has(name));
  if (unused.length > 0) {
    throw new AwsError(
      'ValidationException',
      `Parameters list contains unused parameters. Unused parameters: [${unused.join(', ')}]`
    );
  }
  const missing = [...used].filter((name) => !names.has(name));
  if (missing.length > 0) throw new AwsError('ValidationException', `Cannot find parameter: ${missing.join(', ')}`);
}

/**
 * Replaces `:name` by the server's own parameters, outside of strings, comments, identifiers and dollar quotes. Every
 * occurrence gets its own, so that one name can stand for different types.
 */
export function bindParameters(sql: string, parameters: readonly SqlParameter[] | undefined): BoundSql {
  if (parameters === undefined) return { sql, values: [] };
  const byName = new Map(parameters.map(({ name, value }) => [name, value]));
  const values: string[] = [];
  const tokens = tokenize(sql).map((token): Token => {
    const value = token.kind === 'parameter' ? byName.get(token.text.slice(1)) : undefined;
    if (value === undefined) return token;
    values.push(value);
    return { kind: 'parameter', text: `$${values.length}` };
  });
  return { sql: textOf(tokens), values };
}

function parameterNames(sql: string): string[] {
  try {
    return tokenize(sql).flatMap(({ kind, text }) =>
      kind === 'parameter' && text.startsWith(':') ? [text.slice(1)] : []
    );
  } catch {
    return []; // SQL that cannot be read fails when it runs, with the engine's message
  }
}

function invalid(message: string): AwsError {
  return new AwsError('ValidationException', `1 validation error detected: ${message}`);
}
