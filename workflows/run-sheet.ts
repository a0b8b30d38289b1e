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

/** A running step as its stage sees it. */
export interface StepHandle {
  readonly name: string;
  /** Records the id of the remote job. */
  remote(id: string): void;
  /** Records counts to show. */
  counts(counts: Readonly<Record<string, number>>): void;
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
    const stage = this.stages.find((candidate) => candidate.name === name);
    if (stage === undefined) throw new TypeError(`no stage ${name}`);
    upsertSearchAttributes([keyword('SluiceStage', name)]);
    return await this.tracked(stage, work);
  }

  /** Runs a step of the running stage. */
  async step<T>(name: string, work: (step: StepHandle) => Promise<T>): Promise<T> {
    const stage = this.stages.find(({ state }) => state === 'running');
    const step = stage?.steps.find((candidate) => candidate.name === name);
    if (step === undefined) throw new TypeError(`no step ${name} in a running stage`);
    return await this.tracked(step, async () =>
      work({
        name,
        remote: (id) => (step.remoteId = id),
        counts: (counts) => (step.counts = { ...step.counts, ...counts }),
      })
    );
  }

  /** Sets the verdict of the run. */
  verdict(verdict: 'succeeded' | 'failed' | 'cancelled'): void {
    upsertSearchAttributes([keyword('SluiceVerdict', verdict)]);
  }

  /** Seconds that a stage took, to the millisecond. */
  seconds(name: StageName): number {
    const { startedAt, endedAt } = this.stages.find((stage) => stage.name === name) ?? {};
    return startedAt === undefined || endedAt === undefined ? 0 : (Date.parse(endedAt) - Date.parse(startedAt)) / 1000;
  }

  /** Remote ids by step. */
  remoteIds(): Record<string, string> {
    const steps = this.stages.flatMap((stage) => stage.steps);
    return Object.fromEntries(
      steps.flatMap(({ name, remoteId }) => (remoteId === undefined ? [] : [[name, remoteId]]))
    );
  }

  private async tracked<T>(entry: Step | Stage, work: () => Promise<T>): Promise<T> {
    entry.state = 'running';
    entry.startedAt = new Date().toISOString();
    this.publish();
    try {
      const result = await work();
      entry.state = 'done';
      return result;
    } catch (error) {
      entry.state = isCancellation(error) ? 'cancelled' : 'failed';
      throw error;
    } finally {
      entry.endedAt = new Date().toISOString();
      this.publish();
    }
  }

  private publish(): void {
    const lines = this.stages.map(({ name, state, steps }) => {
      const done = steps.filter((step) => step.state === 'done').length;
      return `- ${marks[state]} **${name}**${state === 'pending' ? '' : ` ${done}/${steps.length}`}`;
    });
    setCurrentDetails(lines.join('\n'));
  }
}
