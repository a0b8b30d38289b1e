import { isWord, raw, render, significant, wordOf } from './nodes.js';
import type { Node } from './nodes.js';
import { RedshiftSqlError } from './redshift-sql-error.js';

/** Parameters of Redshift that PostgreSQL knows as well, with the same meaning. */
const shared = new Set([
  ...[
    'search_path',
    'datestyle',
    'extra_float_digits',
    'intervalstyle',
    'statement_timeout',
    'timezone',
    'time',
    'session',
  ],
  ...['transaction', 'local', 'application_name', 'client_encoding', 'role', 'seed'],
]);

/**
 * SET: what only steers Redshift's own machinery (queues, caches, labels) is without effect.
 * @throws RedshiftSqlError for a setting that would change the meaning of SQL here
 * @see https://docs.aws.amazon.com/redshift/latest/dg/cm_chap_ConfigurationRef.html
 */
export function translateSet(nodes: readonly Node[]): Node[] {
  const words = significant(nodes);
  const name = wordOf(words[1]) ?? '';
  const value = render(words.slice(3)).replaceAll("'", '').toLowerCase();
  if (name === 'enable_case_sensitive_identifier' && ['on', 'true', '1'].includes(value)) {
    throw new RedshiftSqlError(
      'The local Redshift has no enable_case_sensitive_identifier: identifiers are folded to lower case.'
    );
  }
  return shared.has(name) || isWord(words[1], 'schema') ? [...nodes] : [raw('')];
}
