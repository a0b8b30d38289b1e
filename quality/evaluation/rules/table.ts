import type { Compile } from '../check.js';
import { conditionOf, filterOf, judged, unmet, verdict } from '../check.js';
import { RuleError } from '../errors.js';
import { findColumn } from '../dataset.js';
import { holds } from '../numbers.js';

const rowCount: Compile = async (bench, rule) => {
  const metric = 'Dataset.*.RowCount';
  const limits = await conditionOf(bench, rule, metric);
  const count = bench.scan.add('count(*)', await filterOf(bench, rule));
  return { limits, judge: () => whole(metric, count.get()!, holds(limits, count.get()!)) };
};

const columnCount: Compile = async (bench, rule) => {
  const metric = 'Dataset.*.ColumnCount';
  const limits = await conditionOf(bench, rule, metric);
  const count = bench.primary.columns.length;
  return { limits, judge: () => whole(metric, count, holds(limits, count)) };
};

/** A verdict on a number that the official engine counts in whole numbers, and prints so. */
export function whole(metric: string, value: number, passed: boolean): ReturnType<typeof verdict> {
  return verdict(metric, value, passed, unmet(String(value)));
}

const columnExists: Compile = ({ primary }, { parameters: [column] }) => {
  const name = column!.value;
  // Case counts here, unlike where a rule reads a column.
  const exists = findColumn(primary, name)?.name === name ? 1 : 0;
  return { judge: () => judged(`Dataset.${name}.ColumnExists`, exists, { operator: '=', numbers: [1] }) };
};

const columnNamesMatchPattern: Compile = ({ primary }, { parameters: [pattern] }) => {
  const names = primary.columns.map(({ name }) => name);
  const strangers = names.filter((name) => !regularExpression(pattern!.value).test(name));
  const ratio = (names.length - strangers.length) / names.length;
  const message = `Columns that do not match the pattern: ${strangers.join(', ')}`;
  return { judge: () => verdict('Dataset.*.ColumnNamesPatternMatchRatio', ratio, strangers.length === 0, message) };
};

function regularExpression(pattern: string): RegExp {
  try {
    // Without the flag u, escapes that are none, such as \-, stand for themselves, as in Java.
    return new RegExp(pattern, /\\p\{/i.test(pattern) ? 'u' : '');
  } catch {
    throw new RuleError(`Invalid regex pattern '${pattern}'`);
  }
}

const file: Compile = (_, { type }) => {
  throw new RuleError(`${type} looks at files and cannot be evaluated on a table: run it in AWS Glue`);
};

/** Rule types on the table as a whole, and those on files, which a table cannot answer. */
export const tableRules: Record<string, Compile> = {
  RowCount: rowCount,
  ColumnCount: columnCount,
  ColumnExists: columnExists,
  ColumnNamesMatchPattern: columnNamesMatchPattern,
  FileFreshness: file,
  FileMatch: file,
  FileSize: file,
  FileUniqueness: file,
};
