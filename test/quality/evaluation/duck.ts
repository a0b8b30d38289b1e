import { DuckDBInstance } from '@duckdb/node-api';
import type { DuckDBConnection } from '@duckdb/node-api';
import { afterAll, beforeAll } from 'vitest';
import { evaluate, parse } from '../../../quality/index.js';
import type { EvaluationInput, EvaluationResult, RuleResult } from '../../../quality/index.js';

/** A DuckDB of the test file's own, in memory, with the given statements run. */
export class Duck {
  connection!: DuckDBConnection;
  private instance!: DuckDBInstance;

  /** Opens before all tests of the file and closes after them. */
  static forFile(...statements: string[]): Duck {
    const duck = new Duck();
    beforeAll(async () => {
      duck.instance = await DuckDBInstance.create(':memory:');
      duck.connection = await duck.instance.connect();
      for (const statement of statements) await duck.connection.run(statement);
    });
    afterAll(() => {
      duck.connection.closeSync();
      duck.instance.closeSync();
    });
    return duck;
  }

  /** Evaluates rules on a table. */
  evaluate(rules: string, primary: string, more: Partial<EvaluationInput> = {}): Promise<EvaluationResult> {
    return evaluate({ ruleset: parse(rules), connection: this.connection, primary, ...more });
  }

  /** Evaluates one rule. */
  async rule(rule: string, primary: string, more: Partial<EvaluationInput> = {}): Promise<RuleResult> {
    const { rules } = await this.evaluate(`Rules = [ ${rule} ]`, primary, more);
    return rules[0]!;
  }

  /** The rows of a query. */
  async rows(sql: string): Promise<unknown[]> {
    return (await this.connection.runAndReadAll(sql)).getRowObjectsJS();
  }
}
