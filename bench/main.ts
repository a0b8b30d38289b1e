import { Command, InvalidArgumentError } from 'commander';
import type { ArchiveBenchOptions } from './archive/bench-archive.js';
import type { DqOptions } from './dq/bench-dq.js';
import type { EltScaleOptions } from './elt/bench-elt-scale.js';
import type { EltBenchOptions } from './elt/bench-elt.js';
import type { LandingOptions } from './landing/bench-landing.js';
import type { LoadBenchOptions } from './load/bench-load.js';
import type { OverheadBenchOptions as Rounds } from './overhead/bench-overhead.js';
import type { StarBenchOptions } from './star/bench-star.js';
import type { ThroughputBenchOptions } from './throughput/bench-throughput.js';

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

/** Adds the subcommand of a bench that publishes its results. */
const bench = (name: string, description: string): Command =>
  program.command(name).description(description).option('--json', 'prints each result as one JSON document', false);

bench('elt', 'from an export in S3 to a loaded star: Sluice, dlt, bare DuckDB')
  .option('--items <n>', 'items in the table', count, 1_500_000)
  .option('--rounds <n>', 'rounds', count, 3)
  .option('--dlt-rounds <n>', 'rounds of dlt, which takes most of the time', count, 1)
  .option('--without-peers', 'without dlt')
  .action(async (options: EltBenchOptions) => (await import('./elt/bench-elt.js')).benchElt(options));
bench('elt-scale', 'from an export in S3 to a loaded star: seconds and memory from 15,000 items up')
  .option('--largest', 'up to 15,000,000 items, whose export takes 1 GB of the cache folder')
  .action(async (options: EltScaleOptions) => (await import('./elt/bench-elt-scale.js')).benchEltScale(options));
bench('star', 'from landing to a loaded star on the local Redshift: Sluice, SQL by hand')
  .option('--items <n>', 'items in the table', count, 1_500_000)
  .option('--rounds <n>', 'rounds', count, 3)
  .option('--explain', 'prints the statements of the procedures with their plans, the longest first')
  .action(async (options: StarBenchOptions) => (await import('./star/bench-star.js')).benchStar(options));
bench('load', 'loading and exporting a table: the local DynamoDB, DynamoDB Local, dynalite, moto')
  .option('--items <n>', 'items in the table', count, 1_500_000)
  .option('--rounds <n>', 'rounds', count, 1)
  .option('--without-peers', 'without the others, which take most of the time')
  .action(async (options: LoadBenchOptions) => (await import('./load/bench-load.js')).benchLoad(options));
bench('dq', '20 and 55 data quality rules over a file: Sluice, SQL by hand, Soda, Great Expectations, deequ')
  .option('--rows <n...>', 'trips in the file, a result for each', counts, [1_000_000, 10_000_000])
  .option('--rounds <n>', 'rounds', count, 3)
  .option('--without-peers', 'Sluice and SQL by hand only')
  .action(async (options: DqOptions) => (await import('./dq/bench-dq.js')).benchDq(options));
bench('archive', 'moving objects within one S3: Sluice, aws s3 mv, rclone move')
  .option('--objects <n>', 'small objects', count, 10_000)
  .option('--large <n>', 'objects of 1 GiB', count, 20)
  .option('--rounds <n>', 'rounds; the AWS CLI, which takes most of the time, is measured in the first', count, 3)
  .action(async (options: ArchiveBenchOptions) => (await import('./archive/bench-archive.js')).benchArchive(options));
bench('dqdl-parse', 'DQDL rulesets parsed in a second: Sluice, the official parser in Java')
  .option('--rounds <n>', 'rounds', count, 5)
  .action(async (options: Rounds) => (await import('./dqdl-parse/bench-dqdl-parse.js')).benchDqdlParse(options));
bench('startup', 'how long commands take to start, and what is installed')
  .option('--rounds <n>', 'rounds', count, 5)
  .action(async (options: Rounds) => (await import('./startup/bench-startup.js')).benchStartup(options));
bench('overhead', 'what orchestration adds to jobs of known length, in time and in Actions; time is skipped')
  .option('--rounds <n>', 'rounds', count, 2)
  .action(async (options: Rounds) => (await import('./overhead/bench-overhead.js')).benchOverhead(options));
bench('throughput', 'pipelines a minute and memory, with more and more at once on one worker, and what bounds them')
  .option('--concurrent <list>', 'how many at once, one after the other', countList, [1, 10, 100, 500])
  .action(async (options: ThroughputBenchOptions) =>
    (await import('./throughput/bench-throughput.js')).benchThroughput(options)
  );
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
