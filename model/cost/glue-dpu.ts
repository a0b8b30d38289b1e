/** A Glue job run as far as its price depends on it, named as `JobRun` of the Glue API names things. */
export interface GlueRunFacts {
  readonly workerType?: string;
  readonly numberOfWorkers?: number;
  /** DPUs, of runs without worker type. */
  readonly maxCapacity?: number;
  readonly executionClass?: string;
  readonly glueVersion?: string;
  /** Seconds that the run used its workers, without the time to start. */
  readonly executionTime?: number;
  /** Set by Glue for runs with auto scaling or of class FLEX. */
  readonly dpuSeconds?: number;
  /** Argument `--enable-auto-scaling`. */
  readonly autoScaled: boolean;
}

/** Data processing units of one worker, by type: https://docs.aws.amazon.com/glue/latest/dg/worker-types.html */
export const dpuPerWorker: Readonly<Record<string, number>> = {
  Standard: 1,
  'G.025X': 0.25,
  'G.1X': 1,
  'G.2X': 2,
  'G.4X': 4,
  'G.8X': 8,
  'G.12X': 12,
  'G.16X': 16,
  'R.1X': 1,
  'R.2X': 2,
  'R.4X': 4,
  'R.8X': 8,
  'Z.2X': 2,
};

/** DPUs (of R and Z workers M-DPUs) that a run holds; undefined for worker types that are not known. */
export function capacityOf(
  run: Pick<GlueRunFacts, 'workerType' | 'numberOfWorkers' | 'maxCapacity'>
): number | undefined {
  if (run.workerType === undefined) return run.maxCapacity;
  const dpu = dpuPerWorker[run.workerType];
  return dpu === undefined || run.numberOfWorkers === undefined ? undefined : dpu * run.numberOfWorkers;
}

/** Seconds that are billed at least: a minute, before Glue 2.0 ten. https://aws.amazon.com/glue/pricing/ */
export function minimumSeconds(glueVersion = '5.0'): number {
  return Number.parseFloat(glueVersion) < 2 ? 600 : 60;
}

/**
 * DPU-seconds that a run is billed for: Glue's own figure for runs with auto scaling or of class FLEX, else time ×
 * capacity, both at least for the minimum time. 0 for a run that never executed; null when it cannot be told, as for a
 * run with auto scaling of which Glue gives no figure.
 */
export function billedDpuSeconds(run: GlueRunFacts): number | null {
  const { executionTime, dpuSeconds, autoScaled, executionClass } = run;
  if (executionTime === undefined) return null;
  if (executionTime === 0) return 0;
  const seconds = Math.max(executionTime, minimumSeconds(run.glueVersion));
  if (dpuSeconds !== undefined && (autoScaled || executionClass === 'FLEX')) {
    return dpuSeconds * (seconds / executionTime);
  }
  const capacity = capacityOf(run);
  return autoScaled || capacity === undefined ? null : seconds * capacity;
}

/** Key of the price of a DPU-hour for a worker type and an execution class. */
export function dpuPriceKey({
  workerType = 'Standard',
  executionClass = 'STANDARD',
}: Pick<GlueRunFacts, 'workerType' | 'executionClass'>): string {
  if (workerType.startsWith('Z.')) return 'glue-m-dpu-hour-ray';
  const flex = executionClass === 'FLEX' ? 'flex' : 'standard';
  return `glue-${workerType.startsWith('R.') ? 'm-' : ''}dpu-hour-${flex}`;
}
