import type { SimpleRule } from '../../syntax/ast.js';
import type { Check, Compile, Verdict, Workbench } from '../check.js';
import { conditionOf, judged, primaryAlias, thresholdOf, unmet } from '../check.js';
import { RuleError } from '../errors.js';
import { guardedQuery } from '../guard.js';
import { quoted } from '../identifiers.js';
import { holds } from '../numbers.js';

const customSql: Compile = async (bench, rule) => {
  const sql = await guardedQuery(bench, rule.parameters[0]!.value);
  return rule.condition === undefined ? goodRows(bench, rule, sql) : scalar(bench, rule, sql);
};

/** The statement's one number, compared. */
async function scalar(bench: Workbench, rule: SimpleRule, sql: string): Promise<Check> {
  const metric = 'Dataset.*.CustomSQL';
  const limits = await conditionOf(bench, rule, metric);
  const judge = async (): Promise<Verdict> => {
    const names = await columnNames(bench, sql);
    if (names.length !== 1) return failure('Custom SQL did not return exactly 1 column');
    const reader = await bench.connection.runAndReadAll(`SELECT TRY_CAST(v AS DOUBLE) FROM (${sql}) AS q(v) LIMIT 2`);
    const rows = reader.getRowsJS() as [number | null][];
    if (rows.length !== 1) return failure('Custom SQL did not return exactly 1 row');
    const [value] = rows[0]!;
    if (value === null) return failure('Custom SQL did not return a number');
    return judged(metric, value, limits);
  };
  return { judge, limits };
}

/** The statement returns the good rows, by some or all of the primary's columns. */
async function goodRows(bench: Workbench, rule: SimpleRule, sql: string): Promise<Check> {
  const metric = 'Dataset.*.CustomSQL.Compliance';
  const limits = (await thresholdOf(bench, rule, metric)) ?? { operator: '=' as const, numbers: [1] };
  const { primary } = bench;
  const total = bench.scan.add('count(*)');
  const own = new Map(primary.columns.map(({ name }) => [name.toLowerCase(), name]));
  const names = await columnNames(bench, sql);
  const strangers = names.filter((name) => !own.has(name.toLowerCase()));
  if (strangers.length === names.length) {
    throw new RuleError(
      'The output from CustomSQL must contain at least one column that matches the input dataset. Ensure that matching columns are returned from the SQL.'
    );
  }
  if (strangers.length > 0) {
    throw new RuleError(
      `The columns returned from the SQL statement should only belong to the primary table. Columns not found: ${strangers.join(', ')}`
    );
  }
  const columns = names.map((name) => quoted(own.get(name.toLowerCase())!));
  const aliases = columns.map((_, index) => `g${index}`);
  const same = columns
    .map((column, index) => `g.g${index} IS NOT DISTINCT FROM ${primaryAlias}.${column}`)
    .join(' AND ');
  const rows = `EXISTS (SELECT 1 FROM (${sql}) AS g(${aliases.join(', ')}) WHERE ${same})`;
  const judge = async (): Promise<Verdict> => {
    if (total.get() === 0) return failure('Custom SQL rule could not be evaluated due to data frame being empty');
    const reader = await bench.connection.runAndReadAll(
      `SELECT count(*)::DOUBLE FROM ${primary.sql} AS ${primaryAlias} WHERE ${rows}`
    );
    const share = (reader.getRowsJS()[0]![0] as number) / total.get()!;
    return judged(metric, share, limits, holds(limits, share) ? undefined : unmet(share, '.'));
  };
  return { judge, limits, rows };
}

async function columnNames(bench: Workbench, sql: string): Promise<string[]> {
  return (await bench.connection.runAndReadAll(`SELECT * FROM (${sql}) LIMIT 0`)).columnNames();
}

function failure(message: string): Verdict {
  return { passed: false, message, metrics: {} };
}

/** CustomSql, whose SQL is Spark's and can only read the primary and the aliases. */
export const customSqlRules: Record<string, Compile> = { CustomSql: customSql };
