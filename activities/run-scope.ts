import { createHash } from 'node:crypto';

/** The run that a remote job belongs to. */
export interface RunScope {
  /** Name of the model. */
  readonly pipeline: string;
  readonly runKey: string;
  readonly planHash: string;
}

/** What the input of every activity carries, for tokens and for messages. */
export interface StepInput {
  readonly scope: RunScope;
  /** Stage of the pipeline, such as `landing`. */
  readonly stage: string;
  /** Names the remote operation within the run, such as `land_order_job`; a repeat of it has a suffix. */
  readonly step: string;
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/**
 * Client token of a step, 64 hexadecimal characters: the same at every attempt, on every worker and when a run is
 * resumed, so that AWS answers a repeated start with the job that is already there. It covers the plan as well, since a
 * changed plan under an old run key must not be answered with the old plan's work.
 */
export function stepToken({ scope, step }: Pick<StepInput, 'scope' | 'step'>): string {
  return sha256(JSON.stringify([scope.pipeline, scope.runKey, scope.planHash, step]));
}

/** Part of S3 keys that stands for a run: the first 16 hexadecimal characters of SHA-256 of the run key. */
export function runHash(runKey: string): string {
  return sha256(runKey).slice(0, 16);
}

/** Where a job leaves its report: `s3://<lake bucket>/_sluice/<table>/<run hash>/<job name>.json`. */
export function jobReportUri(lakeBucket: string, table: string, runKey: string, jobName: string): string {
  return `s3://${lakeBucket}/_sluice/${table}/${runHash(runKey)}/${jobName}.json`;
}
