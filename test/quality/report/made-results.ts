import { resultDocument } from '../../../quality/results/result-document.js';
import type { ResultDocument, RuleRun } from '../../../quality/results/result-document.js';

/** Texts that would be markup, script or the end of the page's data if anything took them for more than text. */
export const hostile = {
  ruleset: '</script><script>window.hacked=1</script>',
  table: 'orders"><img src=x onerror=window.hacked=1>',
  message: 'Value <b onmouseover=window.hacked=1>&amp;</b> --> <!-- </SCRIPT> \u2028 {share|x} ${1} $& $1',
  key: '<svg/onload=window.hacked=1>',
} as const;

const ruleTexts = [
  'IsComplete "id"',
  'ColumnValues "price" > 0',
  'ColumnValues "status" in ["a", "b"]',
  '(RowCount > 1) and (IsUnique "id")',
  'CustomSql "select 1" = 1',
  'Nothing of the kind',
];

/** One result: rules pass unless their index says otherwise; rows are told where `rows` is. */
export function madeResult(
  id: string,
  at: { database?: string; table?: string; ruleset?: string; day: string },
  {
    failed = [],
    errors = [],
    rows,
  }: { failed?: readonly number[]; errors?: readonly number[]; rows?: readonly [number, number] } = {}
): ResultDocument {
  const rules = ruleTexts.map((text, index): RuleRun => {
    const Result = errors.includes(index) ? 'ERROR' : failed.includes(index) ? 'FAIL' : 'PASS';
    const rule = { Name: `Rule_${index + 1}`, Result, Description: text, EvaluatedMetrics: {} } as const;
    if (Result === 'PASS') return { ...rule, EvaluationMessage: '' };
    const keys = Array.from({ length: 5 }, (_, at) => ({ id: `${id}-${at}`, name: hostile.key }));
    return { ...rule, EvaluationMessage: `${id}: ${hostile.message}`, FailedRows: 1234, SampleKeys: keys };
  });
  return resultDocument({
    rulesetName: at.ruleset ?? 'orders-rules',
    database: at.database ?? 'shop',
    table: at.table ?? 'orders',
    runId: `run-${id}`,
    resultId: id,
    score: (rules.length - failed.length - errors.length) / rules.length,
    startedOn: new Date(`${at.day}T01:00:00Z`),
    completedOn: new Date(`${at.day}T01:02:00Z`),
    totalRows: rows?.[0],
    passedRows: rows?.[1],
    engine: 'duckdb',
    rules,
  });
}

/** Results of three tables in two databases on eight days, of which some are told twice and one skipped rules. */
export function madeResults(): ResultDocument[] {
  const results: ResultDocument[] = [];
  for (let day = 1; day <= 8; day += 1) {
    const on = `2026-03-0${day}`;
    const rows = [1000 + day, 990 - day] as const;
    results.push(madeResult(`a${day}`, { day: on }, { failed: day % 3 === 0 ? [1, 2] : [], rows }));
    results.push(madeResult(`b${day}`, { day: on, table: 'items', ruleset: 'items-rules' }, { errors: [4] }));
    if (day % 2 === 0) {
      const elsewhere = { database: 'ware', table: hostile.table, ruleset: hostile.ruleset, day: on };
      results.push(madeResult(`c${day}`, elsewhere, { failed: [0, 5], errors: [3], rows: [50, 10] }));
    }
  }
  const skipping = { ...results[0]!, resultId: 'skipping', numRulesSkipped: '4' };
  return [...results, results[0]!, results[3]!, skipping];
}
