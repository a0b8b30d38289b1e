import type { CatalogTable } from '../../../activities/quality/evaluation.js';
import { loadConfiguration } from '../../../model/configuration.js';
import type { CommandContext } from '../../command-context.js';
import { UsageError } from '../../errors.js';
import { SluiceClient } from '../../index.js';
import { listenForInterruption } from '../../interruption.js';
import { bucketStore } from '../../quality/bucket-store.js';
import { drawResult } from '../../quality/draw-result.js';
import { conclude, demandOf, referencesOf } from './evaluate.js';
import type { EvaluateOptions, Rules } from './evaluate.js';

/** `sluice dq evaluate --engine glue`: starts the workflow `evaluate` or `reconcile` and waits for its result. */
export async function evaluateInGlue(context: CommandContext, rules: Rules, options: EvaluateOptions): Promise<void> {
  const { configFile, env, console } = context;
  const { database, table, composite: compositeMethod } = options;
  if (database === undefined || table === undefined) {
    throw new UsageError('Data is needed: --data FILE, or in Glue --database and --table');
  }
  const references: Record<string, CatalogTable> = {};
  for (const [alias, source] of referencesOf(options)) {
    const [inDatabase, name, ...rest] = source.split('.');
    if (!inDatabase || !name || rest.length > 0) {
      throw new UsageError(`--reference ${alias}: in Glue it takes database.table, not ${source}`);
    }
    references[alias] = { database: inDatabase, table: name };
  }
  const configuration = loadConfiguration({ file: configFile, env });
  const { quality } = configuration.deployment.buckets;
  const interruption = listenForInterruption();
  const client = await SluiceClient.connect({ configuration, env });
  const store = bucketStore(quality, env);
  try {
    const demand = demandOf(options);
    const evaluated = await client.quality.evaluate(
      options.reconcile === undefined ? 'evaluate' : 'reconcile',
      {
        request: {
          database,
          table,
          rulesetName: rules.name,
          // What was given by the command is what is meant, also where Glue has a ruleset of the name.
          ...(rules.text !== undefined && { ruleset: rules.text, declared: true }),
          resultsPrefix: `s3://${quality}/defaultlogs`,
          references,
          ...(compositeMethod && { compositeMethod }),
        },
        demand,
      },
      interruption.signal
    );
    const [summary] = evaluated.evaluations;
    const kept = summary && (await store.find(summary.resultId));
    if (kept === undefined) throw new Error(`The result of ${evaluated.workflowId} is not in ${quality}`);
    console.print(drawResult(kept.result));
    conclude(context, options, { workflowId: evaluated.workflowId, ...kept });
  } finally {
    store.close();
    await client.close();
    interruption.dispose();
  }
}
