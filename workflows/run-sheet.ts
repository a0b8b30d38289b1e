import { isCancellation, setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import type { SearchAttributeName } from '../model/elt-run.js';
import type { ProgressState, StageName, StageProgress, StepProgress } from './elt/types.js';

type Writable<T> = { -readonly [K in keyof T]: T[K] };
type Step = Writable<StepProgress>;
type Stage = Writable<Omit<StageProgress, 'steps'>> & { readonly steps: Step[] };

const marks: Readonly<Record<ProgressState, string>> = {
  pending: '·',
  running: '▶',
  done: '✓',
  failed: '✗',
  cancelled: '■',
};

const keyword = (name: SearchAttributeName, value: string) => ({ key: { name, type: 'KEYWORD' as const }, value });

/** A running step, for whom does its work. */
export interface StepHandle {
  /** Records the id of the remote job. */
  remote(id: string): void;
  /** Records counts to show. */
  counts(counts: Readonly<Record<string, number>>): void;
  /** Ends the step, as failed or cancelled when an error is given. Only the first end counts. */
  end(error?: unknown): void;
}

/**
 * Keeps the state of stages and steps for the `progress` query, the search attributes and the details that the Temporal
 * UI shows. Costs one event of history a stage.
 */
export class RunSheet {
  readonly stages: readonly Stage[];

  constructor(stages: Readonly<Record<StageName, readonly string[]>>) {
    this.stages = (Object.entries(stages) as [StageName, readonly string[]][]).map(([name, steps]) => ({
      name,
      state: 'pending',
      steps: steps.map((step) => ({ name: step, state: 'pending' })),
    }));
  }

  /** Runs a stage; its search attribute is set, its times are kept. */
  async stage<T>(name: StageName, work: () => Promise<T>): Promise<T> {
    const stage = this.find(name);
    upsertSearchAttributes([keyword('SluiceStage', name)]);
    this.begin(stage);
    try {
      const result = await work();
      this.end(stage);
      return result;
    } catch (error) {
      this.end(stage, error);
      throw error;
    }
  }

  /** Begins a step of a stage. */
  beginStep(stage: StageName, name: string): StepHandle {
    const step = this.find(stage).steps.find((candidate) => candidate.name === name);
    if (step === undefined) throw new TypeError(`no step ${name} in stage ${stage}`);
    this.begin(step);
    return {
      remote: (id) => (step.remoteId = id),
      counts: (counts) => (step.counts = { ...step.counts, ...counts }),
      end: (error) => this.end(step, error),
    };
  }

  /** Runs a step of a stage. */
  async step<T>(stage: StageName, name: string, work: (step: StepHandle) => Promise<T>): Promise<T> {
    const step = this.beginStep(stage, name);
    try {
      const result = await work(step);
      step.end();
      return result;
    } catch (error) {
      step.end(error);
      throw error;
    }
  }

  /** Sets the verdict of the run. */
  verdict(verdict: 'succeeded' | 'failed' | 'cancelled'): void {
    upsertSearchAttributes([keyword('SluiceVerdict', verdict)]);
  }

  /** Seconds that a stage took, to the millisecond. */
  seconds(name: StageName): number {
    const { startedAt, endedAt } = this.find(name);
    return startedAt === undefined || endedAt === undefined ? 0 : (Date.parse(endedAt) - Date.parse(startedAt)) / 1000;
  }

  /** Remote ids by step. */
  remoteIds(): Record<string, string> {
    const steps = this.stages.flatMap((stage) => stage.steps);
    return Object.fromEntries(
      steps.flatMap(({ name, remoteId }) => (remoteId === undefined ? [] : [[name, remoteId]]))
    );
  }

  private find(name: StageName): Stage {
    const stage = this.stages.find((candidate) => candidate.name === name);
    if (stage === undefined) throw new TypeError(`no stage ${name}`);
    return stage;
  }

  private begin(entry: Step | Stage): void {
    entry.state = 'running';
    entry.startedAt = new Date().toISOString();
    this.publish();
  }

  private end(entry: Step | Stage, error?: unknown): void {
    if (entry.state !== 'running') return;
    entry.state = error === undefined ? 'done' : isCancellation(error) ? 'cancelled' : 'failed';
    entry.endedAt = new Date().toISOString();
    this.publish();
  }

  private publish(): void {
    const lines = this.stages.map(({ name, state, steps }) => {
      const done = steps.filter((step) => step.state === 'done').length;
      return `- ${marks[state]} **${name}**${state === 'pending' ? '' : ` ${done}/${steps.length}`}`;
    });
    setCurrentDetails(lines.join('\n'));
  }
}
