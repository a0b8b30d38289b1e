import type { WorkflowExecutionStatusName } from '@temporalio/client';
import { secondsOf } from '../model/run-record.js';
import type { StageProgress, StepProgress } from '../workflows/index.js';
import type { Progress, Step } from './output/progress.js';
import { count, duration } from './output/table.js';
import type { RunUpdate } from './run-types.js';

/** What each stage does, as people say it. */
const titles: Readonly<Record<StageProgress['name'], string>> = {
  prepare: 'Check the source, set up the warehouse',
  archive: 'Archive raw and lake',
  export: 'Export the table to S3',
  lake: 'Shape the lake',
  'lake-gates': 'Judge the lake',
  landing: 'Load landing',
  'landing-gates': 'Judge landing',
  staging: 'Load staging',
  dwh: 'Load the warehouse',
  'dwh-gates': 'Judge the warehouse',
  counts: 'Count the rows',
};

/** A stage on the display, until it ends. */
interface OpenStage {
  readonly name: string;
  readonly step: Promise<Step>;
  end(outcome?: Error): void;
  /** Settles when the display has taken note of the end. */
  readonly closed: Promise<void>;
}

/**
 * Shows the stages of a run live, one after the other, until it ends.
 * @returns the run's final status. Passes on the errors of `updates`.
 */
export async function showStages(
  progress: Progress,
  updates: AsyncIterable<RunUpdate>
): Promise<WorkflowExecutionStatusName> {
  let open: OpenStage | undefined;
  const shown = new Set<string>();
  let status: WorkflowExecutionStatusName = 'RUNNING';
  const close = async (outcome?: Error): Promise<void> => {
    open?.end(outcome);
    await open?.closed;
    open = undefined;
  };
  try {
    for await (const update of updates) {
      status = update.status;
      for (const stage of update.progress?.stages ?? []) {
        if (stage.state === 'pending') break;
        if (shown.has(stage.name)) continue;
        if (open?.name !== stage.name) {
          await close();
          open = openStage(progress, stage);
        }
        const step = await open.step;
        if (stage.state === 'running') {
          reportSteps(step, stage.steps);
          continue;
        }
        step.title(outcomeOf(stage));
        shown.add(stage.name);
        await close(stage.state === 'done' ? undefined : new Error(stage.state));
      }
    }
    await close(status === 'COMPLETED' ? undefined : new Error(status));
    return status;
  } catch (error) {
    await close(error instanceof Error ? error : new Error(String(error)));
    throw error;
  }
}

/** What a stage came to: its title, its time and the counts of its steps. */
export function outcomeOf(stage: StageProgress): string {
  const counts = new Map<string, number>();
  for (const step of stage.steps) {
    for (const [name, value] of Object.entries(step.counts ?? {})) counts.set(name, (counts.get(name) ?? 0) + value);
  }
  if (stage.name === 'counts') counts.clear(); // told table by table, with the result
  const figures = [...counts].filter(([, value]) => value > 0).map(([name, value]) => `${count(value)} ${name}`);
  const seconds = secondsOf(stage);
  return [titles[stage.name], ...(seconds === undefined ? [] : [duration(seconds)]), ...figures].join(' · ');
}

function openStage(progress: Progress, stage: StageProgress): OpenStage {
  let end: OpenStage['end'] = () => undefined;
  const ended = new Promise<void>((resolve, reject) => {
    end = (outcome) => (outcome === undefined ? resolve() : reject(outcome));
  });
  let closed: Promise<void> = Promise.resolve();
  const step = new Promise<Step>((resolve) => {
    closed = progress
      .step(
        titles[stage.name],
        (display) => {
          resolve(display);
          return ended;
        },
        { timed: false }
      )
      .catch(() => undefined); // the end of a failed stage; why is told by the run's result
  });
  return { name: stage.name, step, end, closed };
}

function reportSteps(step: Step, steps: readonly StepProgress[]): void {
  const done = steps.filter(({ state }) => state === 'done').length;
  const running = steps.filter(({ state }) => state === 'running').map(({ name }) => name);
  step.bar(done, steps.length, running.length > 0 ? `running ${running.join(', ')}` : '');
}
