import type { Path } from './document.js';
import { suggestion } from './near-name.js';
import type { AttributeType, LakeColumn } from './plan.js';
import type { Resolution } from './resolution.js';
import type { AttributeShape } from './shape.js';

type Scalar = Exclude<AttributeType, 'NULL' | 'M' | 'L'>;

/** The lake's types of DynamoDB's scalars and sets, where the model gives none. */
export const scalars: Readonly<Record<Scalar, string>> = {
  S: 'string',
  N: 'string',
  B: 'binary',
  BOOL: 'boolean',
  SS: 'array<string>',
  NS: 'array<string>',
  BS: 'array<string>',
};

/** The name in the lake of the attribute at a path. */
export function lakeName(path: readonly string[]): string {
  const name = path
    .join('_')
    .toLowerCase()
    .replace(/[^a-z0-9_]/g, '_');
  return /^\d/.test(name) ? `_${name}` : name;
}

function lakeNumber(text: string): string | undefined {
  const [, precision, scale] = /^decimal\(\s*(\d+)\s*,\s*(\d+)\s*\)$/.exec(text) ?? [];
  if (precision !== undefined) {
    const fits = Number(precision) >= 1 && Number(precision) <= 38 && Number(scale) <= Number(precision);
    return fits ? `decimal(${Number(precision)},${Number(scale)})` : undefined;
  }
  return ['int', 'bigint', 'double'].includes(text) ? text : undefined;
}

interface Declared {
  readonly type: Scalar;
  readonly lakeType: string;
  readonly required: boolean;
}

/** Reads `N as decimal(12,2) required` or its long form. */
function readScalar(
  resolution: Resolution,
  path: Path,
  shape: Exclude<AttributeShape, string> | string
): Declared | undefined {
  const [, word, as, required] =
    typeof shape === 'string' ? (/^(\S+)(?:\s+as\s+(.+?))?(\s+required)?$/.exec(shape.trim()) ?? []) : [];
  const type = typeof shape === 'string' ? word : shape.type;
  const number = typeof shape === 'string' ? as : shape.as;
  if (typeof shape === 'string' && resolution.isCutOff(path, shape)) return undefined;
  if (type === undefined || !Object.hasOwn(scalars, type)) {
    const what = typeof shape === 'string' ? shape : (type ?? '');
    const near = suggestion(what, Object.keys(scalars));
    return resolution.report(
      path,
      `"${what}" is not an attribute type; write S, N, N as decimal(12,2), S required${near}`
    );
  }
  const scalar = type as Scalar;
  if (number !== undefined && (scalar !== 'N' || lakeNumber(number) === undefined)) {
    const kinds = 'int, bigint, decimal(p,s) with p at most 38, or double';
    resolution.report(path, scalar === 'N' ? `"as ${number}" takes ${kinds}` : `only N takes "as", not ${scalar}`);
  }
  const lakeType = (scalar === 'N' && number !== undefined && lakeNumber(number)) || scalars[scalar];
  return {
    type: scalar,
    lakeType,
    required: typeof shape === 'string' ? required !== undefined : shape.required === true,
  };
}

function readList(
  resolution: Resolution,
  path: Path,
  fields: Readonly<Record<string, string>>
): NonNullable<LakeColumn['fields']> {
  resolution.checkUnique(
    path,
    Object.keys(fields).map((name) => name.toLowerCase()),
    'each map of the list'
  );
  return Object.entries(fields).flatMap(([name, text]) => {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
      resolution.report([...path, name], `"${name}" cannot be a field of a list; it takes letters, digits and _`);
    }
    const field = readScalar(resolution, [...path, name], text);
    if (field?.required === true) resolution.report([...path, name], 'fields of a list cannot be required');
    return field === undefined ? [] : [{ name, type: field.type, lakeType: field.lakeType }];
  });
}

/** The lake columns of an attribute: one, or of a nested map one per attribute in it. */
export function readAttribute(
  resolution: Resolution,
  path: Path,
  attribute: readonly string[],
  shape: AttributeShape
): LakeColumn[] {
  const name = (typeof shape !== 'string' && shape.column) || lakeName(attribute);
  if (!/^[a-z_][a-z0-9_]*$/.test(name) || name === 'type') {
    const why = name === 'type' ? 'is the column the lake is partitioned by' : 'is not a column name';
    resolution.report(path, `"${name}" ${why}; give another with "column"`);
  }
  if (typeof shape !== 'string') {
    const kinds = (['type', 'map', 'list'] as const).filter((kind) => shape[kind] !== undefined);
    if (kinds.length !== 1) {
      resolution.report(
        path,
        kinds.length === 0 ? 'needs a type, a map or a list' : `is ${kinds.join(' and ')} at once`
      );
      return [];
    }
    if (shape.map !== undefined) {
      return Object.entries(shape.map).flatMap(([inner, value]) =>
        readAttribute(resolution, [...path, 'map', inner], [...attribute, inner], value)
      );
    }
    if (shape.list !== undefined) {
      const fields = readList(resolution, [...path, 'list'], shape.list);
      const struct = fields.map((field) => `${field.name.toLowerCase()}:${field.lakeType}`).join(',');
      const required = shape.required === true;
      return [{ name, path: attribute, type: 'L', lakeType: `array<struct<${struct}>>`, required, fields }];
    }
  }
  const scalar = readScalar(resolution, path, shape);
  return scalar === undefined ? [] : [{ name, path: attribute, ...scalar }];
}
