/** A column type of the warehouse, taken apart. */
export interface RedshiftType {
  readonly name: 'varchar' | 'integer' | 'bigint' | 'decimal' | 'double precision' | 'boolean' | 'date' | 'timestamp';
  /** Bytes of a `varchar`. */
  readonly length?: number;
  readonly precision?: number;
  readonly scale?: number;
}

const synonyms: ReadonlyMap<string, string> = new Map(
  Object.entries({
    int: 'integer',
    int4: 'integer',
    int8: 'bigint',
    numeric: 'decimal',
    float8: 'double precision',
    float: 'double precision',
    double: 'double precision',
    bool: 'boolean',
    'character varying': 'varchar',
    'timestamp without time zone': 'timestamp',
  })
);
const plain = ['integer', 'bigint', 'double precision', 'boolean', 'date', 'timestamp'] as const;

/** The types a landing column may have, for messages. */
export const typeList = 'varchar(n), integer, bigint, decimal(p,s), double precision, boolean, date, timestamp';

/**
 * Reads a type as it stands in a model: `varchar(n)` in bytes, n ≤ 65535; `decimal(p,s)`, p ≤ 38, s ≤ 37 (Redshift's limits).
 * @returns the type, or what is wrong with it as text.
 */
export function parseType(text: string): RedshiftType | string {
  const [, word, arguments_] = /^\s*([a-z][a-z0-9 ]*?)\s*(?:\(([^)]*)\))?\s*$/i.exec(text) ?? [];
  const name = synonyms.get(word?.toLowerCase() ?? '') ?? word?.toLowerCase();
  const numbers = arguments_?.split(',').map((part) => (/^\s*\d+\s*$/.test(part) ? Number(part) : NaN));
  if (name === 'varchar') {
    const [length] = numbers ?? [];
    if (numbers?.length !== 1 || !(length! >= 1 && length! <= 65535)) {
      return `"${text}" needs its length in bytes, 1 to 65535, as in varchar(100)`;
    }
    return { name, length };
  }
  if (name === 'decimal') {
    const [precision, scale] = numbers ?? [];
    if (
      numbers?.length !== 2 ||
      !(precision! >= 1 && precision! <= 38 && scale! >= 0 && scale! <= Math.min(precision!, 37))
    ) {
      return `"${text}" needs a precision of 1 to 38 and a scale of 0 to 37, as in decimal(12,2); without them cents would be cut off`;
    }
    return { name, precision, scale };
  }
  const known = plain.find((other) => other === name);
  if (known === undefined) return `"${text}" is not a column type; write one of ${typeList}`;
  return numbers === undefined ? { name: known } : `"${text}": ${known} takes nothing in parentheses`;
}

/** The type as Redshift spells it. */
export function typeSql(type: RedshiftType): string {
  if (type.name === 'varchar') return `varchar(${type.length})`;
  return type.name === 'decimal' ? `decimal(${type.precision},${type.scale})` : type.name;
}

/** The most characters a value has when written as text; for composite business keys. */
export function textLength(type: RedshiftType): number {
  return type.name === 'varchar' ? type.length! : type.name === 'decimal' ? type.precision! + 3 : 32;
}

/** Whether values of both types compare and print alike, so that one can be looked up by the other. */
export function comparable(a: RedshiftType, b: RedshiftType): boolean {
  const whole = ['integer', 'bigint'];
  if (whole.includes(a.name) && whole.includes(b.name)) return true;
  return a.name === b.name && (a.name !== 'decimal' || a.scale === b.scale);
}
