import { Option } from 'commander';
import type { Command } from 'commander';
import { gathered, labelValue, nameList, portNumber, positiveInteger, scoreNumber } from './arguments.js';
import type { Define } from './define.js';

/** Adds `dq`. */
export function dqCommands(program: Command, define: Define): void {
  const dq = program.command('dq').description('Data quality: rulesets in DQDL');
  define(
    dq,
    'lint <file...>',
    'Check DQDL files: syntax, what is accepted by accident, and columns against the model',
    ['sluice dq lint rules.dqdl', 'sluice dq lint orders.dqdl --model warehouse.yaml --table landing.order --json'],
    async () => (await import('../commands/dq/lint.js')).lint
  )
    .option('--model <file>', 'warehouse.yaml (default: the one of the configuration)')
    .option('--table <name>', 'dataset whose columns the rules name, such as lake.order, landing.order or dwh.order');

  define(
    dq,
    'evaluate',
    'Evaluate a ruleset over files in this process, or over a table of the catalog in Glue; ends with 3 when it fails',
    [
      'sluice dq evaluate --data orders.csv.gz --ruleset orders.dqdl --keys orderid',
      'sluice dq evaluate --data new.parquet --reconcile old --reference old=old.parquet --keys id --sum price',
      'sluice dq evaluate --engine glue --database sluice_lake --table ecommerce_order --ruleset-name orders --json',
    ],
    async () => (await import('../commands/dq/evaluate.js')).evaluate
  )
    .addOption(new Option('--engine <name>', 'default: duckdb with --data, else glue').choices(['duckdb', 'glue']))
    .option('--data <file...>', 'the table: .csv, .tsv, .json, .jsonl, .ndjson, plain or .gz, or .parquet')
    .option('--database <name>', 'database of the catalog; in-process only a name in the result (default: local)')
    .option('--table <name>', 'table of the catalog; in-process only a name in the result (default: that of the file)')
    .option('--ruleset <file>', 'DQDL')
    .option('--ruleset-name <name>', 'name of the ruleset, in Glue and in the result (default: that of the file)')
    .option('--reference <alias=source>', 'another table: a file, in Glue database.table; repeatable', gathered, [])
    .option('--reconcile <alias>', 'compare with this reference, instead of --ruleset')
    .option('--keys <columns>', 'columns that tell rows apart: failing rows are shown by them', nameList)
    .option('--sum <columns>', 'with --reconcile: columns whose sums are compared', nameList)
    .option('--sample <n>', 'show so many failing rows of a rule by their keys (default: 10)', positiveInteger)
    .option('--quarantine <folder>', 'write good.parquet and bad.parquet, the rows that fail no rule and any')
    .addOption(new Option('--composite <method>', 'how and/or of rules is judged').choices(['ROW', 'COLUMN']))
    .option('--history <folder>', 'results that last(k) and DetectAnomalies look back to (default: the kept ones)')
    .option('--keep', 'keep the result in the quality bucket')
    .addOption(new Option('--results <folder>', 'keep the result in a folder').conflicts('keep'))
    .option('--minimum-score <n>', 'let rules fail as long as the score, 0 to 1, reaches this', scoreNumber)
    .option('--critical <label=value>', 'rules of this label must pass whatever the score', labelValue);
  define(
    dq,
    'recommend',
    'Derive rules from a file in this process, or have Glue recommend them for a table, for a person to approve',
    [
      'sluice dq recommend --data orders.parquet --out orders.dqdl',
      'sluice dq recommend --engine glue --database sluice_lake --table ecommerce_order --ruleset-name orders --no-wait',
      'sluice approve recommend-2026-03-01T143000Z-9f3a --ruleset edited.dqdl',
    ],
    async () => (await import('../commands/dq/recommend.js')).recommend
  )
    .addOption(new Option('--engine <name>', 'default: duckdb with --data, else glue').choices(['duckdb', 'glue']))
    .option('--data <file...>', 'the table: .csv, .tsv, .json, .jsonl, .ndjson, plain or .gz, or .parquet')
    .option('--database <name>', 'database of the catalog')
    .option('--table <name>', 'table of the catalog')
    .option('--ruleset-name <name>', 'name that Glue is to save the ruleset under')
    .option('--approval-hours <n>', 'how long a person may take to decide', positiveInteger, 72)
    .option('--no-wait', 'return when the draft is there, without waiting for the decision')
    .option('--out <file>', 'write the rules to a file');
  define(
    dq,
    'results [id]',
    'List kept results, the latest first, or show one with its rules',
    ['sluice dq results --table ecommerce_order --failed', 'sluice dq results dqresult-0123 --json'],
    async () => (await import('../commands/dq/results.js')).results
  )
    .option('--database <name>', 'only of this database')
    .option('--table <name>', 'only of this table')
    .option('--ruleset <name>', 'only of this ruleset')
    .option('--from <time>', 'completed at or after, ISO 8601 with zone or a date (midnight UTC)')
    .option('--to <time>', 'completed before')
    .option('--failed', 'only those with a rule that did not pass')
    .option('--limit <n>', 'at most this many', positiveInteger, 20)
    .option('--results <folder>', 'look in a folder instead of the quality bucket');

  define(
    dq,
    'report',
    'Write the scorecard of kept results as one HTML page that needs no network, or serve it on this machine',
    [
      'sluice dq report --out quality.html --from 2026-03-01 --to 2026-03-31',
      'sluice dq report --results ./results --table ecommerce_order --json',
      'sluice dq report --serve --port 8088',
    ],
    async () => (await import('../commands/dq/report.js')).report
  )
    .option('--out <file>', 'file to write (default: dq-report.html)')
    .option('--from <day>', 'first day of completion in UTC, 2026-03-01')
    .option('--to <day>', 'last day of completion, included')
    .option('--database <name>', 'only of this database')
    .option('--table <name>', 'only of this table')
    .option('--ruleset <name>', 'only of this ruleset')
    .option('--results <folder>', 'look in a folder instead of the quality bucket')
    .addOption(
      new Option('--serve', 'serve the page until interrupted; a reload reads the results again').conflicts('out')
    )
    .option('--port <n>', 'with --serve: port on 127.0.0.1 (default: a free one)', portNumber);
}
