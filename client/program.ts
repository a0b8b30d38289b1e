import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { workerQueues } from '../model/task-queues.js';
import type { WorkerQueue } from '../model/task-queues.js';
import type { CommandContext } from './command-context.js';
import { ExitCode, reportOf } from './errors.js';
import { processConsole } from './output/console.js';
import { projectVersion } from './project-files.js';

/** Implementation of a command: its arguments, its options and the context. It ends well or throws. */
type Implementation<Arguments extends unknown[]> = (context: CommandContext, ...args: Arguments) => Promise<void>;

/**
 * Parses a command line and runs its command.
 * @param argv - the arguments after `sluice`.
 * @returns the exit code; errors have been told on stderr and, under `--json`, as a document on stdout.
 */
export async function runCli(argv: readonly string[]): Promise<ExitCode> {
  try {
    await createProgram(process.env).parseAsync(argv, { from: 'user' });
    return ExitCode.done;
  } catch (error) {
    if (error instanceof CommanderError) return endOfParsing(error, argv.includes('--json'));
    return endOfCommand(error, argv.includes('--json'), process.env);
  }
}

/** The `sluice` command with all its subcommands; nothing of an implementation is loaded before its command runs. */
export function createProgram(env: NodeJS.ProcessEnv): Command {
  const program = new Command('sluice')
    .description('Durable ELT from DynamoDB single tables to a Redshift star schema, as Temporal workflows')
    .version(projectVersion())
    .exitOverride()
    .showHelpAfterError('(add --help for the options and an example)');

  /** Makes a subcommand with what every command has: `--json`, `--config` and an example in its help. */
  const define = <Arguments extends unknown[]>(
    parent: Command,
    signature: string,
    description: string,
    examples: readonly string[],
    load: () => Promise<Implementation<Arguments>>
  ): Command =>
    parent
      .command(signature)
      .description(description)
      .option('--json', 'print one JSON document as the last line of stdout')
      .option('--config <file>', 'configuration file (default: sluice.yaml, where there is one)')
      .addHelpText('after', `\nExamples:\n${examples.map((example) => `  $ ${example}`).join('\n')}`)
      .action(async (...received: unknown[]) => {
        const command = received.pop() as Command;
        const options = command.opts<{ json?: boolean; config?: string }>();
        const context = { console: processConsole(options.json === true), configFile: options.config, env };
        const run = await load();
        await traced(command, env, () => run(context, ...(received as Arguments)));
      });

  define(
    program,
    'demo',
    'Run the whole ELT on this machine: local AWS, Temporal server with Web UI, worker, sample data',
    ['sluice demo', 'sluice demo --scale 20000 --keep', 'sluice demo --items items.jsonl.gz --json'],
    async () => (await import('./commands/demo.js')).demo
  )
    .option('--items <file>', 'items to load, {"Item": {…}} in DynamoDB JSON a line, plain or gzip')
    .option('--scale <n>', 'number of sample items to generate', positiveInteger, 5000)
    .option('--model <file>', 'warehouse.yaml (default: the ecommerce example)')
    .option('--keep', 'leave everything running until interrupted');

  define(
    program,
    'up',
    'Start the local AWS, a Temporal server and a worker, and keep them running until `sluice down` or Ctrl-C',
    ['sluice up', 'sluice up --data ./data --port 4566 --no-worker', 'sluice up --json | tee environment.json'],
    async () => (await import('./commands/up.js')).up
  )
    .option('--no-worker', 'leave the worker out, to run it by `sluice worker`')
    .option('--data <folder>', 'folder that keeps the data over a restart (default: a temporary one)')
    .option('--host <address>', 'address that the AWS endpoint listens on', '127.0.0.1')
    .option('--allow-host <name...>', "names besides this machine's that requests to it may use, for containers")
    .option('--port <n>', 'port of the AWS endpoint (default: a free one)', portNumber)
    .option('--warehouse <url>', 'existing PostgreSQL to use as the warehouse (default: one of its own)')
    .option('--faults <file>', 'script of faults that the local AWS injects: docs/operate.md has an example')
    .option('--model <file>', 'warehouse.yaml (default: the ecommerce example)');

  define(
    program,
    'down',
    'Stop what `sluice up` runs',
    ['sluice down', 'sluice down --data ./data'],
    async () => (await import('./commands/down.js')).down
  ).option('--data <folder>', 'data folder of the environment to stop (default: all of this user)');

  define(
    program,
    'worker',
    'Run the worker: SIGTERM drains it, a second one ends it at once',
    ['sluice worker', 'TEMPORAL_ADDRESS=temporal:7233 sluice worker --config sluice.yaml'],
    async () => (await import('./commands/worker.js')).worker
  ).option('--queues <list>', `task queues to serve: ${workerQueues.join(', ')} (default: all)`, queueList);

  define(
    program,
    'codec-server',
    'Serve the decryption of payloads to the Temporal Web UI and CLI, with the keys of SLUICE_PAYLOAD_KEY',
    ['sluice codec-server', 'sluice codec-server --port 8081 --ui-origin https://temporal.example'],
    async () => (await import('./commands/codec-server.js')).codecServer
  )
    .option('--host <address>', 'address to listen on; one that others reach needs SLUICE_CODEC_TOKEN', '127.0.0.1')
    .option('--port <n>', 'port to listen on', portNumber, 8081)
    .option('--ui-origin <url>', 'origin of a Web UI that may call it; can be repeated', gathered, [])
    .option(
      '--allow-host <name>',
      "name besides this machine's that requests may be for; can be repeated",
      gathered,
      []
    );

  const run = program.command('run').description('Start a pipeline');
  define(
    run,
    'elt',
    'Start the ELT run of a day, or report the one that already ran',
    ['sluice run elt --watch', 'sluice run elt --run-key 2026-03-01', 'sluice run elt --fresh --json'],
    async () => (await import('./commands/run-elt.js')).runElt
  )
    .option('--model <file>', 'warehouse.yaml (default: the one of the configuration)')
    .addOption(new Option('--run-key <key>', 'key of the run (default: the UTC date)').conflicts('fresh'))
    .option('--fresh', 'make a new run key instead of reporting the run of the day')
    .option('--incremental', 'export only what has changed since the last load, and merge it into the lake')
    .option('--watch', 'show the stages live and wait for the end');
  define(
    run,
    'batch <model...>',
    'Start a run of each of several models under one key; ends with 1 when one fails',
    ['sluice run batch models/ --watch', 'sluice run batch shop.yaml game.yaml --concurrency 5 --watch --json'],
    async () => (await import('./commands/run-batch.js')).runBatch
  )
    .addOption(new Option('--run-key <key>', 'key of every run (default: the UTC date)').conflicts('fresh'))
    .option('--fresh', 'make a new run key instead of reporting the batch of the day')
    .option('--incremental', 'export only what has changed since the last load, and merge it into the lake')
    .option('--concurrency <n>', 'runs at the same time', positiveInteger, 20)
    .option('--watch', 'show how many have ended and wait for all');

  define(
    program,
    'plan',
    'Show what a run would do: jobs, tables, SQL; changes nothing and needs no server',
    ['sluice plan', 'sluice plan --model warehouse.yaml --json'],
    async () => (await import('./commands/plan.js')).plan
  ).option('--model <file>', 'warehouse.yaml (default: the one of the configuration)');

  define(
    program,
    'deploy-assets',
    'Put the Glue scripts in S3, point the jobs at them, and bring the tables and procedures of the warehouse up to date',
    ['sluice deploy-assets --dry-run', 'sluice deploy-assets', 'sluice deploy-assets --leave dwh.customer.note --json'],
    async () => (await import('./commands/deploy-assets.js')).deployAssets
  )
    .option('--model <file>', 'warehouse.yaml (default: the one of the configuration)')
    .option('--dry-run', 'show what would be done, and change nothing')
    .option('--leave <column...>', 'columns (schema.table.column) that stay although the model does not have them');

  define(
    program,
    'runs',
    'List runs, the latest first',
    ['sluice runs', 'sluice runs --failed --pipeline ecommerce', 'sluice runs --table ecommerce --limit 50 --json'],
    async () => (await import('./commands/runs.js')).runs
  )
    .option('--table <name>', 'only runs of this DynamoDB table')
    .option('--pipeline <name>', 'only runs of the model of this name')
    .option('--failed', 'only runs that failed')
    .option('--limit <n>', 'at most this many', positiveInteger, 20);

  define(
    program,
    'show <run>',
    'Show one run, by run key or workflow id: stages, times, row counts, remote ids, failure',
    ['sluice show 2026-03-01', 'sluice show elt-ecommerce-2026-03-01 --json'],
    async () => (await import('./commands/show.js')).show
  );

  const reason = ['--reason <text>', 'why; kept with the run'] as const;
  const by = ['--by <name>', 'who asks (default: the user of this process)'] as const;

  define(
    program,
    'cancel <run>',
    'Stop the remote jobs of a run, once, and end it as CANCELLED',
    ['sluice cancel 2026-03-01', 'sluice cancel 2026-03-01 --wait --json'],
    async () => (await import('./commands/cancel.js')).cancel
  ).option('--wait', 'return when the run has ended');

  define(
    program,
    'pause <run>',
    'Let a run stand still when its present stage has ended',
    ['sluice pause 2026-03-01 --reason "month-end close"'],
    async () => (await import('./commands/pause.js')).pause
  )
    .option(...reason)
    .option(...by);

  define(
    program,
    'resume <run>',
    'Let a paused run go on, or go on with one that failed, was cancelled or terminated, from the stage it ended in',
    ['sluice resume 2026-03-01', 'sluice resume 2026-03-01 --watch'],
    async () => (await import('./commands/resume.js')).resume
  )
    .option('--model <file>', 'warehouse.yaml that the run was started with (default: the one of the configuration)')
    .option(...reason)
    .option(...by)
    .option('--watch', 'show the stages live and wait for the end');

  define(
    program,
    'approve <run>',
    'Approve what a run asks, as `sluice show` tells',
    ['sluice approve 2026-03-01 --reason "the gap is known"'],
    async () => (await import('./commands/decide.js')).approve
  )
    .option('--name <question>', 'which question, where several wait')
    .option('--ruleset <file>', 'of a recommendation: rules to save instead of the recommended ones')
    .option(...reason)
    .option(...by);

  define(
    program,
    'reject <run>',
    'Reject what a run asks, as `sluice show` tells',
    ['sluice reject 2026-03-01 --reason "wait for the backfill"'],
    async () => (await import('./commands/decide.js')).reject
  )
    .option('--name <question>', 'which question, where several wait')
    .option(...reason)
    .option(...by);

  define(
    program,
    'archive',
    'Move what raw and lake hold of the table to the archive buckets, as every run does before its export',
    ['sluice archive', 'sluice archive --model warehouse.yaml --json'],
    async () => (await import('./commands/archive.js')).archive
  ).option('--model <file>', 'warehouse.yaml (default: the one of the configuration)');

  define(
    program,
    'restore',
    'Bring an archived generation of raw and lake back',
    ['sluice restore --at 2026-03-01T12:00:00Z', 'sluice restore --overwrite --reload --json'],
    async () => (await import('./commands/restore.js')).restore
  )
    .option('--model <file>', 'warehouse.yaml (default: the one of the configuration)')
    .option('--at <time>', 'the latest generation at or before, ISO 8601 with zone or a date (default: the latest)')
    .option('--overwrite', 'archive what stands there first, instead of refusing')
    .option('--reload', 'load the warehouse from the restored lake');

  define(
    program,
    'doctor',
    'Check configuration, credentials, permissions, AWS, Temporal and versions; changes nothing, says what to mend',
    ['sluice doctor', 'sluice doctor --principal arn:aws:iam::123456789012:role/sluice-worker --json'],
    async () => (await import('./commands/doctor.js')).doctor
  )
    .option('--model <file>', 'warehouse.yaml (default: the one of the configuration)')
    .option('--principal <arn>', 'role or user of the workers, whose permissions are checked (default: your own)');

  define(
    program,
    'query <sql>',
    'Run SQL on the warehouse through the Redshift Data API',
    [`sluice query 'SELECT count(*) FROM dwh."order"'`, `sluice query 'SELECT * FROM dwh.date LIMIT 5' --json`],
    async () => (await import('./commands/query.js')).query
  );

  const dq = program.command('dq').description('Data quality: rulesets in DQDL');
  define(
    dq,
    'lint <file...>',
    'Check DQDL files: syntax, what is accepted by accident, and columns against the model',
    ['sluice dq lint rules.dqdl', 'sluice dq lint orders.dqdl --model warehouse.yaml --table landing.order --json'],
    async () => (await import('./commands/dq/lint.js')).lint
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
    async () => (await import('./commands/dq/evaluate.js')).evaluate
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
    async () => (await import('./commands/dq/recommend.js')).recommend
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
    async () => (await import('./commands/dq/results.js')).results
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
    async () => (await import('./commands/dq/report.js')).report
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

  const glueUsage = program.command('glue-usage').description('What AWS Glue ran in the account, and what that cost');
  define(
    glueUsage,
    'runs',
    'List the recorded runs of Glue jobs, the latest first',
    ['sluice glue-usage runs --flagged', 'sluice glue-usage runs --job land_order_job --limit 50 --json'],
    async () => (await import('./commands/glue-usage.js')).glueUsageRuns
  )
    .option('--job <name>', 'only of this job')
    .option('--flagged', 'only those that failed, timed out or passed a limit')
    .option('--limit <n>', 'at most this many', positiveInteger, 20);
  define(
    glueUsage,
    'report',
    'Sum up the recorded runs as the weekly report does, and write it as an HTML page',
    ['sluice glue-usage report', 'sluice glue-usage report --days 1 --out glue.html --json'],
    async () => (await import('./commands/glue-usage.js')).glueUsagePage
  )
    .option('--days <n>', 'runs that ended in the last days', positiveInteger, 7)
    .option('--out <file>', 'file to write', 'glue-usage.html');

  const schedule = program.command('schedule').description('Keep schedules as the configuration declares them');
  const note = ['--note <text>', 'why, shown by `list` and in the Web UI'] as const;
  const overlap = (): Option =>
    new Option('--overlap <policy>', 'what to do while another run of the schedule goes on').choices([
      'SKIP',
      'BUFFER_ONE',
      'BUFFER_ALL',
      'CANCEL_OTHER',
      'TERMINATE_OTHER',
      'ALLOW_ALL',
    ]);
  define(
    schedule,
    'apply',
    'Create and update schedules until they are as declared; paused ones stay paused',
    ['sluice schedule apply --dry-run', 'sluice schedule apply --prune --json'],
    async () => (await import('./commands/schedule.js')).applySchedules
  )
    .option('--dry-run', 'only show the difference')
    .option('--prune', 'delete schedules of this task queue that are no longer declared');
  define(
    schedule,
    'list',
    'Show declared and existing schedules: next and last runs, whether paused, and drift',
    ['sluice schedule list', 'sluice schedule list --json'],
    async () => (await import('./commands/schedule.js')).listSchedules
  );
  define(
    schedule,
    'pause <name>',
    'Let no run start until the schedule is resumed',
    ["sluice schedule pause nightly --note 'the source moves'"],
    async () => (await import('./commands/schedule.js')).pauseSchedule
  ).option(...note);
  define(
    schedule,
    'resume <name>',
    'Let a paused schedule go on',
    ['sluice schedule resume nightly'],
    async () => (await import('./commands/schedule.js')).resumeSchedule
  ).option(...note);
  define(
    schedule,
    'trigger <name>',
    'Start a run now, or once the one that runs has ended',
    ['sluice schedule trigger nightly', 'sluice schedule trigger nightly --overlap SKIP'],
    async () => (await import('./commands/schedule.js')).triggerSchedule
  ).addOption(overlap());
  define(
    schedule,
    'backfill <name>',
    'Start the runs of past times, one after the other in their order',
    ['sluice schedule backfill nightly --from 2026-03-01 --to 2026-03-08T00:00:00Z'],
    async () => (await import('./commands/schedule.js')).backfillSchedule
  )
    .requiredOption('--from <time>', 'first time, ISO 8601 with zone, or a date (midnight UTC)')
    .requiredOption('--to <time>', 'end of the range, itself left out')
    .addOption(overlap());
  define(
    schedule,
    'delete <name>',
    'Delete a schedule; runs that it has started go on',
    ['sluice schedule delete nightly'],
    async () => (await import('./commands/schedule.js')).deleteSchedule
  );

  const credentials = program.command('credentials').description('Keep temporary AWS credentials fresh in one secret');
  define(
    credentials,
    'apply',
    'Start keeping the declared credentials fresh, and tell those that are of what has changed',
    ['sluice credentials apply', 'sluice credentials apply --prune --json'],
    async () => (await import('./commands/credentials.js')).applyCredentials
  ).option('--prune', 'end those of this task queue that are no longer declared; they go on until they expire');
  define(
    credentials,
    'list',
    'Show declared and running credentials: state, expiration, next refresh; never a secret',
    ['sluice credentials list', 'sluice credentials list --json'],
    async () => (await import('./commands/credentials.js')).listCredentials
  );
  define(
    credentials,
    'show <name>',
    'Show how credentials stand; never a secret',
    ['sluice credentials show databricks'],
    async () => (await import('./commands/credentials.js')).showCredentials
  );
  define(
    credentials,
    'refresh <name>',
    'Refresh credentials now and wait for it; ends with 1 when that fails, and the old ones stay',
    ['sluice credentials refresh databricks --json'],
    async () => (await import('./commands/credentials.js')).refreshCredentials
  );

  return program;
}

/** Commands that work until they are told to stop: a span of theirs would only say so afterwards. */
const enduring = ['worker', 'up'];

/** Runs a command in a span of its own where the environment asks for traces; loads nothing for it where not. */
async function traced(command: Command, env: NodeJS.ProcessEnv, run: () => Promise<void>): Promise<void> {
  const names: string[] = [];
  for (let one: Command | null = command; one?.parent; one = one.parent) names.unshift(one.name());
  const name = names.join(' ');
  const { tracesWanted } = await import('../workers/telemetry/traces-wanted.js');
  if (!tracesWanted(env) || enduring.includes(name)) return await run();
  const [{ startTracing }, { inCommandSpan }] = await Promise.all([
    import('../workers/telemetry/tracing.js'),
    import('../workers/telemetry/command-span.js'),
  ]);
  await inCommandSpan(startTracing(), name, run);
}

function endOfParsing(error: CommanderError, json: boolean): ExitCode {
  if (error.exitCode === 0) return ExitCode.done; // help or version was asked for
  const message = error.code === 'commander.help' ? 'a command is needed' : error.message.replace(/^error: /, '');
  if (json) processConsole(true).document({ error: { message } });
  return ExitCode.badUsage;
}

function endOfCommand(error: unknown, json: boolean, env: NodeJS.ProcessEnv): ExitCode {
  const { exitCode, message, problems, document } = reportOf(error);
  const console = processConsole(json);
  const list = (problems ?? []).map((problem) => `\n  - ${problem}`).join('');
  console.note(`sluice: ${message}${list}`);
  if (env.SLUICE_DEBUG && error instanceof Error) console.note(error.stack ?? '');
  console.document({ ...document, error: { message, ...(problems !== undefined && { problems }) } });
  return exitCode;
}

function positiveInteger(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < 1) {
    throw new InvalidArgumentError('It must be a whole number from 1.');
  }
  return value;
}

const gathered = (value: string, earlier: readonly string[]): string[] => [...earlier, value];

function nameList(text: string): string[] {
  const names = text.split(',').map((name) => name.trim());
  if (names.includes('')) throw new InvalidArgumentError('It takes names with commas between them.');
  return names;
}

function queueList(text: string): WorkerQueue[] {
  const isQueue = (name: string): name is WorkerQueue => workerQueues.some((one) => one === name);
  const names = [...new Set(nameList(text))];
  const queues = names.filter(isQueue);
  if (queues.length < names.length) throw new InvalidArgumentError(`It takes some of ${workerQueues.join(', ')}.`);
  return queues;
}

function scoreNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && value <= 1)) {
    throw new InvalidArgumentError('It must be a number from 0 to 1.');
  }
  return value;
}

function labelValue(text: string): { label: string; value: string } {
  const [label, value, ...rest] = text.split('=');
  if (!label || !value || rest.length > 0) throw new InvalidArgumentError('It must be of the form label=value.');
  return { label, value };
}

function portNumber(text: string): number {
  const value = positiveInteger(text);
  if (value > 65_535) throw new InvalidArgumentError('It must be a port from 1 to 65535.');
  return value;
}
