/** A key template such as `CUST#<username>`, taken apart. */
export interface KeyTemplate {
  readonly text: string;
  /** Literal text and named parts, in order. */
  readonly pieces: readonly ({ readonly literal: string } | { readonly part: string })[];
}

const escape = (literal: string): string => literal.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');

/**
 * Takes a key template apart.
 * @returns the template, or what is wrong with it as text.
 */
export function parseKeyTemplate(text: string): KeyTemplate | string {
  const pieces: ({ literal: string } | { part: string })[] = [];
  const parts = new Set<string>();
  let rest = text;
  while (rest !== '') {
    const [all, literal, part] = /^(?:([^<>]+)|<([^<>]*)>)/.exec(rest) ?? [];
    if (all === undefined) return `"${text}" has a "<" or ">" without its partner; write parts as in CUST#<username>`;
    if (literal !== undefined) pieces.push({ literal });
    if (part !== undefined) {
      if (!/^[a-z_][a-z0-9_]*$/.test(part))
        return `"<${part}>" is not a part's name; use lower-case letters, digits, _`;
      if (parts.has(part)) return `"${text}" has the part <${part}> twice`;
      const before = pieces.at(-1);
      if (before !== undefined && 'part' in before) return `"${text}" has two parts with nothing between them`;
      parts.add(part);
      pieces.push({ part });
    }
    rest = rest.slice(all.length);
  }
  return pieces.length === 0 ? 'is empty; write text and parts as in CUST#<username>' : { text, pieces };
}

/** The names of a template's parts. */
export function partsOf(template: KeyTemplate): string[] {
  return template.pieces.flatMap((piece) => ('part' in piece ? [piece.part] : []));
}

/**
 * The template as an anchored RE2 expression; the part named `captured`, if any, is its one group.
 * @param separated when true no part contains `#`, so that `MATCH#<id>` does not take `MATCH#1#SCORE#2`. Otherwise a
 *   part takes as little as it can up to the literal after it, and the last one takes the rest.
 */
export function templatePattern(template: KeyTemplate, separated: boolean, captured?: string): string {
  const body = template.pieces.map((piece, index) => {
    if ('literal' in piece) return escape(piece.literal);
    const text = separated ? '[^#]+' : index === template.pieces.length - 1 ? '.+' : '.+?';
    return piece.part === captured ? `(${text})` : text;
  });
  return `(?s)^${body.join('')}$`;
}

/** Whether one key value could fit both templates, where no part contains `#`. */
export function overlap(a: KeyTemplate, b: KeyTemplate): boolean {
  const segments = (template: KeyTemplate): string[] =>
    template.pieces
      .map((piece) => ('literal' in piece ? piece.literal : '\0'))
      .join('')
      .split('#');
  const [ours, theirs] = [segments(a), segments(b)];
  if (ours.length !== theirs.length) return false;
  // A segment with a part may take anything that has its literal beginning and end.
  return ours.every((one, index) => {
    const other = theirs[index]!;
    if (!one.includes('\0') && !other.includes('\0')) return one === other;
    const begins = [one.split('\0')[0]!, other.split('\0')[0]!];
    const ends = [one.split('\0').at(-1)!, other.split('\0').at(-1)!];
    return (
      (begins[0]!.startsWith(begins[1]!) || begins[1]!.startsWith(begins[0]!)) &&
      (ends[0]!.endsWith(ends[1]!) || ends[1]!.endsWith(ends[0]!))
    );
  });
}
