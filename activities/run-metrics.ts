import { metricMeter } from '@temporalio/activity';
import { secondsOf } from '../model/run-record.js';
import type { RunRecord, StageRecord, StepRecord } from '../model/run-record.js';
import { remoteService } from './remote-service.js';

/** Steps that this execution has done itself: what it took over from an earlier one has been counted there. */
const doneHere = (stage: StageRecord): readonly StepRecord[] => stage.steps.filter(({ reused }) => reused !== true);

const sumOf = (stages: readonly StageRecord[], count: string): number =>
  stages.flatMap(doneHere).reduce((sum, { counts }) => sum + (counts?.[count] ?? 0), 0);

/**
 * Counts a run that has ended. Labels are names of the model, stages, services and outcomes: their number is bounded by
 * the models that the worker serves. For use inside an activity.
 */
export function countRun(run: RunRecord): void {
  const { pipeline, mode, verdict, stages } = run;
  const meter = metricMeter.withTags({ pipeline });
  const counter = (name: string, help: string) => meter.createCounter(`sluice_${name}`, undefined, help);
  // The exporter would append the unit to the name, as `s`.
  const seconds = (name: string, help: string) =>
    meter.createHistogram(`sluice_${name}_seconds`, 'float', undefined, help);

  counter('runs', 'Runs that have ended').add(1, { mode, verdict });
  const took = secondsOf(run);
  if (took !== undefined) seconds('run', 'Time from the start of a run to its end').record(took, { mode, verdict });
  const last = meter.createGauge('sluice_last_run_timestamp_seconds', 'float', undefined, 'When a run ended last');
  last.set(Date.parse(run.endedAt) / 1000, { verdict });
  if (run.scheduledAt !== undefined) {
    const late = Math.max(0, (Date.parse(run.startedAt) - Date.parse(run.scheduledAt)) / 1000);
    seconds('schedule_lateness', 'Time from when a run was to start until it did').record(late);
  }
  for (const stage of stages) {
    const duration = secondsOf(stage);
    if (duration !== undefined) {
      const { name, state } = stage;
      seconds('stage', 'Time that a stage took').record(duration, { stage: name, state });
    }
    for (const step of doneHere(stage)) {
      const service = remoteService(stage.name, step);
      const remote = secondsOf(step);
      if (service === undefined || remote === undefined) continue;
      seconds('remote_job', 'Time from the start of a remote job until its end was seen').record(remote, { service });
    }
  }
  if (!stages.some(({ name, steps }) => name === 'export' && steps.some(({ reused }) => reused === true))) {
    counter('exported_items', 'Items exported').add(run.items ?? 0);
    counter('exported_bytes', 'Size of the exported files, compressed').add(run.bytes ?? 0);
  }
  const rows = counter('rows', 'Rows that jobs wrote');
  for (const layer of ['lake', 'landing']) {
    const of = stages.filter(({ name }) => name === layer);
    if (of.length > 0) rows.add(sumOf(of, 'rows'), { layer });
  }
  counter('rejected_items', 'Items and rows that were rejected').add(sumOf(stages, 'rejected'));
  const size = meter.createGauge('sluice_table_rows', 'int', undefined, 'Rows of a table when it was counted last');
  const counted = stages
    .find(({ name }) => name === 'counts')
    ?.steps.flatMap(({ counts = {} }) => Object.entries(counts));
  for (const [table, count] of counted ?? []) size.set(count, { table });
}

/** Counts the judgement of a data quality gate. For use inside an activity. */
export function countGate(pipeline: string, ruleset: string, passed: boolean): void {
  const results = metricMeter.createCounter('sluice_gate_results', undefined, 'Judgements of data quality gates');
  // Both series are there from the first judgement on, so that an increase of either can be seen.
  results.add(passed ? 1 : 0, { pipeline, ruleset, verdict: 'passed' });
  results.add(passed ? 0 : 1, { pipeline, ruleset, verdict: 'failed' });
}

/** Counts an attempt of an activity that failed, whether or not it is repeated. For use inside an activity. */
export function countFailure(errorClass: string): void {
  metricMeter
    .createCounter('sluice_activity_failures', undefined, 'Attempts of activities that failed, by class of the error')
    .add(1, { error_class: errorClass });
}
