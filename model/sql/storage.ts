import type { Dimension, Fact } from '../warehouse-model.js';
import { quote } from './text.js';

/** From so many members on, a copy on every node costs more than a join over the network saves. */
const manyRows = 1_000_000;

const distribute = (column: string): string => `DISTSTYLE KEY DISTKEY (${quote(column)})`;

/**
 * The column that a fact's rows are spread by: what the model says; else the key of the largest dimension that is too
 * large to be copied to every node; else the fact's own key, whose rows are deleted and inserted together; else that of
 * a dimension with members. Never a date by choice: all rows of a day would come to one slice.
 */
function distributionOf(fact: Fact, dimensions: readonly Dimension[]): string | undefined {
  const sizes = fact.lookups.flatMap(({ column, dimension }) => {
    const { kind, rows = 0 } = dimensions.find(({ name }) => name === dimension)!;
    return kind === 'members' ? [{ column, rows }] : [];
  });
  const [largest] = sizes.toSorted((a, b) => b.rows - a.rows);
  if (fact.distribution !== undefined) return fact.distribution;
  if (largest !== undefined && largest.rows >= manyRows) return largest.column;
  return fact.key?.column ?? largest?.column;
}

/** Distribution and sort key of a fact in staging and dwh: sorted by its first date, which reports filter by. */
export function factStorage(fact: Fact, dimensions: readonly Dimension[]): string {
  const by = distributionOf(fact, dimensions);
  const date = fact.lookups.find((one) => dimensions.find(({ name }) => name === one.dimension)?.kind === 'dates');
  return [
    by === undefined ? 'DISTSTYLE AUTO' : distribute(by),
    ...(date === undefined ? [] : [`SORTKEY (${quote(date.column)})`]),
  ].join(' ');
}

/**
 * Distribution and sort key of a dimension in dwh: small ones on every node, a large one by the key that a fact is spread
 * by as well, so that their join stays on the node. AUTO where the size is not known: Redshift begins with ALL and
 * changes it as the table grows.
 */
export function dimensionStorage(dimension: Dimension, facts: readonly Fact[], all: readonly Dimension[]): string {
  const { name, kind, rows } = dimension;
  const sort = `SORTKEY (${quote(`${name}key`)})`;
  if (kind === 'dates' || (rows !== undefined && rows < manyRows)) return `DISTSTYLE ALL ${sort}`;
  const together = facts.some((fact) => {
    const by = distributionOf(fact, all);
    return fact.lookups.some((lookup) => lookup.dimension === name && lookup.column === by);
  });
  return rows !== undefined && together ? `${distribute(`${name}key`)} ${sort}` : `DISTSTYLE AUTO ${sort}`;
}
