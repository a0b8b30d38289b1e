import type { Position } from './ast.js';
import { Lexer } from './lexer.js';
import type { Token, TokenKind } from './lexer.js';
import { excerpt } from './strings.js';
import { DqdlSyntaxError } from './syntax-error.js';

/** Deepest nesting of parentheses and function calls: keeps recursion over a tree far from the stack's end. */
export const deepestNesting = 250;

/** The parser's view of a document: tokens one after the other, the next two visible. */
export class TokenReader {
  readonly #lexer: Lexer;
  readonly #ahead: Token[] = [];
  #depth = 0;
  #looks = 0;
  /** The tokens taken since `record` was called. */
  #recording: string[] | undefined;

  constructor(text: string) {
    this.#lexer = new Lexer(text);
  }

  /** Characters and tokens looked at so far: grows in proportion to the text. */
  get steps(): number {
    return this.#lexer.steps + this.#looks;
  }

  /** The next token, or the one after it. Only `take` and `peek` make the lexer read on. */
  peek(ahead: 0 | 1 = 0): Token {
    this.#looks++;
    while (this.#ahead.length <= ahead) this.#ahead.push(this.#lexer.next());
    return this.#ahead[ahead]!;
  }

  /** Whether the next token is one of these. */
  at(...kinds: TokenKind[]): boolean {
    return kinds.includes(this.peek().kind);
  }

  /** Takes the next token. */
  take(): Token {
    const token = this.peek();
    this.#ahead.shift();
    this.#recording?.push(token.text);
    return token;
  }

  /** Takes the next token if it is of this kind. */
  accept(kind: TokenKind): Token | undefined {
    return this.at(kind) ? this.take() : undefined;
  }

  /** Takes the next token, which must be of this kind. @param what - words for it, in an error's message. */
  expect(kind: TokenKind, what = `"${kind}"`): Token {
    return this.accept(kind) ?? this.unexpected(what);
  }

  /** Reads elements separated by commas up to a bracket, which it takes; there must be one at least. */
  list<Element>(close: TokenKind, expectedBetween: string, element: () => Element): Element[] {
    const elements = [element()];
    while (!this.at(close)) {
      if (!this.at(',')) this.unexpected(expectedBetween);
      this.take();
      if (this.at(close)) this.fail(this.peek(), `expected another element behind the comma, found "${close}"`);
      elements.push(element());
    }
    this.take();
    return elements;
  }

  /** Runs `read` one level deeper, within parentheses that begin at the next token. */
  nested<Result>(read: () => Result): Result {
    if (++this.#depth > deepestNesting) {
      this.fail(this.peek(), `expected at most ${deepestNesting} levels of parentheses, found more`);
    }
    const result = read();
    this.#depth--;
    return result;
  }

  /** The texts of the tokens that `read` takes, without what stands between them. */
  textOf<Result>(read: () => Result): { result: Result; text: string } {
    const recording: string[] = [];
    this.#recording = recording;
    const result = read();
    this.#recording = undefined;
    return { result, text: recording.join('') };
  }

  /** @throws DqdlSyntaxError always: something else was expected than the next token. */
  unexpected(expected: string): never {
    const token = this.peek();
    this.fail(token, `expected ${expected}, found ${describe(token)}${this.#hint(token)}`);
  }

  /** @throws DqdlSyntaxError always. */
  fail({ line, column }: Position, problem: string): never {
    throw new DqdlSyntaxError({ line, column }, problem);
  }

  /** What people who write this often take DQDL for. */
  #hint({ kind, text }: Token): string {
    if (kind === "'") return ': text stands between double quotes (")';
    if ((kind === '/' || kind === '-') && this.#nextIs(text)) return ': a comment begins with #';
    if (kind === 'date') return ': a quoted date is always a date, never text';
    if (kind === 'time' || kind === 'clock') return ': a quoted time is always a time, never text';
    return '';
  }

  #nextIs(text: string): boolean {
    try {
      return this.peek(1).text === text;
    } catch {
      return false; // what comes next cannot be read: the error at hand stands before it
    }
  }
}

/** A token in an error's message. */
function describe({ kind, text }: Token): string {
  if (kind === 'end') return 'the end of the text';
  return text.startsWith('"') ? `the quoted ${excerpt(text)}` : `"${excerpt(text)}"`;
}
