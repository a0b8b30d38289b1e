import type { Token } from './tokens.js';

/**
 * Gives identifiers and strings the meaning they have in Redshift: quoted identifiers are folded to lower case
 * (`enable_case_sensitive_identifier` is off by default), and a backslash in a string escapes.
 */
export function normalise(tokens: readonly Token[]): Token[] {
  return tokens.map((token): Token => {
    if (token.kind === 'quoted') return { kind: 'quoted', text: token.text.toLowerCase() };
    if (token.kind === 'string' && token.text.startsWith("'") && token.text.includes('\\')) {
      return { kind: 'string', text: `E${token.text}` };
    }
    return token;
  });
}
