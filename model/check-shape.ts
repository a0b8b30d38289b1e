import type { z } from 'zod';
import type { ModelDocument } from './document.js';
import { nearName, suggestion } from './near-name.js';
import { meantBranch, repair, valueAt } from './repair.js';
import { warehouseShape } from './shape.js';
import type { WarehouseShape } from './shape.js';

type Issue = z.core.$ZodIssue;

const cutOff = 'is cut off from what stands before it: within { } a comma separates, so put decimal(p,s) in quotes';

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  return typeof value === 'string' ? `"${value}"` : String(value);
}

const expectedNames: Readonly<Record<string, string>> = {
  string: 'text',
  object: 'a mapping',
  record: 'a mapping',
  array: 'a list',
  boolean: 'true or false',
  number: 'a number',
};

function allowedKinds(issue: Issue & { code: 'invalid_union' }): string {
  const kinds = issue.errors.flat().flatMap((one) => (one.code === 'invalid_type' ? [one.expected] : []));
  return [...new Set(kinds)].map((kind) => expectedNames[kind] ?? kind).join(' or ');
}

/** The keys that the schema knows at a path, for suggestions. */
function knownKeys(path: readonly PropertyKey[]): string[] {
  let schema: unknown = warehouseShape;
  const unwrap = (one: unknown): unknown => {
    const def = (one as { _zod?: { def?: { type?: string; innerType?: unknown; getter?: () => unknown } } })._zod?.def;
    if (def?.type === 'optional') return unwrap(def.innerType);
    return def?.type === 'lazy' ? unwrap(def.getter!()) : one;
  };
  for (const key of [...path, undefined]) {
    schema = unwrap(schema);
    const def = (schema as { _zod: { def: { type: string; options?: unknown[]; valueType?: unknown } } })._zod.def;
    if (def.type === 'union') {
      schema = unwrap(
        def.options!.find((one) => ['object', 'record'].includes((unwrap(one) as z.ZodType)._zod.def.type))
      );
    }
    if (schema === undefined) return [];
    const shape = (schema as { shape?: Record<string, unknown> }).shape;
    if (key === undefined) return Object.keys(shape ?? {});
    schema = shape === undefined ? def.valueType : Object.hasOwn(shape, key) ? shape[String(key)] : undefined;
    if (schema === undefined) return [];
  }
  return [];
}

/** Whether a missing key stands there misspelt, which is reported already. */
function isMisspelt(document: ModelDocument, path: readonly PropertyKey[]): boolean {
  const parent = valueAt(document.content, path.slice(0, -1));
  const known = knownKeys(path.slice(0, -1));
  if (typeof parent !== 'object' || parent === null) return false;
  return Object.keys(parent).some((key) => !known.includes(key) && nearName(key, known) === path.at(-1));
}

function report(document: ModelDocument, issue: Issue, prefix: readonly PropertyKey[] = []): void {
  const path = [...prefix, ...issue.path] as (string | number)[];
  const found = valueAt(document.content, path);
  if (found === null && /^\d+\)$/.test(String(path.at(-1)))) return document.report(path, cutOff);
  switch (issue.code) {
    case 'unrecognized_keys':
      for (const key of issue.keys) {
        const known = knownKeys(path);
        if (/^\d+\)$/.test(key)) {
          document.report([...path, key], cutOff);
          continue;
        }
        document.report([...path, key], `is not a key that is known here${suggestion(key, known)}`);
      }
      return;
    case 'invalid_type':
      if (path.length > 0 && !document.has(path)) {
        if (isMisspelt(document, path)) return;
        document.report(path, `is missing; it takes ${expectedNames[issue.expected] ?? issue.expected}`);
      } else {
        document.report(
          path,
          `takes ${expectedNames[issue.expected] ?? issue.expected}, but ${kindOf(found)} stands here`
        );
      }
      return;
    case 'invalid_value': {
      const values = issue.values.map(String);
      if (path.at(-1) === 'scd') {
        document.report(
          path,
          `takes 1 (changes overwrite) or 2 (a version for each), but ${kindOf(found)} stands here`
        );
      } else {
        const choice =
          values.length === 1 ? `"${values[0]}"` : `one of ${values.map((value) => `"${value}"`).join(', ')}`;
        const near = document.has(path) ? suggestion(String(found), values.length > 1 ? [] : values) : '';
        document.report(path, `takes ${choice}, but ${kindOf(found)} stands here${near}`);
      }
      return;
    }
    case 'invalid_union': {
      const meant = meantBranch(issue);
      if (meant !== undefined) {
        for (const inner of meant) report(document, inner, path);
      } else if (document.has(path)) {
        document.report(path, `takes ${allowedKinds(issue)}, but ${kindOf(found)} stands here`);
      } else if (!isMisspelt(document, path)) {
        document.report(path, `is missing; it takes ${allowedKinds(issue)}`);
      }
      return;
    }
    case 'too_small':
      document.report(path, 'is empty; name at least one');
      return;
    default:
      document.report(path, issue.message);
  }
}

/**
 * Checks the shape of a model file and reports every problem with it.
 * @returns the content, repaired if it had to be, so that its references can be checked too; undefined when it is no
 *   mapping at all.
 */
export function checkShape(document: ModelDocument): WarehouseShape | undefined {
  const checked = warehouseShape.safeParse(document.content);
  if (checked.success) return checked.data;
  for (const issue of checked.error.issues) report(document, issue);
  return repair(document.content, warehouseShape, knownKeys);
}
