import type { CompositeRule, Rule, SimpleRule } from '../syntax/ast.js';
import type { Check, Workbench } from './check.js';
import { primaryAlias, unmet } from './check.js';
import { asRuleError, RuleError } from './errors.js';
import type { Limits } from './numbers.js';
import type { Outcome } from './outcome.js';
import { combined } from './outcome.js';
import { compileRule } from './rules/index.js';

/** How composites are evaluated: each operand over all rows, or all operands row by row. */
export type CompositeMethod = 'COLUMN' | 'ROW';

/** A rule whose needs stand in the shared scans. */
export interface PreparedRule {
  rule: Rule;
  /** Never throws: what goes wrong is an ERROR. */
  outcome(): Promise<Outcome>;
  /** SQL over the primary that is TRUE where a row complies; absent for rules on the table as a whole. */
  rows?: string;
  /** For rules on rows, once the scans have run: how many rows fail, where the metrics tell. */
  failing?: () => number | undefined;
  /** What a simple rule's operands came to. */
  limits?: Limits;
  /** A composite's operands. */
  operands?: PreparedRule[];
}

/** Makes a rule ready. Never throws. */
export async function prepareRule(bench: Workbench, rule: Rule, method: CompositeMethod): Promise<PreparedRule> {
  return rule.kind === 'rule' ? prepareSimple(bench, rule) : prepareComposite(bench, rule, method);
}

/** Makes a rule that is no composite ready. Never throws. */
export async function prepareSimple(bench: Workbench, rule: SimpleRule): Promise<PreparedRule> {
  let check: Check;
  try {
    check = await compileRule(bench, rule);
  } catch (error) {
    return { rule, outcome: () => Promise.resolve(failure(error)) };
  }
  const outcome = async (): Promise<Outcome> => {
    try {
      const { passed, ...rest } = await check.judge();
      return { result: passed ? 'PASS' : 'FAIL', ...rest };
    } catch (error) {
      return failure(error);
    }
  };
  return { rule, outcome, rows: check.rows, failing: check.failing, limits: check.limits };
}

function failure(error: unknown): Outcome {
  return { result: 'ERROR', message: asRuleError(error).message, metrics: {} };
}

async function prepareComposite(bench: Workbench, rule: CompositeRule, method: CompositeMethod): Promise<PreparedRule> {
  const operands: PreparedRule[] = [];
  for (const operand of rule.operands) operands.push(await prepareRule(bench, operand, 'COLUMN'));
  const glue = ` ${rule.operator} `;
  const rows = operands.every((operand) => operand.rows !== undefined)
    ? `(${operands.map((operand) => operand.rows).join(glue)})`
    : undefined;
  const byColumn = async (): Promise<Outcome> => combined(rule.operator, await outcomes(operands));
  if (method === 'COLUMN') return { rule, outcome: byColumn, rows, operands };
  return { rule, outcome: () => byRow(bench, rule, operands), rows, operands };
}

async function outcomes(operands: readonly PreparedRule[]): Promise<Outcome[]> {
  const all: Outcome[] = [];
  for (const operand of operands) all.push(await operand.outcome());
  return all;
}

const notByRow = new Set(['Completeness', 'Uniqueness', 'DatasetMatch', 'ReferentialIntegrity']);

function refuseByRow(rule: Rule): void {
  if (rule.kind === 'composite') rule.operands.forEach(refuseByRow);
  else if (notByRow.has(rule.type) || rule.threshold !== undefined) {
    const what = notByRow.has(rule.type) ? rule.type : `${rule.type} with threshold`;
    throw new RuleError(`${what} cannot be evaluated row by row: use the composite method COLUMN`);
  }
}

async function byRow(bench: Workbench, rule: CompositeRule, operands: readonly PreparedRule[]): Promise<Outcome> {
  try {
    refuseByRow(rule);
    const own = await outcomes(operands);
    const { message, metrics } = combined(rule.operator, own);
    if (own.some(({ result }) => result === 'ERROR')) return { result: 'ERROR', message, metrics };
    const statement = `SELECT count(*)::DOUBLE, count(*) FILTER (WHERE ok)::DOUBLE FROM (
      SELECT ${await rowTerm(rule.operator, operands)} AS ok FROM ${bench.primary.sql} AS ${primaryAlias})`;
    const [total, passed] = (await bench.connection.runAndReadAll(statement)).getRowsJS()[0] as [number, number];
    if (passed === total) return { result: 'PASS', metrics };
    return { result: 'FAIL', message: unmet(passed / total), metrics };
  } catch (error) {
    return failure(error);
  }
}

/** The operands' predicates combined; a rule on the table as a whole says the same of every row. */
async function rowTerm(operator: 'AND' | 'OR', operands: readonly PreparedRule[]): Promise<string> {
  const terms: string[] = [];
  for (const { rule, rows, operands: nested, outcome } of operands) {
    if (rows !== undefined) terms.push(rows);
    else if (rule.kind === 'composite') terms.push(await rowTerm(rule.operator, nested ?? []));
    else terms.push(String((await outcome()).result === 'PASS'));
  }
  return `(${terms.join(` ${operator} `)})`;
}
