import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import type { LandJobSpec } from '../../../../model/plan.js';
import type { ObjectStore } from '../../../s3/object-store.js';
import { JobArguments, runHash } from '../arguments.js';
import { summarizeRejects, writeReport } from '../job-report.js';
import type { JobReport } from '../job-report.js';
import { JobFailure } from '../job-script.js';
import type { JobContext } from '../job-script.js';
import { parseS3Folder, parseS3Uri } from '../s3-uri.js';
import { landJobSpec } from '../spec-schema.js';
import { prepareEntity } from './land-entity.js';
import type { LandingTask, PreparedEntity } from './land-entity.js';
import type { LandingWatermark } from './replace-landing.js';

const rulesetNames = z.record(z.string(), z.string().min(1));
const landJobSpecs = z
  .array(landJobSpec)
  .min(1)
  .refine((specs) => new Set(specs.map(({ target }) => target)).size === specs.length, 'targets must differ');

/** The landing tables that one run replaces. */
interface Landing {
  readonly job: string;
  readonly specs: readonly LandJobSpec[];
  /** True for a run of all landing tables, whose report tells them apart. */
  readonly packed: boolean;
  rulesetOf(spec: LandJobSpec): string | undefined;
}

/** The arguments `--watermark`, `--table_id` and `--pipeline`: all of them or none. */
function readWatermark(args: JobArguments): LandingWatermark | undefined {
  const given = ['--watermark', '--table_id', '--pipeline'].filter((name) => args.optional(name) !== undefined);
  if (given.length === 0) return undefined;
  const loadedTo = args.time('--watermark');
  const tableId = args.text('--table_id');
  const pipeline = args.text('--pipeline');
  return { loadedTo, tableId, pipeline };
}

/** What to land: `--spec` of one table, or `--specs` of all, as JSON or as the URI of an object that holds it. */
async function readLanding(args: JobArguments, store: ObjectStore): Promise<Landing> {
  const given = args.optional('--specs');
  if (given === undefined) {
    const spec = args.json('--spec', landJobSpec);
    const ruleset = args.optional('--quarantine_ruleset');
    return { job: `land_${spec.entity}_job`, specs: [spec], packed: false, rulesetOf: () => ruleset };
  }
  let text = given;
  if (given.startsWith('s3://')) {
    const { bucket, key } = parseS3Uri(given, '--specs');
    if ((await store.headObject(bucket, key)) === undefined) throw new JobFailure(`There is no object at ${given}`);
    text = await readFile(await store.filePath(bucket, key), 'utf8');
  }
  const specs = new JobArguments({ '--specs': text }).json('--specs', landJobSpecs);
  const named = args.optional('--quarantine_rulesets');
  const rulesets = named === undefined ? {} : args.json('--quarantine_rulesets', rulesetNames);
  return { job: 'land_job', specs, packed: true, rulesetOf: ({ itemType }) => rulesets[itemType] };
}

/** What a run has read and rejected; several tables may be made of the same items, which count once. */
function reportOn({ job, packed }: Landing, runKey: string, prepared: readonly PreparedEntity[]): JobReport {
  const reasons = prepared.flatMap(({ spec: { target }, rejected }) =>
    rejected.reasons.map((reason) => (packed ? { ...reason, target } : reason))
  );
  const datasets = [...new Map(prepared.map((entity) => [entity.spec.itemType, entity])).values()];
  const quarantined = datasets.flatMap((entity) => entity.quarantined ?? []);
  const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);
  return {
    version: 1,
    job,
    runKey,
    itemsRead: sum(datasets.map(({ items }) => items)),
    bytesRead: sum(datasets.map(({ bytes }) => bytes)),
    rows: {},
    rejected: { items: sum(prepared.map(({ rejected }) => rejected.items)), reasons },
    ...(quarantined.length > 0 && { quarantined: sum(quarantined) }),
    files: [],
  };
}

const tablesAtOnce = 2;

/**
 * Replaces the tables, begun in their order, two at a time: PostgreSQL takes one processor to read a COPY. After a failure
 * none is begun any more; it is told when those under way have ended.
 */
async function replaceAll(prepared: readonly PreparedEntity[]): Promise<JobReport['files']> {
  const written: JobReport['files'][] = [];
  const waiting = [...prepared.entries()];
  const replace = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index, entity] = next;
      try {
        written[index] = await entity.replace();
      } catch (error) {
        waiting.length = 0;
        throw error;
      }
    }
  };
  const ended = await Promise.allSettled(Array.from({ length: tablesAtOnce }, replace));
  for (const one of ended) if (one.status === 'rejected') throw one.reason;
  return [...new Map(written.flat().map((file) => [file.uri, file])).values()];
}

/**
 * `land.py`: replaces one landing table with the rows of one item type of the lake, or, as the packed job, all of them,
 * each in one transaction. The contract is docs/glue-jobs.md.
 */
export async function land(context: JobContext): Promise<void> {
  const { store } = context;
  const args = new JobArguments(context.arguments);
  const runKey = args.text('--run_key');
  const lake = parseS3Folder(args.text('--lake_uri'), '--lake_uri');
  const connection = args.text('--connection');
  const database = args.text('--database');
  const reportUri = args.text('--report_uri');
  const reportAt = parseS3Uri(reportUri, '--report_uri');
  const landing = await readLanding(args, store);
  const watermark = readWatermark(args);
  const url = context.connections[connection];
  if (url === undefined) throw new JobFailure(`There is no Glue connection named ${connection}`);

  const task: LandingTask = { runKey, generation: runHash(runKey), lake, url, database, watermark };
  const prepared: PreparedEntity[] = [];
  try {
    for (const spec of landing.specs) {
      prepared.push(await prepareEntity(context, task, spec, landing.rulesetOf(spec)));
    }
    const report = reportOn(landing, runKey, prepared);
    if (prepared.some(({ spec, rejected }) => spec.onReject === 'fail' && rejected.items > 0)) {
      await writeReport(store, reportAt, report);
      throw new JobFailure(summarizeRejects(report, reportUri));
    }
    const files = await replaceAll(prepared);
    const rows = Object.fromEntries(prepared.map((entity) => [entity.spec.target, entity.rows]));
    await writeReport(store, reportAt, { ...report, rows, files });
  } finally {
    for (const entity of prepared) entity.close();
  }
}
