import { loadConfiguration } from '../../../model/configuration.js';
import type { CommandContext } from '../../command-context.js';
import { UsageError } from '../../errors.js';
import { table } from '../../output/table.js';
import { drawResult } from '../../quality/draw-result.js';
import { bucketStore } from '../../quality/bucket-store.js';
import { folderStore } from '../../quality/result-store.js';
import { timeOption } from '../../time-option.js';

/** Options of `sluice dq results`. */
export interface ResultsOptions {
  readonly database?: string;
  readonly table?: string;
  readonly ruleset?: string;
  readonly from?: string;
  readonly to?: string;
  readonly failed?: boolean;
  readonly limit?: number;
  readonly results?: string;
}

/**
 * `sluice dq results [ID]`: kept results, the latest first; the document is `{"results": [{"uri", "result"}], "skipped"}`.
 * With an id one result with its rules, as `{"uri", "result"}`.
 */
export async function results(context: CommandContext, id: string | undefined, options: ResultsOptions): Promise<void> {
  const { console, configFile, env } = context;
  const { from, to, results: folder, ...filter } = options;
  const [since, before] = [timeOption('--from', from), timeOption('--to', to)];
  const store =
    folder === undefined
      ? bucketStore(loadConfiguration({ file: configFile, env }).deployment.buckets.quality, env)
      : folderStore(folder);
  try {
    if (id !== undefined) {
      const found = await store.find(id);
      if (found === undefined) throw new UsageError(`There is no result ${id}; \`sluice dq results\` lists them.`);
      console.print(`${found.uri}\n${found.result.completedOn}\n${drawResult(found.result)}`);
      console.document(found);
      return;
    }
    const listed = await store.list({ ...filter, ...(since && { from: since }), ...(before && { to: before }) });
    for (const skipped of listed.skipped) console.note(`passed over ${skipped}`);
    const rows = listed.results.map(({ result }) => [
      result.completedOn.replace(/\.\d+Z$/, 'Z'),
      `${result.databaseName}.${result.tableName}`,
      result.ruleset_name,
      result.state,
      result.score,
      result.numRulesSucceeded,
      result.numRulesFailed,
      result.resultId,
    ]);
    const head = ['completed', 'table', 'ruleset', 'state', 'score', 'passed', 'failed', 'result'];
    console.print(rows.length === 0 ? 'No results.' : table(head, rows));
    console.document(listed);
  } finally {
    store.close();
  }
}
