/** How two tables are compared. */
export interface Reconciliation {
  /** Alias under which the rules know the other table, or `database.table` of the catalog. */
  readonly alias: string;
  /** Columns that tell rows apart in both tables, under the same names. */
  readonly keys?: readonly string[];
  /** Columns whose sums are compared. */
  readonly sums?: readonly string[];
}

/** Thrown for names that DQDL cannot say. */
export class ReconciliationError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ReconciliationError';
  }
}

/** DQDL separates the names within one of its strings by these, and knows no escape for them. */
const separators = /[",.{}()\s\\]|->/;

/**
 * Composes the ruleset that compares a table with another: as many rows, the same columns, and with keys every key of
 * each row found and every row alike; with sums, equal sums.
 * @returns DQDL, one rule a line.
 * @throws ReconciliationError for names that a rule cannot hold.
 */
export function reconciliationRuleset({ alias, keys = [], sums = [] }: Reconciliation): string {
  for (const name of [...keys, ...sums]) {
    if (name === '' || separators.test(name)) {
      throw new ReconciliationError(`DQDL cannot compare by the column ${JSON.stringify(name)}: rename it in a view`);
    }
  }
  if (!/^[A-Za-z_][A-Za-z0-9_-]*(\.[A-Za-z_][A-Za-z0-9_-]*)?$/.test(alias)) {
    throw new ReconciliationError(`${JSON.stringify(alias)} is no alias: it takes letters, digits, _ and -`);
  }
  const rules = [`RowCountMatch "${alias}" = 1.0`, `SchemaMatch "${alias}" = 1.0`];
  if (keys.length > 0) {
    const list = keys.join(',');
    rules.push(`ReferentialIntegrity "${list}" "${alias}.{${list}}" = 1.0`, `DatasetMatch "${alias}" "${list}" = 1.0`);
  }
  rules.push(...sums.map((column) => `AggregateMatch "sum(${column})" "sum(${alias}.${column})" = 1.0`));
  return `Rules = [\n${rules.map((rule) => `    ${rule}`).join(',\n')}\n]\n`;
}
