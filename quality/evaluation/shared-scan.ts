import type { DuckDBConnection } from '@duckdb/node-api';
import type { Dataset } from './dataset.js';
import type { RuleError } from './errors.js';
import { asRuleError } from './errors.js';
import { answeredByStatistics } from './table-statistics.js';

/** A number a statement will have answered once it has run; NULL stands for "no values". */
export interface Cell {
  /** @throws RuleError when the expression could not be evaluated. */
  get(): number | null;
}

/** Beside many aggregates, `count_if` costs DuckDB less than FILTER; it skips NULL too. */
function filtered(aggregate: string, filter: string): string {
  return aggregate === 'count(*)' ? `count_if(${filter})` : `${aggregate} FILTER (WHERE ${filter})`;
}

class PendingCell implements Cell {
  outcome: { value: number | null } | { error: RuleError } | undefined;
  constructor(readonly sql: string) {}
  get(): number | null {
    if (this.outcome === undefined) throw new Error(`The scan has not run: ${this.sql}`);
    if ('error' in this.outcome) throw this.outcome.error;
    return this.outcome.value;
  }
}

/**
 * Aggregates over one dataset, gathered from all rules and answered by one statement. When that statement fails, the
 * expressions at fault are found by preparing each alone and then by halving, so that one bad rule costs only itself.
 */
export class SharedScan {
  private readonly cells = new Map<string, PendingCell>();

  constructor(
    private readonly connection: DuckDBConnection,
    private readonly dataset: Dataset
  ) {}

  /** Adds an aggregate, such as `count(*)`; the same text twice is one cell. Its value is read as DOUBLE. */
  add(aggregate: string, ...where: (string | undefined)[]): Cell {
    const conditions = where.filter((condition) => condition !== undefined);
    const filter = conditions.map((condition) => `(${condition})`).join(' AND ');
    const sql = filter === '' ? aggregate : filtered(aggregate, filter);
    let cell = this.cells.get(sql);
    if (cell === undefined) this.cells.set(sql, (cell = new PendingCell(sql)));
    return cell;
  }

  /** Runs what has not run yet. Never throws: failures stay with their cells. */
  async run(): Promise<void> {
    const pending = [...this.cells.values()].filter(({ outcome }) => outcome === undefined);
    if (pending.length === 0) return;
    const known = await answeredByStatistics(this.connection, this.dataset.sql, pending);
    if (known.length > 0) await this.answer(known);
    const unknown = pending.filter(({ outcome }) => outcome === undefined);
    if (unknown.length === 0 || (await this.answer(unknown))) return;
    const sound = [];
    for (const cell of unknown) if (await this.binds(cell)) sound.push(cell);
    await this.halve(sound);
  }

  private statement(cells: readonly PendingCell[]): string {
    return `SELECT ${cells.map(({ sql }) => `(${sql})::DOUBLE`).join(',\n')}\nFROM ${this.dataset.sql}`;
  }

  private async answer(cells: readonly PendingCell[]): Promise<boolean> {
    try {
      const reader = await this.connection.runAndReadAll(this.statement(cells));
      const [row] = reader.getRowsJS() as (number | null)[][];
      cells.forEach((cell, index) => (cell.outcome = { value: row![index]! }));
      return true;
    } catch (error) {
      if (cells.length === 1) cells[0]!.outcome = { error: asRuleError(error) };
      return cells.length === 1;
    }
  }

  private async binds(cell: PendingCell): Promise<boolean> {
    try {
      const prepared = await this.connection.prepare(this.statement([cell]));
      prepared.destroySync();
      return true;
    } catch (error) {
      cell.outcome = { error: asRuleError(error) };
      return false;
    }
  }

  private async halve(cells: readonly PendingCell[]): Promise<void> {
    if (cells.length === 0 || (await this.answer(cells))) return;
    const middle = Math.ceil(cells.length / 2);
    await this.halve(cells.slice(0, middle));
    await this.halve(cells.slice(middle));
  }
}
