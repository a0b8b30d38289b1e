import { LineCounter, isNode, isPair, parseDocument } from 'yaml';
import type { Document } from 'yaml';
import { ModelError } from './model-error.js';
import type { ModelProblem } from './model-error.js';

/** Keys from the top of a model file. */
export type Path = readonly (string | number)[];

/** A model file that is YAML, whatever it says, and the problems found in it so far. */
export class ModelDocument {
  private readonly problems: (ModelProblem & { readonly at: Path; readonly offset: number })[] = [];

  private constructor(
    readonly file: string,
    private readonly document: Document.Parsed,
    private readonly lines: LineCounter,
    /** The file's content as plain values. */
    readonly content: unknown
  ) {}

  /** @throws ModelError when the text is not YAML, with the position of each error. */
  static parse(text: string, file: string): ModelDocument {
    const lines = new LineCounter();
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'error' });
    if (document.errors.length > 0) {
      const problems = document.errors.map(({ message, pos }) => {
        const { line, col } = lines.linePos(pos[0]);
        return { path: '', message: `not valid YAML: ${message}`, line, column: col };
      });
      throw new ModelError(file, problems);
    }
    try {
      return new ModelDocument(file, document, lines, document.toJS());
    } catch (error) {
      throw new ModelError(file, [{ path: '', message: `not valid YAML: ${(error as Error).message}` }]);
    }
  }

  /** The keys of the mapping at a path; none when there is none. */
  keys(path: Path): string[] {
    const { value } = this.value(path);
    return typeof value === 'object' && value !== null ? Object.keys(value) : [];
  }

  /** Whether something is written at this path, be it right or wrong. */
  has(path: Path): boolean {
    return this.value(path).found;
  }

  /**
   * Whether a problem was reported with what stands at a path, or because of which nothing can stand there: what
   * refers to it need not be reported as well.
   */
  isReported(path: Path): boolean {
    const asked = `${path.join('.')}.`;
    return this.problems.some(({ at }) => {
      const problem = `${at.join('.')}.`;
      if (problem.startsWith(asked)) return true;
      const { found, value } = this.value(at);
      return (
        asked.startsWith(problem) && found && (typeof value !== 'object' || value === null || Array.isArray(value))
      );
    });
  }

  /** Whether what refers to this path need not be reported: it is written, and if it is wrong that was reported. */
  excuses(path: Path): boolean {
    return this.has(path) || this.isReported(path);
  }

  private value(path: Path): { found: boolean; value?: unknown } {
    let value: unknown = this.content;
    for (const key of path) {
      if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return { found: false };
      value = (value as Record<string | number, unknown>)[key];
    }
    return { found: true, value };
  }

  /** Notes a problem with what stands at a path, or with what is missing there. */
  report(path: Path, message: string): void {
    const offset = this.offset(path);
    const { line, col } = this.lines.linePos(offset);
    const problem = { path: path.join('.'), message, line, column: col, at: path, offset };
    if (this.problems.some((other) => other.path === problem.path && other.message === message)) return;
    this.problems.push(problem);
  }

  /** @throws ModelError with all problems, in the order of the file, if there are any. */
  throwProblems(): void {
    if (this.problems.length === 0) return;
    const sorted = this.problems.toSorted((a, b) => a.offset - b.offset);
    throw new ModelError(
      this.file,
      sorted.map(({ at: _at, offset: _offset, ...problem }) => problem)
    );
  }

  /** Where the key, or else the nearest thing above it that exists, begins. */
  private offset(path: Path): number {
    for (let length = path.length; length > 0; length--) {
      const parent = this.document.getIn(path.slice(0, length - 1), true);
      const key = path[length - 1]!;
      if (typeof parent === 'object' && parent !== null && 'items' in parent && Array.isArray(parent.items)) {
        const items = parent.items as unknown[];
        const found = items.find((item, index) =>
          isPair(item) ? isNode(item.key) && String(item.key) === String(key) : index === key
        );
        const node = isPair(found) ? found.key : found;
        if (isNode(node) && node.range) return node.range[0];
      }
    }
    return 0;
  }
}
