import type { Path } from './document.js';
import { resolveJoins } from './fact-source.js';
import { suggestion } from './near-name.js';
import { list } from './resolution.js';
import type { Resolution } from './resolution.js';
import { resolveLookup } from './resolve-lookups.js';
import { resolveTimes } from './resolve-times.js';
import type { FactShape, WarehouseShape } from './shape.js';
import type { Dimension, Fact } from './warehouse-model.js';

function checkGrain(
  resolution: Resolution,
  path: Path,
  fact: Fact,
  shape: FactShape,
  dimensions: ReadonlyMap<string, Dimension>
): void {
  const columns = [...(fact.key === undefined ? [] : [fact.key.column]), ...fact.lookups.map(({ column }) => column)];
  for (const [index, name] of fact.grain.entries()) {
    const at = [...path, 'grain', index];
    if (!columns.includes(name)) {
      const reported = Object.keys(shape.dimensions).some((role) => `${role}key` === name);
      if (!reported) resolution.report(at, `"${name}" is not a key column of the fact${suggestion(name, columns)}`);
      continue;
    }
    const lookup = fact.lookups.find(({ column }) => column === name);
    if (fact.deletes === 'keep' && lookup && dimensions.get(lookup.dimension)?.deletes === 'delete') {
      const what = `fact "${fact.name}" keeps its rows, so dimension "${lookup.dimension}", which tells them apart`;
      resolution.report(at, `${what}, must keep its members too; set "deletes" alike`);
    }
  }
}

function checkDistribution(resolution: Resolution, path: Path, fact: Fact, columns: readonly string[]): void {
  const { distribution: name } = fact;
  if (name === undefined || columns.includes(name)) return;
  const at = [...path, 'distribution'];
  resolution.report(at, `"${name}" is not a key column of the fact${suggestion(name, columns)}`);
}

/** Resolves the facts, in the order of the file. */
export function resolveFacts(
  resolution: Resolution,
  shape: WarehouseShape,
  dimensions: ReadonlyMap<string, Dimension>
): Map<string, Fact> {
  const facts = new Map<string, Fact>();
  for (const [name, one] of Object.entries(shape.facts)) {
    const path = ['facts', name];
    resolution.checkName(path, name, 'table');
    const from = one.from ?? name;
    const base = resolution.entity(one.from === undefined ? path : [...path, 'from'], from);
    if (base === undefined) continue;
    const source = resolveJoins(resolution, path, base, one);
    const names = list(one.key);
    const on = names.flatMap((column) => {
      const value = source.value([...path, 'key'], column);
      const type = value?.[0]?.type.name;
      if (type === 'boolean' || type === 'double precision') {
        resolution.report([...path, 'key'], `"${column}" is ${type}, which cannot be part of a business key`);
      }
      return value === undefined ? [] : [value];
    });
    const lookups = Object.entries(one.dimensions).flatMap(
      ([role, written]) =>
        resolveLookup(resolution, [...path, 'dimensions', role], source, dimensions, role, written) ?? []
    );
    const measures = Array.isArray(one.measures)
      ? one.measures.map((column) => [column, column] as const)
      : Object.entries(one.measures);
    const fact: Fact = {
      name,
      from,
      joins: source.joined.map(({ join }) => join),
      ...(names.length === 0
        ? {}
        : { key: { column: `${name}key`, names: names.map((text) => text.split('.').at(-1)!), on } }),
      grain: one.grain,
      lookups: resolveTimes(resolution, path, source, one, lookups, dimensions),
      measures: measures.flatMap(([measure, column], index) => {
        const at = [...path, 'measures', Array.isArray(one.measures) ? index : measure];
        const simple = measure.split('.').at(-1)!;
        resolution.checkName(at, simple, 'column');
        const value = source.value(at, column);
        return value === undefined ? [] : [{ name: simple, value }];
      }),
      deletes: one.deletes ?? shape.deletes ?? 'keep',
      ...(one.distribution !== undefined && { distribution: one.distribution }),
    };
    checkGrain(resolution, path, fact, one, dimensions);
    const columns = [...(fact.key ? [fact.key.column] : []), ...fact.lookups.map(({ column }) => column)];
    checkDistribution(resolution, path, fact, columns);
    resolution.checkUnique(path, [...columns, ...fact.measures.map((measure) => measure.name)], `dwh.${name}`);
    facts.set(name, fact);
  }
  return facts;
}
