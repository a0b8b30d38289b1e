import type { z } from 'zod';
import { nearName } from './near-name.js';

type Issue = z.core.$ZodIssue;
type Json = Record<PropertyKey, unknown>;

/** What stands at a path of plain values; undefined when nothing does. */
export function valueAt(content: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (typeof value === 'object' && value !== null ? (value as Json)[key] : undefined),
    content
  );
}

/** The issues of a union's branch that was meant: the one for the kind of value (text, list, mapping) that is there. */
export function meantBranch(issue: Issue & { code: 'invalid_union' }): readonly Issue[] | undefined {
  return issue.errors.find((issues) => !issues.some(({ code, path }) => code === 'invalid_type' && path.length === 0));
}

function leaves(issues: readonly Issue[], prefix: readonly PropertyKey[]): { issue: Issue; path: PropertyKey[] }[] {
  return issues.flatMap((issue) => {
    const path = [...prefix, ...issue.path];
    const meant = issue.code === 'invalid_union' ? meantBranch(issue) : undefined;
    return meant === undefined ? [{ issue, path }] : leaves(meant, path);
  });
}

/** Takes away the value at a path or, when it is missing there, the thing that needs it. */
function takeAway(content: unknown, path: readonly PropertyKey[]): void {
  for (let length = path.length; length > 0; length--) {
    const parent = valueAt(content, path.slice(0, length - 1));
    const key = path[length - 1]!;
    if (Array.isArray(parent) && Number(key) < parent.length) {
      parent.splice(Number(key), 1);
      return;
    }
    if (typeof parent === 'object' && parent !== null && Object.hasOwn(parent, key)) {
      delete (parent as Json)[key];
      return;
    }
  }
}

/** Puts back the sections without which a file is no model. `*` stands for key names that could not be read. */
function complete(content: Json, original: Json): void {
  const text = (value: unknown, instead: string): string => (typeof value === 'string' ? value : instead);
  content['name'] = text(content['name'], 'unnamed');
  for (const section of ['items', 'landing', 'dimensions', 'facts']) content[section] ??= {};
  if (content['source'] !== undefined) return;
  const type = valueAt(original, ['source', 'typeAttribute']);
  content['source'] = {
    table: text(valueAt(original, ['source', 'table']), 'unnamed'),
    keys: { partition: '*' },
    ...(typeof type === 'string' ? { typeAttribute: type } : {}),
  };
}

/**
 * Repairs a file's content for further checks, after its shape was found wrong: misspelt keys get their probable name,
 * and what is wrong otherwise is taken away.
 * @returns the repaired content, or undefined when it is no mapping at all.
 */
export function repair<T>(
  original: unknown,
  schema: z.ZodType<T>,
  knownKeys: (path: readonly PropertyKey[]) => string[]
): T | undefined {
  if (typeof original !== 'object' || original === null || Array.isArray(original)) return undefined;
  const content = JSON.parse(JSON.stringify(original)) as Json;
  for (let pass = 0; pass < 50; pass++) {
    complete(content, original as Json);
    const checked = schema.safeParse(content);
    if (checked.success) return checked.data;
    const found = leaves(checked.error.issues, []);
    const unknown = found.filter(({ issue }) => issue.code === 'unrecognized_keys');
    for (const { issue, path } of unknown) {
      const target = valueAt(content, path) as Json;
      for (const key of issue.code === 'unrecognized_keys' ? issue.keys : []) {
        const near = nearName(key, knownKeys(path));
        if (near !== undefined && !Object.hasOwn(target, near)) target[near] = target[key];
        delete target[key];
      }
    }
    // From the end, so that taking an element from a list does not move those still to be taken.
    if (unknown.length === 0) for (const { path } of found.toReversed()) takeAway(content, path);
  }
  return undefined;
}
