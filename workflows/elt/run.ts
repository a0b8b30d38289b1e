import { patched, workflowInfo } from '@temporalio/workflow';
import type { EvaluationSummary } from '../../activities/quality/results.js';
import type { RunScope, StepInput } from '../../activities/run-scope.js';
import type { GatePlan } from '../../model/plan.js';
import { Approvals } from '../approval.js';
import { LockHolder } from '../lock-holder.js';
import { PauseGate } from '../pause.js';
import { startThenWait } from '../remote-job.js';
import { RunSheet } from '../run-sheet.js';
import { startGlueJob, stopGlueJob, waitGlueJob } from './activities.js';
import { setupTransactions } from './setup-transactions.js';
import type { Extent } from './stages/windows.js';
import type { EltInput, EltProgress, EltResult, RejectedItems, RunCheckpoint, StageName } from './types.js';

/** Names of the steps of each stage, in the order they are shown. */
export function stepsOf(
  { plan, fromLake, incremental }: EltInput,
  durable: boolean
): Readonly<Partial<Record<StageName, readonly string[]>>> {
  const gates = (layer: GatePlan['layer']): Partial<Record<StageName, readonly string[]>> => {
    const steps = (plan.gates ?? []).filter((gate) => gate.layer === layer).map(({ name }) => name);
    return steps.length === 0 ? {} : { [`${layer}-gates`]: steps };
  };
  const calls = (waves: EltInput['plan']['staging']): string[] => waves.flat().map(({ procedure }) => procedure);
  const setup = setupTransactions(plan.setup).map(({ step }) => step);
  return {
    prepare: fromLake ? setup : ['source', 'lock', ...(incremental ? ['windows'] : []), ...setup],
    ...(!fromLake && {
      ...(durable && { archive: ['archive'] }),
      export: ['export', 'verify'],
      lake: [plan.lake.jobName],
      ...gates('lake'),
    }),
    landing: plan.landing ? [plan.landing.jobName] : plan.entities.map(({ jobName }) => jobName),
    ...gates('landing'),
    staging: calls(plan.staging),
    dwh: [...calls(plan.dimensions), ...calls(plan.facts)],
    ...gates('dwh'),
    counts: ['counts'],
  };
}

/** What the stages of one run share. */
export class EltRun {
  /** False while a run that version 0.1.0 began is replayed: it has no archive, lock, windows or run record. */
  readonly durable = patched('durability');
  readonly sheet: RunSheet;
  readonly scope: RunScope;
  readonly rejected: Record<string, RejectedItems> = {};
  readonly gates: EvaluationSummary[] = [];
  /** Gates whose bad rows are kept out of landing. */
  readonly quarantines: GatePlan[] = [];
  readonly approvals: Approvals;
  readonly pause: PauseGate;
  readonly lock: LockHolder;
  /** What the run exports, once that is planned. */
  extent: Extent = { mode: 'full' };
  /** Set when changes are lost to point-in-time recovery. */
  gap: EltResult['gap'];
  /** How far the lake reaches that this run has made. */
  loaded: { readonly asOf: string; readonly tableId: string } | undefined;
  /** ISO 8601: start of the run's first execution, also in one that resumes it. */
  readonly startedAt: string;
  readonly #usableFrom: Record<string, number>;

  constructor(readonly input: EltInput) {
    const { plan, runKey, resume } = input;
    this.scope = { pipeline: plan.name, runKey, planHash: plan.hash, ...(resume && { resumption: resume.resumption }) };
    this.startedAt = resume?.startedAt ?? workflowInfo().startTime.toISOString();
    this.#usableFrom = { ...resume?.usableFrom };
    const sheet = new RunSheet(stepsOf(input, this.durable), {
      finished: resume?.finished,
      before: () => this.pause.pass(),
    });
    this.sheet = sheet;
    this.approvals = new Approvals({
      onChange: (pending) => {
        const lines = pending.map(({ name, question, deadline }) => `❓ **${name}** until ${deadline}: ${question}`);
        sheet.hold('approval', lines.length === 0 ? undefined : lines.join('\n\n'), 'awaiting-approval');
      },
    });
    this.pause = new PauseGate({
      refuse: () => (sheet.inLastStage ? 'The run is in its last stage: nothing is left to be held.' : undefined),
      onChange: (pause) => {
        const why = pause?.reason === undefined ? '' : `: ${pause.reason}`;
        const text = pause && `⏸ **${pause.holding ? 'paused' : 'pauses after this stage'}** by ${pause.by}${why}`;
        sheet.hold('pause', text, 'paused');
      },
    });
    this.lock = new LockHolder(({ state, lock, since }) =>
      sheet.hold('lock', state === 'waiting' ? `🔒 waiting for **${lock}** since ${since}` : undefined)
    );
  }

