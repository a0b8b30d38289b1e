import { createHash } from 'node:crypto';

/** The run that a remote job belongs to. */
export interface RunScope {
  /** Name of the model. */
  readonly pipeline: string;
  readonly runKey: string;
  readonly planHash: string;
  /** How often the run was resumed after it had ended; absent in its first execution. */
  readonly resumption?: number;
}

/** What the input of every activity carries, for tokens and for messages. */
export interface StepInput {
  readonly scope: RunScope;
  /** Stage of the pipeline, such as `landing`. */
  readonly stage: string;
  /** Names the remote operation within the run, such as `land_order_job`; a repeat of it has a suffix. */
  readonly step: string;
  /** The first resumption whose remote work may be used; what was done before turned out to be unusable. */
  readonly usableFrom?: number;
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/**
 * Client token of a step, 64 hexadecimal characters: the same at every attempt and on every worker, so that AWS answers
 * a repeated start with the job that is already there. It covers the plan as well, since a changed plan under an old run
 * key must not be answered with the old plan's work; and the resumption, so that what failed can be started anew.
 */
export function stepToken({ scope, step }: Pick<StepInput, 'scope' | 'step'>): string {
  const { pipeline, runKey, planHash, resumption = 0 } = scope;
  return sha256(JSON.stringify([pipeline, runKey, planHash, step, ...(resumption > 0 ? [resumption] : [])]));
}

/** Tokens of the executions that this one resumes, the latest first: work that they started may be used. */
export function earlierTokens({ scope, step, usableFrom = 0 }: StepInput): string[] {
  const tokens: string[] = [];
  for (let resumption = (scope.resumption ?? 0) - 1; resumption >= usableFrom; resumption -= 1) {
    tokens.push(stepToken({ scope: { ...scope, resumption }, step }));
  }
  return tokens;
}

/** Part of S3 keys that stands for a run: the first 16 hexadecimal characters of SHA-256 of the run key. */
export function runHash(runKey: string): string {
  return sha256(runKey).slice(0, 16);
}

/** Where a job leaves its report: `s3://<lake bucket>/_sluice/<table>/<run hash>/<job name>.json`. */
export function jobReportUri(lakeBucket: string, table: string, runKey: string, jobName: string): string {
  return `s3://${lakeBucket}/_sluice/${table}/${runHash(runKey)}/${jobName}.json`;
}
