import { suggestion } from './near-name.js';
import { list } from './resolution.js';
import type { Resolution } from './resolution.js';
import { dimensionColumns } from './resolve-dimensions.js';
import type { WarehouseShape } from './shape.js';
import type { Dimension, Fact, Report } from './warehouse-model.js';

const summable = ['integer', 'bigint', 'decimal', 'double precision'];

/** Resolves the reports. */
export function resolveReports(
  resolution: Resolution,
  shape: WarehouseShape,
  dimensions: ReadonlyMap<string, Dimension>,
  facts: ReadonlyMap<string, Fact>
): Report[] {
  return Object.entries(shape.reports ?? {}).flatMap(([name, one]): Report[] => {
    const path = ['reports', name];
    if (!/^[a-z][a-z0-9_-]*$/.test(name)) {
      resolution.report(path, `"${name}" is not a report's name; it takes lower-case letters, digits, _ and -`);
    }
    const fact = facts.get(one.fact);
    if (fact === undefined) {
      if (!resolution.document.excuses(['facts', one.fact])) {
        resolution.report([...path, 'fact'], `there is no fact "${one.fact}"${suggestion(one.fact, facts.keys())}`);
      }
      return [];
    }
    const { measures } = shape.facts[fact.name]!;
    const written = Array.isArray(measures) ? measures.includes(one.measure) : Object.hasOwn(measures, one.measure);

    const measure = fact.measures.find((candidate) => candidate.name === one.measure);
    if (measure === undefined && !written && !resolution.document.isReported(['facts', fact.name, 'measures'])) {
      const known = fact.measures.map((candidate) => candidate.name);
      resolution.report(
        [...path, 'measure'],
        `fact "${fact.name}" has no measure "${one.measure}"${suggestion(one.measure, known)}`
      );
    } else if (measure !== undefined && !summable.includes(measure.value[0]?.type.name ?? 'integer')) {
      resolution.report([...path, 'measure'], `"${one.measure}" is not a number`);
    }

    const find = (at: (string | number)[], role: string): Dimension | undefined => {
      const lookup = fact.lookups.find((candidate) => candidate.role === role);
      if (lookup === undefined && !resolution.document.excuses(['facts', fact.name, 'dimensions', role])) {
        const roles = fact.lookups.map((candidate) => candidate.role);
        resolution.report(at, `fact "${fact.name}" has no dimension "${role}"${suggestion(role, roles)}`);
      }
      return lookup && dimensions.get(lookup.dimension);
    };
    const date = find([...path, 'date'], one.date);
    if (
      date !== undefined &&
      (date.kind !== 'dates' || !(['year', 'quarter'] as const).every((part) => date.attributes.includes(part)))
    ) {
      resolution.report(
        [...path, 'date'],
        `"${one.date}" is not a date dimension with the attributes year and quarter`
      );
    }
    const by = one.by.flatMap((text, index) => {
      const at = [...path, 'by', index];
      const [role, column, ...more] = text.split('.');
      if (role === undefined || column === undefined || more.length > 0) {
        resolution.report(at, `"${text}" is not of the form dimension.attribute`);
        return [];
      }
      const dimension = find(at, role);
      if (dimension === undefined) return [];
      const known = dimensionColumns(dimension).map((candidate) => candidate.name);
      const { key, attributes = [] } = shape.dimensions[dimension.name]!;
      if (!known.includes(column) && ![...list(key), ...attributes].includes(column)) {
        resolution.report(at, `dimension "${dimension.name}" has no attribute "${column}"${suggestion(column, known)}`);
      }
      return [{ role, column }];
    });
    resolution.checkUnique([...path, 'by'], ['period', 'growth', ...by.map(({ column }) => column)], 'the report');
    return [{ name, title: one.title ?? name, fact: one.fact, measure: one.measure, date: one.date, by }];
  });
}
