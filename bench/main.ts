import { Command, InvalidArgumentError } from 'commander';
import type { DqOptions } from './dq/bench-dq.js';
import type { LandingOptions } from './landing/bench-landing.js';

const count = (text: string): number => {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('It must be a whole number above 0.');
  return value;
};

/** Of an option that may be given several values, which replace the default. */
function counts(text: string, earlier: readonly number[] & { given?: boolean }): readonly number[] {
  return Object.assign([...(earlier.given === true ? earlier : []), count(text)], { given: true });
}

/** Of an option that takes a list with commas. */
const countList = (text: string): number[] => text.split(',').map(count);

const program = new Command('npm run bench --').description('Benchmarks of Sluice beside its peers');
program
  .command('elt')
  .description('from an export in S3 to a loaded star: Sluice, dlt, bare DuckDB')
  .option('--items <n>', 'items in the table', count, 1_500_000)
  .option('--rounds <n>', 'rounds', count, 3)
  .option('--dlt-rounds <n>', 'rounds of dlt, which takes most of the time', count, 1)
  .option('--without-peers', 'without dlt')
  .option('--json', 'prints the result as one JSON document')
  .action(
    async ({
      json,
      ...options
    }: {
      items: number;
      rounds: number;
      dltRounds: number;
      withoutPeers?: boolean;
      json?: boolean;
    }) => {
      const { benchElt } = await import('./elt/bench-elt.js');
      await benchElt({ ...options, json: json === true });
    }
  );
program
  .command('elt-scale')
  .description('from an export in S3 to a loaded star: seconds and memory from 15,000 items up')
  .option('--largest', 'up to 15,000,000 items, whose export takes 1 GB of the cache folder')
  .option('--json', 'prints the result as one JSON document')
  .action(async ({ largest, json }: { largest?: boolean; json?: boolean }) => {
    await (await import('./elt/bench-elt-scale.js')).benchEltScale({ largest, json: json === true });
  });
program
  .command('star')
  .description('from landing to a loaded star on the local Redshift: Sluice, SQL by hand')
  .option('--items <n>', 'items in the table', count, 1_500_000)
  .option('--rounds <n>', 'rounds', count, 3)
  .option('--explain', 'prints the statements of the procedures with their plans, the longest first')
  .option('--json', 'prints the result as one JSON document')
  .action(async (options: { items: number; rounds: number; explain?: boolean; json?: boolean }) => {
    await (await import('./star/bench-star.js')).benchStar({ ...options, json: options.json === true });
  });
program
  .command('load')
  .description('loading and exporting a table: the local DynamoDB, DynamoDB Local, dynalite, moto')
  .option('--items <n>', 'items in the table', count, 1_500_000)
  .option('--rounds <n>', 'rounds', count, 1)
  .option('--without-peers', 'without the others, which take most of the time')
  .option('--json', 'prints the result as one JSON document')
  .action(async (options: { items: number; rounds: number; withoutPeers?: boolean; json?: boolean }) => {
    await (await import('./load/bench-load.js')).benchLoad({ ...options, json: options.json === true });
  });
program
  .command('dq')
  .description('20 and 55 data quality rules over a file: Sluice, SQL by hand, Soda, Great Expectations, deequ')
  .option('--rows <n...>', 'trips in the file, a result for each', counts, [1_000_000, 10_000_000])
  .option('--rounds <n>', 'rounds', count, 3)
  .option('--without-peers', 'Sluice and SQL by hand only')
  .option('--json', 'prints each result as one JSON document')
  .action(async (options: Omit<DqOptions, 'json'> & { json?: boolean }) => {
    await (await import('./dq/bench-dq.js')).benchDq({ ...options, json: options.json === true });
  });
program
  .command('archive')
  .description('moving objects within one S3: Sluice, aws s3 mv, rclone move')
  .option('--objects <n>', 'small objects', count, 10_000)
  .option('--large <n>', 'objects of 1 GiB', count, 20)
  .option('--rounds <n>', 'rounds; the AWS CLI, which takes most of the time, is measured in the first', count, 3)
  .option('--json', 'prints the results as one JSON document each')
  .action(async (options: { objects: number; large: number; rounds: number; json?: boolean }) => {
    await (await import('./archive/bench-archive.js')).benchArchive({ ...options, json: options.json === true });
  });
program
  .command('dqdl-parse')
  .description('DQDL rulesets parsed in a second: Sluice, the official parser in Java')
  .option('--rounds <n>', 'rounds', count, 5)
  .option('--json', 'prints the result as one JSON document')
  .action(async ({ rounds, json }: { rounds: number; json?: boolean }) => {
    await (await import('./dqdl-parse/bench-dqdl-parse.js')).benchDqdlParse({ rounds, json: json === true });
  });
program
  .command('startup')
  .description('how long commands take to start, and what is installed')
  .option('--rounds <n>', 'rounds', count, 5)
  .option('--json', 'prints the result as one JSON document')
  .action(async ({ rounds, json }: { rounds: number; json?: boolean }) => {
    await (await import('./startup/bench-startup.js')).benchStartup({ rounds, json: json === true });
  });
program
  .command('overhead')
  .description('what orchestration adds to jobs of known length, in time and in Actions; time is skipped')
  .option('--rounds <n>', 'rounds', count, 2)
  .option('--json', 'prints the results as JSON documents')
  .action(async ({ rounds, json }: { rounds: number; json?: boolean }) => {
    await (await import('./overhead/bench-overhead.js')).benchOverhead({ rounds, json: json === true });
  });
program
  .command('throughput')
  .description('pipelines a minute and memory, with more and more at once on one worker, and what bounds them')
  .option('--concurrent <list>', 'how many at once, one after the other', countList, [1, 10, 100, 500])
  .option('--json', 'prints the result as one JSON document')
  .action(async ({ concurrent, json }: { concurrent: number[]; json?: boolean }) => {
    await (await import('./throughput/bench-throughput.js')).benchThroughput({ concurrent, json: json === true });
  });
program
  .command('landing')
  .description('what landing costs by list price through Spark and by COPY alone, and what COPY alone cannot do')
  .option('--spark-seconds <n>', 'assumed: a Spark run besides its tables', count, 45)
  .option('--table-seconds <n>', 'assumed: casting and storing a table in Spark', count, 15)
  .option('--copy-seconds <n>', 'assumed: one COPY', count, 10)
  .option('--rpu <n>', 'base capacity of the workgroup', count, 8)
  .option('--region <name>', 'whose prices', 'us-east-1')
  .action(async (options: LandingOptions) => (await import('./landing/bench-landing.js')).benchLanding(options));
program
  .command('document')
  .description('writes docs/performance.md from the last results')
  .action(async () => (await import('./report/document.js')).writeDocument());

await program.parseAsync();
