import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ClassicLevel } from 'classic-level';
import type { JsonService } from '../gateway/service.js';
import type { ObjectStore } from '../s3/object-store.js';
import { EntityStore, serviceLevel } from '../state/entity-store.js';
import { catalogOperations } from './api/catalog-operations.js';
import { Catalog } from './api/catalog.js';
import { connectionOperations, tagOperations } from './api/connection-operations.js';
import { jobOperations } from './api/job-definitions.js';
import type { JobEntity } from './api/job-definitions.js';
import { JobRuns } from './api/job-run-operations.js';
import type { JobRunEntity } from './api/job-run.js';
import { partitionOperations } from './api/partition-operations.js';
import { RunEngine } from './api/run-engine.js';
import { createDataQuality } from './data-quality/index.js';
import type { ServiceEvent } from './data-quality/result-event.js';
import type { DuckDbLimits } from './duckdb/instances.js';
import type { JobScript } from './jobs/job-script.js';
import { land } from './jobs/land/index.js';
import { rawToDatalake } from './jobs/raw-to-datalake/index.js';

export { JobFailure } from './jobs/job-script.js';
export type { JobContext, JobScript } from './jobs/job-script.js';

/** How the local Glue is started. */
export interface GlueOptions {
  readonly db: ClassicLevel<string, string>;
  readonly store: ObjectStore;
  /** Folder for the runs' temporary files; what an earlier process left in it is removed. */
  readonly workFolder: string;
  readonly account: string;
  readonly region: string;
  /** PostgreSQL URLs by Glue connection name. */
  readonly connections: Readonly<Record<string, string>>;
  /** What each run may take of the machine. Default 800 MB, 400 MB for large input, and 2 threads. */
  readonly limits?: Partial<DuckDbLimits>;
  /** Further job scripts by the base name of their `ScriptLocation`. */
  readonly scripts?: Readonly<Record<string, JobScript>>;
  /** Length of a minute of a job's `Timeout`, in milliseconds. Default 60,000. */
  readonly minuteMs?: number;
  /** Takes the events that Glue puts on the event bus; without it they go nowhere. */
  readonly publishEvent?: (event: ServiceEvent) => Promise<void>;
}

/** The scripts that the local Glue knows. */
export const builtInScripts: Readonly<Record<string, JobScript>> = {
  'raw_to_datalake.py': rawToDatalake,
  'land.py': land,
};

/**
 * AWS Glue for one machine: jobs and their runs, executed by DuckDB, and the Data Catalog. State outlives a restart;
 * runs that were active when the process ended become FAILED. Closing ends the active runs in the same way.
 */
export async function createGlue(options: GlueOptions): Promise<JsonService> {
  await mkdir(options.workFolder, { recursive: true });
  for (const name of await readdir(options.workFolder)) {
    if (/^jr_[0-9a-f]{64}$/.test(name)) await rm(join(options.workFolder, name), { recursive: true, force: true });
  }
  const level = serviceLevel(options.db, 'glue');
  const catalog = await Catalog.open(level, options.account);
  const jobs = await EntityStore.open<JobEntity>(level, 'jobs');
  const runs = await EntityStore.open<JobRunEntity>(level, 'runs');
  const tags = await EntityStore.open<Record<string, string>>(level, 'tags');
  const arnOf = (kind: string, name: string): string =>
    `arn:aws:glue:${options.region}:${options.account}:${kind}/${name}`;
  const quality = await createDataQuality({
    level,
    store: options.store,
    catalog,
    connections: options.connections,
    limits: options.limits ?? {},
    workFolder: join(options.workFolder, 'data-quality'),
    account: options.account,
    minuteMs: options.minuteMs ?? 60_000,
    tag: (ruleset, given) => tags.put(arnOf('dataQualityRuleset', ruleset), given),
    publish: options.publishEvent ?? (() => Promise.resolve()),
  });
  const engine: RunEngine = new RunEngine({
    store: options.store,
    catalog,
    connections: options.connections,
    scripts: { ...builtInScripts, ...options.scripts },
    workFolder: options.workFolder,
    limits: options.limits ?? {},
    ruleset: (name) => quality.ruleset(name),
    minuteMs: options.minuteMs ?? 60_000,
    save: (run) => jobRuns.save(run),
    publish: options.publishEvent ?? (() => Promise.resolve()),
  });
  const jobRuns: JobRuns = new JobRuns(jobs, runs, engine);
  await jobRuns.recover();
  const isTaggable = (arn: string): boolean => {
    const [, kind, name = ''] = /:(job|dataQualityRuleset)\/(.+)$/.exec(arn) ?? [];
    if (kind === undefined || arn !== arnOf(kind, name)) return false;
    return kind === 'job' ? jobs.get(name) !== undefined : quality.ruleset(name) !== undefined;
  };
  return {
    target: 'AWSGlue',
    operations: {
      ...jobOperations(jobs, tags, (name) => arnOf('job', name)),
      ...jobRuns.operations(),
      ...catalogOperations(catalog),
      ...partitionOperations(catalog),
      ...connectionOperations(options.connections),
      ...tagOperations(tags, isTaggable),
      ...quality.operations,
    },
    close: async () => {
      await Promise.all([engine.close(), quality.close()]);
    },
  };
}
