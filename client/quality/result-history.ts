import type { MetricHistory } from '../../quality/index.js';
import type { ResultStore } from './result-store.js';

/** Results that dynamic rules look back to. `last(k)` rarely asks for more; anomalies are judged by as many. */
const maximumResults = 100;

/** Past metrics of a table, read once from its kept results, whichever ruleset and engine they are of. */
export function resultHistory(
  store: ResultStore,
  { database, table }: { readonly database: string; readonly table: string }
): MetricHistory {
  let past: Promise<readonly Readonly<Record<string, number>>[]> | undefined;
  const read = async (): Promise<Readonly<Record<string, number>>[]> => {
    const { results } = await store.list({ database, table, limit: maximumResults });
    return results.map(({ result }) => {
      const runs = [...result.resultrun, ...(result.analyzerrun ?? [])];
      return Object.assign({}, ...runs.map(({ EvaluatedMetrics }) => EvaluatedMetrics)) as Record<string, number>;
    });
  };
  return {
    async values(metric) {
      past ??= read();
      return (await past).flatMap((metrics) => (metrics[metric] === undefined ? [] : [metrics[metric]]));
    },
  };
}
