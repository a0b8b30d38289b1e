import { resolve } from 'node:path';
import { datasetColumns } from '../../../model/dataset-columns.js';
import { loadModel } from '../../../model/index.js';
import { loadConfiguration } from '../../../model/configuration.js';
import { suggestion } from '../../../model/near-name.js';
import { lint as lintRuleset } from '../../../quality/index.js';
import type { Finding } from '../../../quality/index.js';
import type { CommandContext } from '../../command-context.js';
import { UsageError } from '../../errors.js';
import { readRulesetText } from '../../quality/ruleset-file.js';

/** Options of `sluice dq lint`. */
export interface LintOptions {
  readonly model?: string;
  readonly table?: string;
}

/**
 * `sluice dq lint FILE...`: checks DQDL files, with `--table` also against the columns of a dataset of the model.
 * @throws UsageError - listing each error as `file:line:column message`; warnings alone end the command well.
 */
export function lint(context: CommandContext, files: readonly string[], options: LintOptions): Promise<void> {
  const { console } = context;
  const columns = columnsOf(context, options);
  const results = files.map((file) => {
    const { ruleset, findings } = lintRuleset(readRulesetText(file), { columns });
    return { file, rules: ruleset?.rules.length ?? 0, analyzers: ruleset?.analyzers.length ?? 0, findings };
  });
  const found = (severity: Finding['severity']): string[] =>
    results.flatMap(({ file, findings }) =>
      findings
        .filter((finding) => finding.severity === severity)
        .map(({ line, column, message }) => `${file}:${line}:${column} ${message}`)
    );
  for (const warning of found('warning')) console.note(`warning: ${warning}`);
  const errors = found('error');
  if (errors.length > 0) {
    const faulty = results.filter(({ findings }) => findings.some(({ severity }) => severity === 'error')).length;
    throw new UsageError(`${faulty} of ${results.length} rulesets cannot be used`, errors);
  }
  console.print(
    results.map(({ file, rules, analyzers }) => `${file}: ${rules} rules, ${analyzers} analyzers`).join('\n')
  );
  console.document({ files: results });
  return Promise.resolve();
}

function columnsOf(context: CommandContext, { model, table }: LintOptions): readonly string[] | undefined {
  if (table === undefined) {
    if (model !== undefined) throw new UsageError('--model needs --table, the dataset whose columns are meant');
    return undefined;
  }
  const file = model ?? loadConfiguration({ file: context.configFile, env: context.env }).model;
  const datasets = datasetColumns(loadModel(resolve(file)));
  const columns = datasets.get(table);
  if (columns !== undefined) return columns;
  throw new UsageError(`--table: the model has no dataset "${table}"${suggestion(table, datasets.keys())}`, [
    `there is ${[...datasets.keys()].join(', ')}`,
  ]);
}
