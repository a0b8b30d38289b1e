/** The part of JSON Schema (draft 2020-12) that zod writes for our shapes. */
export interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: JsonSchema | boolean;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, JsonSchema>>;
  readonly minimum?: number;
  readonly maximum?: number;
}

interface Section {
  readonly path: string;
  readonly schema: JsonSchema;
}

const code = (text: string): string => `\`${text}\``;
const literal = (value: unknown): string => code(typeof value === 'string' ? value : JSON.stringify(value));
const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

/** Writes all keys of a YAML file's JSON Schema as Markdown: a table for every mapping, in the order of the file. */
export class SchemaReference {
  readonly #definitions: Readonly<Record<string, JsonSchema>>;
  readonly #written = new Map<JsonSchema, string>();

  constructor(private readonly schema: JsonSchema) {
    this.#definitions = schema.$defs ?? {};
  }

  /** The tables, the file's own first. */
  markdown(): string {
    const sections: Section[] = [{ path: '', schema: this.schema }];
    const parts: string[] = [];
    for (let section = sections.shift(); section !== undefined; section = sections.shift()) {
      const rows = Object.entries(section.schema.properties ?? {}).filter(([key]) => key !== '$schema');
      const below: Section[] = [];
      const lines = rows.map(([key, value]) => {
        const path = section.path === '' ? key : `${section.path}.${key}`;
        const type = this.#typeOf(value, path, below);
        const needed =
          section.schema.required?.includes(key) === true && value.default === undefined ? ', required' : '';
        return `| ${code(key)} | ${cell(type)}${needed} | ${cell(this.#text(value))} |`;
      });
      parts.push(
        [
          `## ${section.path === '' ? 'Top level' : code(section.path)}`,
          '',
          '| key | takes | |',
          '|---|---|---|',
          ...lines,
        ].join('\n')
      );
      sections.unshift(...below);
    }
    return `${parts.join('\n\n')}\n`;
  }

  #text({ description, default: byDefault }: JsonSchema): string {
    const shown = byDefault === undefined || typeof byDefault === 'object' ? '' : `Default ${literal(byDefault)}.`;
    return [description ?? '', shown].filter((text) => text !== '').join(' ');
  }

  /** What a value may be; mappings found on the way get sections of their own. */
  #typeOf(given: JsonSchema, path: string, sections: Section[]): string {
    const schema = given.$ref === undefined ? given : (this.#definitions[given.$ref.replace('#/$defs/', '')] ?? {});
    if (schema.anyOf !== undefined) {
      const types = schema.anyOf.map((one) => this.#typeOf(one, path, sections));
      return [...new Set(types)].join(' or ');
    }
    if (schema.const !== undefined) return literal(schema.const);
    if (schema.enum !== undefined) return schema.enum.map(literal).join(', ');
    if (schema.type === 'array') return `list of ${this.#typeOf(schema.items ?? {}, `${path}[]`, sections)}`;
    if (schema.properties !== undefined) {
      const written = this.#written.get(schema);
      if (written === undefined) {
        this.#written.set(schema, path);
        sections.push({ path, schema });
      }
      return `mapping, see ${code(written ?? path)}`;
    }
    if (typeof schema.additionalProperties === 'object') {
      return `mapping of names to ${this.#typeOf(schema.additionalProperties, `${path}.<name>`, sections)}`;
    }
    const { minimum, maximum } = schema;
    const safe = (bound: number | undefined): bound is number =>
      bound !== undefined && Math.abs(bound) < Number.MAX_SAFE_INTEGER;
    const range = [...(safe(minimum) ? [`from ${minimum}`] : []), ...(safe(maximum) ? [`to ${maximum}`] : [])];
    return [[schema.type ?? 'anything'].flat().join(' or '), ...range].join(' ');
  }
}
