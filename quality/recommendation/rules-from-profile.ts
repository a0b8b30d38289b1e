import type { ColumnProfile, TableProfile } from './profile.js';

/** Share of rows by which counts may differ next time. */
const rowCountMargin = 0.5;
/** Share by which means and deviations may differ next time. */
const shapeMargin = 0.1;
/** A value set needs so many rows for each value before it is taken for a closed one. */
const rowsPerValue = 10;
/** Weaker correlations are no rule of the data. */
const strongCorrelation = 0.8;
const maximumCorrelations = 5;

const quoted = (text: string): string => `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;

/** DQDL knows no exponents. Ten digits after the point are more than a rule needs. */
function literal(value: number): string | undefined {
  const text = value.toFixed(10).replace(/\.?0+$/, '');
  return /^-?\d+(\.\d+)?$/.test(text) ? text : undefined;
}

const roundDown = (value: number, digits: number): number => Math.floor(value * 10 ** digits) / 10 ** digits;
const roundUp = (value: number, digits: number): number => Math.ceil(value * 10 ** digits) / 10 ** digits;

/** Sums of floating point numbers differ in their last digits with the order in which threads add them. */
const stable = (value: number): number => Number(value.toPrecision(9));

/** `between` excludes its ends: they lie a margin outside of what was seen. */
function around(measured: number, margin: number): string | undefined {
  const value = stable(measured);
  const width = Math.abs(value) * margin;
  if (width === 0) return undefined;
  const digits = Math.max(2, 2 - Math.floor(Math.log10(width)));
  if (digits > 10) return undefined;
  const [low, high] = [literal(roundDown(value - width, digits)), literal(roundUp(value + width, digits))];
  return low === undefined || high === undefined ? undefined : `between ${low} and ${high}`;
}

function completeness(column: ColumnProfile, rows: number): string[] {
  const name = quoted(column.name);
  if (column.values === rows) return [`IsComplete ${name}`];
  const share = roundDown((column.values / rows) * 0.98, 2);
  return share <= 0 ? [] : [`Completeness ${name} >= ${literal(share) ?? '0'}`];
}

function uniqueness(column: ColumnProfile, rows: number): string[] {
  const name = quoted(column.name);
  if (rows < 2 || column.values === 0 || column.kind === 'other') return [];
  if (column.unique === column.values && column.values === rows) return [`IsUnique ${name}`];
  const share = column.unique / rows;
  return share >= 0.95 ? [`Uniqueness ${name} >= ${literal(roundDown(share * 0.98, 2)) ?? '0'}`] : [];
}

/** A quoted date or time of day is no text in DQDL, and may not stand in a list with texts. */
const dateLike = /^\d{4}-\d{2}-\d{2}$|^\d{1,2}:\d{2}( ?[AP]M)?$/i;

/** The rule on the rows that have a value: those that are NULL fail every comparison. */
function whereKnown(column: ColumnProfile, rows: number, rules: readonly string[]): string[] {
  if (column.values === rows) return [...rules];
  if (column.values === 0 || !/^[A-Za-z_][A-Za-z0-9_]*$/.test(column.name)) return [];
  return rules.map((rule) => `${rule} where "\`${column.name}\` is not null"`);
}

function values(column: ColumnProfile): string[] {
  const name = quoted(column.name);
  const { valueSet, minimum, maximum, firstDay } = column;
  if (valueSet !== undefined && column.values >= valueSet.length * rowsPerValue && column.distinct < column.values) {
    if (column.kind === 'number') return [`ColumnValues ${name} in [${valueSet.join(', ')}]`];
    if (column.kind === 'text' && !valueSet.some((value) => dateLike.test(value))) {
      const list = valueSet.map((value) => (value === '' ? 'EMPTY' : quoted(value)));
      return [`ColumnValues ${name} in [${list.join(', ')}]`];
    }
  }
  if (column.kind === 'number' && minimum !== undefined && maximum !== undefined) {
    const [low, high] = [literal(roundDown(minimum, 10)), literal(roundUp(maximum, 10))];
    return [
      ...(low === undefined ? [] : [`ColumnValues ${name} >= ${low}`]),
      ...(high === undefined ? [] : [`ColumnValues ${name} <= ${high}`]),
    ];
  }
  return firstDay === undefined ? [] : [`ColumnValues ${name} >= "${firstDay}"`];
}

function shape(column: ColumnProfile, rows: number): string[] {
  const name = quoted(column.name);
  const { mean, deviation, distinct } = column;
  const rules: string[] = [];
  if (column.kind === 'number' && distinct > 2 && distinct < rows) {
    const about = mean === undefined ? undefined : around(mean, shapeMargin);
    const spread = deviation === undefined ? undefined : around(deviation, shapeMargin);
    if (about !== undefined) rules.push(`Mean ${name} ${about}`);
    if (spread !== undefined) rules.push(`StandardDeviation ${name} ${spread}`);
  }
  return rules;
}

function lengths({ name, kind, shortest, longest }: ColumnProfile): string[] {
  if (kind !== 'text' || shortest === undefined || longest === undefined) return [];
  if (shortest === longest) return [`ColumnLength ${quoted(name)} = ${shortest}`];
  if (shortest === 0) return [`ColumnLength ${quoted(name)} <= ${longest}`];
  return [`ColumnLength ${quoted(name)} between ${shortest - 1} and ${longest + 1}`];
}

function correlations({ correlations: found }: TableProfile): string[] {
  return found
    .filter(({ coefficient }) => Math.abs(coefficient) >= strongCorrelation)
    .slice(0, maximumCorrelations)
    .map(({ columns: [left, right], coefficient }) => {
      const limit = roundDown(stable(Math.abs(stable(coefficient)) * 0.9), 2);
      const condition = coefficient > 0 ? `> ${limit}` : `< -${limit}`;
      return `ColumnCorrelation ${quoted(left)} ${quoted(right)} ${condition}`;
    });
}

/**
 * Rules in DQDL that a profile suggests, in the order of the columns: what the data shows, with room for tomorrow's
 * data, and nothing that no data could break. The same profile always gives the same rules. Empty for an empty table.
 */
export function rulesFromProfile(profile: TableProfile): string[] {
  const { rows, columns } = profile;
  if (rows === 0) return [];
  const low = Math.floor(rows * (1 - rowCountMargin));
  const high = Math.ceil(rows * (1 + rowCountMargin));
  return [
    `RowCount between ${low} and ${Math.max(high, rows + 1)}`,
    `ColumnCount = ${columns.length}`,
    ...columns.flatMap((column) => [
      ...completeness(column, rows),
      ...uniqueness(column, rows),
      ...whereKnown(column, rows, values(column)),
      ...shape(column, rows),
      ...whereKnown(column, rows, lengths(column)),
    ]),
    ...correlations(profile),
  ];
}
