import type { DuckDBConnection } from '@duckdb/node-api';

/** A node of DuckDB's plan, as `EXPLAIN (FORMAT json)` prints it. */
interface PlanNode {
  readonly name: string;
  readonly children: readonly PlanNode[];
  readonly extra_info: { readonly Projections?: string | readonly string[] };
}

interface Aggregate {
  readonly sql: string;
}

const plain = /^(count|min|max)\((?:\*|"((?:[^"]|"")+)")\)$/;

/**
 * Picks the aggregates that DuckDB answers from statistics of the file or table, without reading a row: `count(*)`,
 * `count` of columns without NULLs, `min` and `max`. In one statement with others, a column of theirs would be read all
 * the same. What it picks is only a matter of speed: whoever asks runs the aggregates. Never throws.
 * @param table qualified and quoted
 */
export async function answeredByStatistics<T extends Aggregate>(
  connection: DuckDBConnection,
  table: string,
  aggregates: readonly T[]
): Promise<T[]> {
  const candidates = aggregates.filter(({ sql }) => plain.test(sql));
  const plan = (chosen: readonly T[]): Promise<PlanNode | undefined> => planOf(connection, table, chosen);
  const counts = candidates.filter(({ sql }) => sql.startsWith('count'));
  const read = columnsRead(await plan(counts));
  const known = counts.filter(({ sql }) => !read.has(plain.exec(sql)?.[2]?.replaceAll('""', '"') ?? ''));
  const withEnds = [...known, ...candidates.filter(({ sql }) => !sql.startsWith('count'))];
  if (readsNothing(await plan(withEnds))) return withEnds;
  return readsNothing(await plan(known)) ? known : [];
}

async function planOf(
  connection: DuckDBConnection,
  table: string,
  aggregates: readonly Aggregate[]
): Promise<PlanNode | undefined> {
  if (aggregates.length === 0) return undefined;
  try {
    const reader = await connection.runAndReadAll(
      `EXPLAIN (FORMAT json) SELECT ${aggregates.map(({ sql }) => sql).join(', ')} FROM ${table}`
    );
    return (JSON.parse(String(reader.getRowsJS()[0]?.[1])) as PlanNode[])[0];
  } catch {
    return undefined;
  }
}

/** What the aggregates of a plan take from below: the names of columns that statistics did not answer. */
function columnsRead(node: PlanNode | undefined): ReadonlySet<string> {
  if (node === undefined) return new Set();
  const [child] = node.children;
  return node.name === 'UNGROUPED_AGGREGATE'
    ? new Set([child?.extra_info.Projections ?? []].flat())
    : columnsRead(child);
}

const withoutReading = new Set(['PROJECTION', 'COLUMN_DATA_SCAN', 'DUMMY_SCAN']);

function readsNothing(node: PlanNode | undefined): boolean {
  return node !== undefined && withoutReading.has(node.name) && node.children.every(readsNothing);
}
