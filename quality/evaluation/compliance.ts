import type { SimpleRule } from '../syntax/ast.js';
import type { Check, Verdict, Workbench } from './check.js';
import { filterOf, nothing, thresholdOf, unmet, within } from './check.js';
import { settled } from './comparison-sql.js';
import { holds } from './numbers.js';

/** How a rule on rows is judged by the share of rows that comply. */
export interface Compliance {
  metric: string;
  /** SQL that is TRUE, FALSE or NULL for a row; NULL does not comply. */
  predicate: string;
  /** Name for the message when there is nothing to judge. */
  analyzer: string;
  /** Whether a table whose every row answers NULL counts as one without values. */
  nullIsNothing?: boolean;
  /** What ends the words of a failure: the official engine is not of one mind. */
  end?: '!' | '.';
  /** Words for a failure, by share. */
  message?: (share: number) => string;
  /** Words of a pass where the filter leaves no rows. */
  emptyMessage?: string;
}

/** The check of a rule by the share of complying rows: all of them, or as many as its threshold asks. */
export async function complianceCheck(bench: Workbench, rule: SimpleRule, how: Compliance): Promise<Check> {
  const where = await filterOf(bench, rule);
  const limits = (await thresholdOf(bench, rule, how.metric)) ?? { operator: '=' as const, numbers: [1] };
  const rows = bench.scan.add('count(*)', where);
  const complying = bench.scan.add('count(*)', where, how.predicate);
  const answered = how.nullIsNothing ? bench.scan.add('count(*)', where, `${how.predicate} IS NOT NULL`) : rows;
  const judge = (): Verdict => {
    if (rows.get() === 0 && how.emptyMessage !== undefined) {
      return { passed: true, message: how.emptyMessage, metrics: {} };
    }
    if (rows.get() === 0 || (answered.get() === 0 && where === undefined)) return nothing(where, how.analyzer);
    const share = complying.get()! / rows.get()!;
    const passed = holds(limits, share);
    const message = passed ? {} : { message: how.message?.(share) ?? unmet(share, how.end) };
    return { passed, ...message, metrics: { [how.metric]: share } };
  };
  const failing = (): number => rows.get()! - complying.get()!;
  return { judge, limits, rows: within(where, settled(how.predicate)), failing };
}
