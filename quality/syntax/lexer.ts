import type { Position } from './ast.js';
import { excerpt } from './strings.js';
import { DqdlSyntaxError } from './syntax-error.js';

/**
 * Kinds of token. Those written in letters of their own (`and`, `days`, `[`, `now()`) stand for exactly that text, of which
 * `and or of null empty whitespaces_only` may also be written in capitals.
 */
export type TokenKind =
  | 'string' // quoted text other than the next three
  | 'date' // "2024-01-31"
  | 'time' // "9:30 AM"
  | 'clock' // "19:30"
  | 'integer'
  | 'decimal'
  | 'identifier'
  | 'end'
  | (typeof words)[number]
  | (typeof marks)[number];

/** A piece of the text. */
export interface Token extends Position {
  kind: TokenKind;
  /** As it stands in the document, quotes included. */
  text: string;
}

const words = [
  'Metadata',
  'DataSources',
  'DefaultLabels',
  'Rules',
  'Analyzers',
  'and',
  'or',
  'of',
  'null',
  'empty',
  'whitespaces_only',
  'between',
  'in',
  'not',
  'matches',
  'where',
  'labels',
  'with',
  'days',
  'hours',
  'minutes',
  'B',
  'KB',
  'MB',
  'GB',
  'TB',
  'now()',
] as const;

const marks = [
  '>=',
  '<=',
  '>',
  '<',
  '=',
  '!',
  '[',
  ']',
  '(',
  ')',
  '{',
  '}',
  ',',
  ':',
  '$',
  '+',
  '-',
  '*',
  '/',
  "'",
] as const;

const wordKinds = new Map<string, TokenKind>([
  ...words.map((word) => [word, word] as const),
  ...(['and', 'or', 'of', 'null', 'empty', 'whitespaces_only'] as const).map(
    (word) => [word.toUpperCase(), word] as const
  ),
]);
const markKinds = new Set<string>(marks);

/**
 * Splits a document into tokens as CommonLexerRules.g4 of awslabs/dqdl does. It reads on demand: what stands behind the
 * token last asked for may be anything.
 */
export class Lexer {
  /** Characters looked at so far: grows in proportion to the text. */
  steps = 0;
  #offset = 0;
  #line = 1;
  #lineStart = 0;

  constructor(private readonly text: string) {}

  /** The next token; `end` for ever at the end of the text. @throws DqdlSyntaxError where no token can be read. */
  next(): Token {
    this.#skipBlanksAndComments();
    if (this.#offset >= this.text.length) return this.#take('end', 0);
    const character = this.text[this.#offset]!;
    if (character === '"') return this.#quoted();
    const word = this.#match(/[a-zA-Z0-9_.]+/y);
    if (word !== undefined) {
      if (word === 'now' && this.text.startsWith('()', this.#offset + 3)) return this.#take('now()', 5);
      if (/^\d+$/.test(word)) return this.#take('integer', word.length);
      if (/^\d+\.\d+$/.test(word)) return this.#take('decimal', word.length);
      return this.#take(wordKinds.get(word) ?? 'identifier', word.length);
    }
    const pair = this.text.slice(this.#offset, this.#offset + 2);
    if (pair.length === 2 && markKinds.has(pair)) return this.#take(pair as TokenKind, 2);
    if (markKinds.has(character)) return this.#take(character as TokenKind, 1);
    throw this.#error(unreadable(String.fromCodePoint(this.text.codePointAt(this.#offset)!)));
  }

  #skipBlanksAndComments(): void {
    for (;;) {
      const blanks = this.#match(/[ \t\n]+/y);
      if (blanks !== undefined) this.#advance(blanks.length);
      else if (this.text[this.#offset] === '#') {
        const end = this.text.indexOf('\n', this.#offset);
        if (end === -1) throw this.#error('expected a line end behind the comment: a comment may not end the file');
        this.#advance(end + 1 - this.#offset);
      } else return;
    }
  }

  #quoted(): Token {
    let lastEscaped: number | undefined;
    for (let at = this.#offset + 1; at < this.text.length; at++) {
      const character = this.text[at];
      if (character === '"') return this.#takeQuoted(at + 1 - this.#offset);
      if (character !== '\\') continue;
      const escaped = this.text[at + 1];
      if (escaped === '"') lastEscaped = at + 1;
      if (escaped === '"' || escaped === '\\') at++;
    }
    // The official lexer takes an escaped quote for the closing one when no other follows.
    if (lastEscaped !== undefined) return this.#takeQuoted(lastEscaped + 1 - this.#offset);
    throw this.#error('expected a closing quote (") for the text that begins here');
  }

  #takeQuoted(length: number): Token {
    const text = this.text.slice(this.#offset, this.#offset + Math.min(length, 12));
    if (length === 12 && /^"\d{4}-\d\d-\d\d"$/.test(text)) return this.#take('date', length);
    if (length === 7 && /^"\d\d:\d\d"$/.test(text)) return this.#take('clock', length);
    if (length <= 10 && /^"\d\d?:\d\d (AM|PM)"$/.test(text)) return this.#take('time', length);
    return this.#take('string', length);
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#offset;
    return pattern.exec(this.text)?.[0];
  }

  #take(kind: TokenKind, length: number): Token {
    const token = { kind, text: this.text.slice(this.#offset, this.#offset + length), ...this.#position() };
    this.#advance(length);
    return token;
  }

  #advance(length: number): void {
    const piece = this.text.slice(this.#offset, this.#offset + length);
    this.steps += length + 1;
    for (let at = piece.indexOf('\n'); at !== -1; at = piece.indexOf('\n', at + 1)) {
      this.#line++;
      this.#lineStart = this.#offset + at + 1;
    }
    this.#offset += length;
  }

  #position(): Position {
    return { line: this.#line, column: this.#offset - this.#lineStart + 1 };
  }

  #error(problem: string): DqdlSyntaxError {
    return new DqdlSyntaxError(this.#position(), problem);
  }
}

function unreadable(character: string): string {
  if (character === '\r') return 'expected LF as the line end, found CR: save the file with Unix line ends';
  if (character === '\ufeff') return 'expected text, found a byte order mark: save the file as UTF-8 without it';
  if (character === '\u00a0') return 'expected a blank, found a no-break space: write an ordinary one';
  if (/[\u2018-\u201f\u00ab\u00bb]/.test(character)) {
    return `expected a straight quote ("), found the typographic ${character}`;
  }
  if (character === '\\') return 'expected a backslash only between quotes';
  const code = character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0');
  return `expected nothing like ${/\p{C}/u.test(character) ? `U+${code}` : excerpt(character)} outside quotes`;
}
