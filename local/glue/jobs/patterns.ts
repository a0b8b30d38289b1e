import type { DuckDbSession } from '../duckdb/session.js';
import { anchored, quoteLiteral } from '../duckdb/sql-text.js';
import { JobFailure } from './job-script.js';

/**
 * Tries the patterns of a spec before data is read, so that a wrong one is told by itself.
 * @param needsGroup true when a part is cut out by the pattern's group.
 * @throws JobFailure naming the first pattern that RE2 does not take.
 */
export async function checkPatterns(
  session: DuckDbSession,
  patterns: readonly string[],
  needsGroup: boolean
): Promise<void> {
  for (const pattern of patterns) {
    try {
      // With a list of names DuckDB insists on as many groups.
      const part = needsGroup ? `['part']` : '0';
      await session.rows(`SELECT regexp_extract('', ${quoteLiteral(anchored(pattern))}, ${part}) AS part`);
    } catch {
      throw new JobFailure(`Pattern ${pattern} is not an RE2 expression${needsGroup ? ' with a group' : ''}`);
    }
  }
}
