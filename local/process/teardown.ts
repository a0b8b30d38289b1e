import { settledWithin } from './settled-within.js';

/**
 * What must be undone, in the reverse order of how it was done. Undoing happens once, each step bounded in time, and a
 * step that fails or hangs is told and does not keep the others from being undone.
 */
export class Teardown {
  private readonly steps: { readonly name: string; readonly undo: () => Promise<void>; readonly withinMs: number }[] =
    [];
  private running: Promise<void> | undefined;

  constructor(private readonly onEvent: (line: string) => void) {}

  /** True once undoing has begun: what ends from now on ends because it is meant to. */
  get begun(): boolean {
    return this.running !== undefined;
  }

  /** Adds a step. One that comes when undoing has begun already is undone at once. */
  async add(name: string, undo: () => Promise<void>, withinMs = 10_000): Promise<void> {
    const step = { name, undo, withinMs };
    if (this.begun) await this.undo(step);
    else this.steps.push(step);
  }

  /** Undoes all steps; a second call waits for the first. Never throws. */
  run(): Promise<void> {
    return (this.running ??= (async () => {
      for (let step = this.steps.pop(); step !== undefined; step = this.steps.pop()) await this.undo(step);
    })());
  }

  private async undo({ name, undo, withinMs }: (typeof this.steps)[number]): Promise<void> {
    const done = undo().catch((error: unknown) => {
      this.onEvent(`While stopping ${name}: ${error instanceof Error ? error.message : String(error)}`);
    });
    if (!(await settledWithin(done, withinMs))) this.onEvent(`${name} did not stop within ${withinMs / 1000} s`);
  }
}
