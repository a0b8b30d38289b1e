import { isCancellation, log, setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import type { SearchAttributeName } from '../model/elt-run.js';
import type { FinishedStep, ProgressState, StageName, StageProgress, StepProgress } from './elt/types.js';

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

/** What a run can wait for besides its work. */
type Hold = 'pause' | 'approval' | 'lock';

const keyOf = (stage: StageName, step: string): string => `${stage}/${step}`;

const keyword = (name: SearchAttributeName, value: string) => ({ key: { name, type: 'KEYWORD' as const }, value });

/** A running step, for whom does its work. */
export interface StepHandle {
  /** Records the id of the remote job. */
  remote(id: string): void;
  /** Records counts to show. */
  counts(counts: Readonly<Record<string, number>>): void;
  /** Says what people must know of the step, such as that something goes on remotely. */
  note(text: string): void;
  /** The value that a resumed run is given instead of doing the step again; JSON. */
  result(value: unknown): void;
  /** Ends the step, as failed or cancelled when an error is given. Only the first end counts. */
  end(error?: unknown): void;
}

/**
 * Keeps the state of stages and steps for the `progress` query, the search attributes and the details that the Temporal
 * UI shows. Costs one event of history a stage.
 */
export class RunSheet {
  readonly stages: readonly Stage[];
  readonly #finished: Map<string, FinishedStep>;
  readonly #holds = new Map<Hold, string>();
  readonly #before: () => Promise<void>;

  /**
   * `finished` are steps that an earlier execution of the run has finished: they are taken as they are. `before` is
   * waited for before each stage.
   */
  constructor(
    stages: Readonly<Partial<Record<StageName, readonly string[]>>>,
    {
      finished = [],
      before = () => Promise.resolve(),
    }: { readonly finished?: readonly FinishedStep[]; readonly before?: () => Promise<void> } = {}
  ) {
    this.stages = (Object.entries(stages) as [StageName, readonly string[]][]).map(([name, steps]) => ({
      name,
      state: 'pending',
      steps: steps.map((step) => ({ name: step, state: 'pending' })),
    }));
    this.#finished = new Map(finished.map((step) => [keyOf(step.stage, step.progress.name), step]));
    this.#before = before;
  }

  /** Runs a stage; its search attribute is set, its times are kept. */
  async stage<T>(name: StageName, work: () => Promise<T>): Promise<T> {
    const stage = this.find(name);
    await this.#before();
    upsertSearchAttributes([keyword('SluiceStage', name)]);
    this.begin(stage);
    log.info('Stage began', { stage: name });
    try {
      const result = await work();
      this.end(stage);
      return result;
    } catch (error) {
      this.end(stage, error);
      throw error;
    } finally {
      log.info('Stage ended', { stage: name, state: stage.state, seconds: this.seconds(name) });
    }
  }

  /** Names the steps of a stage that are known only now. */
  plan(stage: StageName, steps: readonly string[]): void {
    const planned = this.find(stage).steps;
    planned.splice(0, planned.length, ...steps.map((name): Step => ({ name, state: 'pending' })));
  }

  /** Begins a step of a stage. */
  beginStep(stage: StageName, name: string): StepHandle {
    const step = this.findStep(stage, name);
    this.begin(step);
    let result: unknown;
    return {
      remote: (id) => (step.remoteId = id),
      counts: (counts) => (step.counts = { ...step.counts, ...counts }),
      note: (text) => (step.note = text),
      result: (value) => (result = value),
      end: (error) => {
        if (step.state !== 'running') return;
        this.end(step, error);
        if (error === undefined) this.#finished.set(keyOf(stage, name), { stage, progress: { ...step }, result });
      },
    };
  }

  /**
   * Runs a step of a stage. In a resumed run a step that was finished before is not run again: its result, which must
   * be JSON, is returned. `again` is for steps that must be, such as checks.
   */
  async step<T>(
    stage: StageName,
    name: string,
    work: (step: StepHandle) => Promise<T>,
    { again = false }: { readonly again?: boolean } = {}
  ): Promise<T> {
    const earlier = again ? undefined : this.finished(stage, name);
    if (earlier !== undefined) return earlier.result as T;
    const step = this.beginStep(stage, name);
    try {
      const result = await work(step);
      step.result(result);
      step.end();
      return result;
    } catch (error) {
      step.end(error);
      throw error;
    }
  }

  /** A step that was finished by an earlier execution of the run; shown as it was then. */
  finished(stage: StageName, name: string): FinishedStep | undefined {
    const earlier = this.#finished.get(keyOf(stage, name));
    if (earlier !== undefined) Object.assign(this.findStep(stage, name), earlier.progress, { reused: true });
    return earlier;
  }

  /** Forgets that a step was finished, because what it left turned out to be unusable. */
  discard(stage: StageName, name: string): void {
    this.#finished.delete(keyOf(stage, name));
  }

  /** All finished steps, for a run that is resumed. */
  get finishedSteps(): readonly FinishedStep[] {
    return [...this.#finished.values()];
  }

  /** True once the last stage has begun. */
  get inLastStage(): boolean {
    return this.stages.at(-1)?.state !== 'pending';
  }

  /**
   * Says that the run waits for something other than its work, or no longer does. A `stage` puts it into the search
   * attribute SluiceStage too, at the price of an event each time.
   */
  hold(kind: Hold, text: string | undefined, stage?: 'paused' | 'awaiting-approval'): void {
    const held = this.#holds.has(kind);
    if (text === undefined) this.#holds.delete(kind);
    else this.#holds.set(kind, text);
    if (stage !== undefined && held !== this.#holds.has(kind)) {
      const present = this.stages.findLast(({ state }) => state !== 'pending')?.name ?? 'prepare';
      upsertSearchAttributes([keyword('SluiceStage', held ? present : stage)]);
    }
    this.publish();
  }

  /** Sets the verdict of the run; `PITR_GAP` while it waits for an answer to that. */
  verdict(verdict: 'running' | 'succeeded' | 'failed' | 'cancelled' | 'PITR_GAP'): void {
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

  private find(name: StageName): Stage {
    const stage = this.stages.find((candidate) => candidate.name === name);
    if (stage === undefined) throw new TypeError(`no stage ${name}`);
    return stage;
  }

  private findStep(stage: StageName, name: string): Step {
    const step = this.find(stage).steps.find((candidate) => candidate.name === name);
    if (step === undefined) throw new TypeError(`no step ${name} in stage ${stage}`);
    return step;
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
    setCurrentDetails([...this.#holds.values(), lines.join('\n')].join('\n\n'));
  }
}
