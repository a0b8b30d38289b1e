import { rename, writeFile } from 'node:fs/promises';
import { loadConfiguration } from '../../../model/configuration.js';
import { NothingToRecommendError, parse, recommendRuleset } from '../../../quality/index.js';
import type { CommandContext } from '../../command-context.js';
import { UsageError, messageOf } from '../../errors.js';
import { SluiceClient } from '../../index.js';
import { listenForInterruption } from '../../interruption.js';
import { openFiles } from '../../quality/data-files.js';
import { readObject } from '../../read-object.js';

/** Options of `sluice dq recommend`. */
export interface RecommendOptions {
  readonly engine?: 'duckdb' | 'glue';
  readonly data?: readonly string[];
  readonly database?: string;
  readonly table?: string;
  readonly rulesetName?: string;
  readonly approvalHours: number;
  readonly wait: boolean;
  readonly out?: string;
}

/**
 * `sluice dq recommend`: derives rules from files in this process, as `{"rules", "ruleset"}`; or has Glue recommend them
 * for a table, and waits for a person to approve, edit or reject them: `{"workflowId", "uri", "rules", "ruleset"}` and,
 * unless `--no-wait`, what was decided.
 */
export async function recommend(context: CommandContext, options: RecommendOptions): Promise<void> {
  const engine = options.engine ?? (options.data === undefined ? 'glue' : 'duckdb');
  await (engine === 'duckdb' ? recommendHere(context, options) : recommendInGlue(context, options));
}

async function recommendHere({ console }: CommandContext, { data, out }: RecommendOptions): Promise<void> {
  if (data === undefined) throw new UsageError('--engine duckdb needs --data FILE');
  const session = await openFiles();
  try {
    await session.open(data, 'data');
    const ruleset = await recommendRuleset(session.connection, 'data').catch((error: unknown) => {
      throw error instanceof NothingToRecommendError
        ? new UsageError(`${data.join(', ')}: no rows to learn from`)
        : error;
    });
    await writeOut(out, ruleset);
    const { length: rules } = parse(ruleset).rules;
    console.print(out === undefined ? ruleset.trimEnd() : `${rules} rules in ${out}`);
    console.document({ rules, ruleset, ...(out !== undefined && { out }) });
  } finally {
    await session.close();
  }
}

async function recommendInGlue(context: CommandContext, options: RecommendOptions): Promise<void> {
  const { configFile, env, console } = context;
  const { data, database, table, rulesetName, approvalHours, out } = options;
  if (data !== undefined) throw new UsageError('--engine glue does not take --data');
  if (database === undefined || table === undefined || rulesetName === undefined) {
    throw new UsageError('A table is needed: --data FILE, or in Glue --database, --table and --ruleset-name');
  }
  const configuration = loadConfiguration({ file: configFile, env });
  const interruption = listenForInterruption();
  const client = await SluiceClient.connect({ configuration, env });
  try {
    const approvalSeconds = approvalHours * 3600;
    const { workflowId } = await client.quality.recommend({ database, table, rulesetName, approvalSeconds });
    console.note(`Started ${workflowId}.`);
    const draft = await client.quality.draft(workflowId, interruption.signal);
    const ruleset = await readObject(draft.uri ?? '', env);
    await writeOut(out, ruleset);
    console.print(out === undefined ? ruleset.trimEnd() : `${draft.rules} rules in ${out}`);
    console.note(
      `${draft.uri} waits for a decision: sluice approve ${workflowId} [--ruleset FILE], or sluice reject ${workflowId}`
    );
    const document = { workflowId, uri: draft.uri, rules: draft.rules, ruleset };
    if (!options.wait) return console.document(document);
    const decided = await client.quality.recommended(workflowId, interruption.signal);
    const verdict = decided.accepted ? `saved as ${decided.rulesetName}` : 'not saved';
    console.print(`${decided.rules} rules are ${verdict}, by ${decided.decidedBy}`);
    console.document({ ...document, ...decided });
  } catch (error) {
    if (interruption.signal.aborted) console.note('The recommendation goes on without being waited for.');
    throw error;
  } finally {
    await client.close();
    interruption.dispose();
  }
}

async function writeOut(file: string | undefined, text: string): Promise<void> {
  if (file === undefined) return;
  try {
    await writeFile(`${file}.part`, text);
    await rename(`${file}.part`, file);
  } catch (error) {
    throw new UsageError(`--out: ${messageOf(error)}`, undefined, { cause: error });
  }
}