  /** The part of an activity's input that says which run and step it serves. */
  at(stage: StageName, step: string): StepInput {
    const usableFrom = this.#usableFrom[`${stage}/${step}`];
    return { scope: this.scope, stage, step, ...(usableFrom !== undefined && { usableFrom }) };
  }

  /** Gives up a finished step whose remote work is unusable: a resumption does it anew. */
  discard(stage: StageName, step: string): void {
    this.sheet.discard(stage, step);
    this.#usableFrom[`${stage}/${step}`] = (this.scope.resumption ?? 0) + 1;
  }

  /** What the run's result says of how far it has loaded. */
  get reach(): Pick<EltResult, 'mode' | 'windows' | 'watermark' | 'reason' | 'gap'> {
    const { extent, gap, loaded } = this;
    return {
      mode: extent.mode,
      windows: extent.mode === 'full' ? [] : extent.windows,
      ...(loaded && { watermark: loaded.asOf }),
      ...(extent.mode === 'full' && extent.reason !== undefined && { reason: extent.reason }),
      ...(gap && { gap }),
    };
  }

  /** For the `progress` query. */
  get progress(): EltProgress {
    const { plan, runKey, resume } = this.input;
    const { pending, decisions } = this.approvals;
    return {
      runKey,
      table: plan.source.table,
      planHash: plan.hash,
      stages: this.sheet.stages,
      ...(this.pause.state && { paused: this.pause.state }),
      ...(pending.length + decisions.length > 0 && { approvals: { pending, decisions } }),
      ...(this.lock.progress && { lock: this.lock.progress }),
      ...(resume && { resumption: resume.resumption }),
      ...(this.gap && { gap: this.gap }),
      ...(this.gates.length > 0 && { gates: this.gates }),
    };
  }

  /** For the `checkpoint` query: what an execution that goes on with this run takes over. */
  get checkpoint(): RunCheckpoint {
    return {
      resumption: (this.scope.resumption ?? 0) + 1,
      startedAt: this.startedAt,
      finished: this.sheet.finishedSteps,
      usableFrom: this.#usableFrom,
    };
  }

  /** Runs a Glue job as a step of a stage and keeps what it rejected. */
  async glueJob(stage: StageName, jobName: string, args: Readonly<Record<string, string>>): Promise<void> {
    const { plan, deployment } = this.input;
    const at = this.at(stage, jobName);
    const report = await this.sheet.step(stage, jobName, async (step) => {
      const done = await startThenWait({
        start: async () => {
          const input = {
            ...at,
            jobName,
            arguments: args,
            reports: { bucket: deployment.buckets.lake, table: plan.source.table },
          };
          const job = await startGlueJob.executeWithOptions({ summary: `start ${jobName}` }, [input]);
          step.remote(job.runId);
          return job;
        },
        wait: (job) => waitGlueJob.executeWithOptions({ summary: `${jobName} ${job.runId}` }, [{ ...at, job }]),
        stop: (job) => stopGlueJob.executeWithOptions({ summary: `stop ${jobName} ${job.runId}` }, [{ ...at, job }]),
      });
      const { itemsRead: items, rejectedItems: rejected, rows: byTable, quarantined } = done.report;
      const rows = Object.values(byTable).reduce((sum, count) => sum + count, 0);
      step.counts({ items, rows, rejected, ...(quarantined !== undefined && { quarantined }) });
      return done.report;
    });
    if (report.rejectedItems > 0) {
      this.rejected[jobName] = { items: report.rejectedItems, reportUri: report.uri };
    }
  }
}
