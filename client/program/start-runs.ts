import { Option } from 'commander';
import type { Command } from 'commander';
import { positiveInteger } from './arguments.js';
import type { Define } from './define.js';

/** Adds `run` and `plan`. */
export function startRunCommands(program: Command, define: Define): void {
  const run = program.command('run').description('Start a pipeline');
  define(
    run,
    'elt',
    'Start the ELT run of a day, or report the one that already ran',
    ['sluice run elt --watch', 'sluice run elt --run-key 2026-03-01', 'sluice run elt --fresh --json'],
    async () => (await import('../commands/run-elt.js')).runElt
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
    async () => (await import('../commands/run-batch.js')).runBatch
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
    async () => (await import('../commands/plan.js')).plan
  ).option('--model <file>', 'warehouse.yaml (default: the one of the configuration)');
}
