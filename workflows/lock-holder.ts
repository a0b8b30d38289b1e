import {
  CancellationScope,
  condition,
  getExternalWorkflowHandle,
  proxyActivities,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { LockActivities } from '../activities/locks.js';
import type { StepInput } from '../activities/run-scope.js';
import { grantedSignal, releaseSignal } from './warehouse-lock.js';

/** A run's hold on what it writes. */
export interface LockProgress {
  /** Workflow id of the lock. */
  readonly lock: string;
  readonly resources: readonly string[];
  readonly state: 'waiting' | 'held' | 'released';
  /** ISO 8601, by the workflow's clock: since when it is in this state. */
  readonly since: string;
}

const { requestLock } = proxyActivities<LockActivities>({
  startToCloseTimeout: '1m',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1m' },
});

const minute = 60_000;

/** The side of the lock that is in the run which wants it. */
export class LockHolder {
  #progress: LockProgress | undefined;
  #granted = false;
  #requests = 0;
  readonly #onChange: (progress: LockProgress) => void;

  /** Registers the handler of the lock's answer, which costs no event; `onChange` is called with every change. */
  constructor(onChange: (progress: LockProgress) => void) {
    this.#onChange = onChange;
    const granted = ({ execution }: { readonly execution: string }): void => {
      if (execution === this.#execution) this.#granted = true;
    };
    setHandler(grantedSignal, granted, { description: 'All resources are granted' });
  }

  /** What is held or waited for, if anything was asked for. */
  get progress(): LockProgress | undefined {
    return this.#progress;
  }

  /**
   * Waits until the run is the only one with any of the resources. Asks again now and then, in case that someone
   * terminated the lock's workflow. Rejects with `CancelledFailure` when the run is cancelled; {@link release} is then
   * still needed.
   */
  async acquire(at: StepInput, lock: string, resources: readonly string[]): Promise<void> {
    this.#requests += 1;
    this.#granted = false;
    const request = { holder: workflowInfo().workflowId, execution: this.#execution, resources };
    this.#change({ lock, resources, state: 'waiting' });
    // Never cancelled: a request under way could arrive after the release.
    const ask = (): Promise<void> =>
      CancellationScope.nonCancellable(() =>
        requestLock.executeWithOptions({ summary: `ask ${lock}` }, [{ ...at, lock, request }])
      );
    await ask();
    for (let pause = 10 * minute; !this.#granted; pause = Math.min(2 * pause, 360 * minute)) {
      if (await condition(() => this.#granted, pause, { summary: `until ${lock} grants` })) break;
      await ask();
    }
    this.#change({ lock, resources, state: 'held' });
  }

  /** Gives everything back, also what is still waited for; also in a run that was cancelled. */
  async release(): Promise<void> {
    if (this.#progress === undefined || this.#progress.state === 'released') return;
    const { lock, resources } = this.#progress;
    const given = { holder: workflowInfo().workflowId, execution: this.#execution };
    await CancellationScope.nonCancellable(async () => {
      // A lock that has been terminated has nothing to be given back to.
      await getExternalWorkflowHandle(lock)
        .signal(releaseSignal, given)
        .catch(() => undefined);
    });
    this.#change({ lock, resources, state: 'released' });
  }

  /** Tells this request from earlier ones; a reset leaves the id of the first execution as it is. */
  get #execution(): string {
    return `${workflowInfo().firstExecutionRunId}/${this.#requests}`;
  }

  #change(progress: Omit<LockProgress, 'since'>): void {
    this.#progress = { ...progress, since: new Date().toISOString() };
    this.#onChange(this.#progress);
  }
}
