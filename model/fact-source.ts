import type { Path } from './document.js';
import { suggestion } from './near-name.js';
import { comparable } from './redshift-type.js';
import { list } from './resolution.js';
import type { Resolution } from './resolution.js';
import type { FactShape, OnShape } from './shape.js';
import type { Entity, Join, Value } from './warehouse-model.js';

/** Pairs of names: `a`, `[a, b]` (the same name on both sides) or `{theirs: ours}`. */
export function pairs(on: OnShape): [theirs: string, ours: string][] {
  if (typeof on === 'object' && !Array.isArray(on)) return Object.entries(on);
  return list(on).map((name) => [name, name]);
}

/** The landing tables whose rows make up a fact's source rows, and how names are found in them. */
export class FactSource {
  constructor(
    private readonly resolution: Resolution,
    readonly base: Entity,
    readonly joined: readonly { readonly entity: Entity; readonly join: Join }[],
    /** False when a join could not be resolved, which was reported: names may be missing because of that. */
    private readonly complete: boolean
  ) {}

  /** A value by `column` or `table.column`. */
  value(path: Path, text: string): Value | undefined {
    const tables = [this.base, ...this.joined.map(({ entity }) => entity)];
    const [qualifier, name, ...more] = text.includes('.') ? text.split('.') : [undefined, text];
    if (qualifier !== undefined) {
      const entity = tables.find((one) => one.name === qualifier);
      if (name === undefined || more.length > 0) return this.resolution.report(path, `"${text}" is not table.column`);
      if (entity === undefined) {
        if (!this.complete) return undefined;
        const names = tables.map((one) => one.name);
        return this.resolution.report(
          path,
          `"${qualifier}" is not one of the fact's tables${suggestion(qualifier, names)}`
        );
      }
      const column = this.resolution.column(path, entity, name);
      return column && [column];
    }
    const having = tables.filter((one) => one.columns.some((column) => column.name === text));
    const [first] = having;
    if (first === undefined) {
      if (
        !this.complete ||
        tables.some((one) => this.resolution.document.excuses(['landing', one.name, 'columns', text]))
      )
        return undefined;
      const names = tables.flatMap((one) => one.columns.map((column) => column.name));
      const where = tables.map((one) => `landing.${one.name}`).join(', ');
      return this.resolution.report(
        path,
        `there is no column "${text}" in ${where}${suggestion(text, new Set(names))}`
      );
    }
    const others = having.slice(1).map((one) => this.joined.find(({ entity }) => entity === one)!);
    const same = others.every(({ join }) =>
      join.on.some(({ base, joined }) => base.column === text && joined.column === text)
    );
    if (first !== this.base ? others.length > 0 : !same) {
      if (!this.complete) return undefined;
      const choices = having.map((one) => `${one.name}.${text}`).join(' or ');
      return this.resolution.report(path, `"${text}" stands in several tables; write ${choices}`);
    }
    // Joined with `full`, a row may have the value on either side only.
    const sides = [first, ...others.filter(({ join }) => join.outer === 'full').map(({ entity }) => entity)];
    return sides.flatMap((one) => this.resolution.column(path, one, text) ?? []);
  }
}

/** Resolves what a fact's rows are made from. */
export function resolveJoins(resolution: Resolution, path: Path, base: Entity, shape: FactShape): FactSource {
  const joined = Object.entries(shape.join ?? {}).flatMap(([name, one]) => {
    const at = [...path, 'join', name];
    const entity = resolution.entity(at, name);
    if (entity === undefined) return [];
    if (entity === base) return resolution.report(at, 'a table cannot be joined to itself') ?? [];
    const on = pairs(one.on).flatMap(([theirs, ours]) => {
      const left = resolution.column([...at, 'on'], base, ours);
      const right = resolution.column([...at, 'on'], entity, theirs);
      if (left === undefined || right === undefined) return [];
      if (!comparable(left.type, right.type)) {
        resolution.report(
          [...at, 'on'],
          `"${ours}" is ${left.type.name}, but "${theirs}" of landing.${name} is ${right.type.name}`
        );
      }
      return [{ base: left, joined: right }];
    });
    return [{ entity, join: { entity: name, on, outer: one.outer ?? 'left' } as const }];
  });
  const full = joined.filter(({ join }) => join.outer === 'full');
  if (full.length > 1) resolution.report([...path, 'join'], 'only one table can be joined with "outer: full"');
  const shapes = Object.values(shape.join ?? {});
  const resolved = joined.reduce((count, { join }) => count + join.on.length, 0);
  const complete = resolved === shapes.reduce((count, one) => count + pairs(one.on).length, 0);
  return new FactSource(resolution, base, joined, complete);
}
