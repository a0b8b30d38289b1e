import type { GlueRunRecord } from './record.js';

/** A sum of costs: what is known of it, and how many runs it is without. */
export interface KnownCost {
  /** US dollars; null when no run's cost is known. */
  readonly cost: number | null;
  readonly runsWithoutCost: number;
}

/** A row of {@link GlueUsageReport.jobs}. */
export interface JobUsage extends KnownCost {
  readonly job: string;
  readonly runs: number;
  /** Σ of the time that runs used their workers, in seconds. */
  readonly seconds: number;
  /** Runs that repeated a failed one. */
  readonly retries: number;
  /** Null when no run says. */
  readonly averageWorkers: number | null;
}

/** A row of {@link GlueUsageReport.statuses}. */
export interface JobStatuses {
  readonly job: string;
  readonly succeeded: number;
  readonly failed: number;
  readonly timedOut: number;
  readonly stopped: number;
}

/** A row of the tables that count runs of a kind. */
export interface KindUsage extends KnownCost {
  readonly kind: string;
  readonly runs: number;
  readonly seconds: number;
}

/** What Glue ran in a span of time, and what that cost at list prices. */
export interface GlueUsageReport extends KnownCost {
  /** ISO 8601; runs that ended from then on, and before `to`. */
  readonly from: string;
  readonly to: string;
  readonly runs: number;
  /** The longest first. */
  readonly jobs: readonly JobUsage[];
  readonly statuses: readonly JobStatuses[];
  readonly workerTypes: readonly KindUsage[];
  /** Standard and Flex. */
  readonly executionClasses: readonly KindUsage[];
  readonly glueVersions: readonly KindUsage[];
}

function costOf(records: readonly GlueRunRecord[]): KnownCost {
  const known = records.flatMap(({ cost }) => (cost === undefined ? [] : [cost]));
  return {
    cost: known.length === 0 ? null : known.reduce((sum, cost) => sum + cost, 0),
    runsWithoutCost: records.length - known.length,
  };
}

const secondsOf = (records: readonly GlueRunRecord[]): number =>
  records.reduce((sum, { executionSeconds = 0 }) => sum + executionSeconds, 0);

function grouped(
  records: readonly GlueRunRecord[],
  keyOf: (record: GlueRunRecord) => string
): [key: string, records: GlueRunRecord[]][] {
  const groups = new Map<string, GlueRunRecord[]>();
  for (const record of records) groups.set(keyOf(record), [...(groups.get(keyOf(record)) ?? []), record]);
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1));
}

const kinds = (records: readonly GlueRunRecord[], keyOf: (record: GlueRunRecord) => string): KindUsage[] =>
  grouped(records, keyOf).map(([kind, of]) => ({ kind, runs: of.length, seconds: secondsOf(of), ...costOf(of) }));

function jobUsage([job, records]: [string, GlueRunRecord[]]): JobUsage {
  const workers = records.flatMap((record) => record.workers ?? []);
  return {
    job,
    runs: records.length,
    seconds: secondsOf(records),
    retries: records.filter(({ attempt = 0 }) => attempt > 0).length,
    averageWorkers: workers.length === 0 ? null : workers.reduce((sum, one) => sum + one, 0) / workers.length,
    ...costOf(records),
  };
}

function statuses([job, records]: [string, GlueRunRecord[]]): JobStatuses {
  const count = (...states: string[]): number => records.filter(({ state }) => states.includes(state)).length;
  return {
    job,
    succeeded: count('SUCCEEDED'),
    failed: count('FAILED', 'ERROR', 'EXPIRED'),
    timedOut: count('TIMEOUT'),
    stopped: count('STOPPED'),
  };
}

/** Sums up the runs that ended within a span: five tables. */
export function glueUsageReport(
  all: readonly GlueRunRecord[],
  { from, to }: { readonly from: string; readonly to: string }
): GlueUsageReport {
  const records = all.filter(({ endedAt }) => endedAt >= from && endedAt < to);
  const jobs = grouped(records, ({ job }) => job);
  const unknown = 'unknown';
  return {
    from,
    to,
    runs: records.length,
    ...costOf(records),
    jobs: jobs.map(jobUsage).sort((a, b) => b.seconds - a.seconds || (a.job < b.job ? -1 : 1)),
    statuses: jobs.map(statuses),
    workerTypes: kinds(records, ({ workerType }) => workerType ?? unknown),
    executionClasses: kinds(records, ({ executionClass }) => executionClass ?? unknown),
    glueVersions: kinds(records, ({ glueVersion }) => glueVersion ?? unknown),
  };
}
