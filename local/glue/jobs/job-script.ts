import type { ObjectStore } from '../../s3/object-store.js';
import type { Catalog } from '../api/catalog.js';
import type { DuckDbLimits } from '../duckdb/instances.js';

/** What a job script gets for one run. */
export interface JobContext {
  readonly runId: string;
  /** Default arguments, run arguments and non-overridable ones, merged; names with their leading `--`. */
  readonly arguments: Readonly<Record<string, string>>;
  /** Aborted when the run is stopped or has timed out: the script rolls back and rejects. */
  readonly signal: AbortSignal;
  /** An empty folder of this run, removed when the run has ended. */
  readonly folder: string;
  readonly store: ObjectStore;
  readonly catalog: Catalog;
  /** PostgreSQL URLs by Glue connection name. */
  readonly connections: Readonly<Record<string, string>>;
  readonly limits: Partial<DuckDbLimits>;
  /** DQDL of a data quality ruleset, or undefined when there is none of that name. */
  ruleset(name: string): string | undefined;
}

/** The local counterpart of a PySpark script, chosen by the base name of the job's `Command.ScriptLocation`. */
export type JobScript = (context: JobContext) => Promise<void>;

/** A run that ends FAILED for a reason its user can act on. The message becomes `ErrorMessage`: no row data in it. */
export class JobFailure extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'JobFailure';
  }
}

/**
 * The `ErrorMessage` of a failed run. Only messages written by Sluice are passed on: those of DuckDB and PostgreSQL
 * quote the values they stumble over, so of them only the kind of error is told.
 */
export function describeFailure(error: unknown): string {
  if (error instanceof JobFailure) return error.message;
  if (!(error instanceof Error)) return 'The job failed for an unknown reason';
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  if (code === 'ENOSPC') return 'No space is left on the disk of the local Glue or the local S3';
  if (error.name === 'AwsError' && code !== undefined) return `S3 answered ${code}: ${error.message}`;
  const kind = /^([A-Z][A-Za-z]*(?: [A-Za-z-]+){0,3} (?:Error|Exception)): /.exec(error.message)?.[1];
  if (kind === 'Out of Memory Error') return 'DuckDB ran out of memory; give the local Glue a higher memory limit';
  if (kind === 'IO Error' && /no space left/i.test(error.message))
    return 'No space is left on the disk of the local Glue';
  if (kind !== undefined)
    return `DuckDB could not run the job (${kind}); its details are withheld because they may quote data`;
  if (code !== undefined) return `The job failed with ${error.name} ${code}`;
  return `The job failed with an unexpected ${error.name}`;
}
