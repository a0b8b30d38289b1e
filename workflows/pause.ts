import { ApplicationFailure, condition, defineUpdate, setHandler } from '@temporalio/workflow';

/** Argument of the updates `pause` and `resume`. */
export interface PauseInput {
  readonly by: string;
  readonly reason?: string;
}

/** A pause that a person asked for. */
export interface PauseState {
  readonly by: string;
  readonly reason?: string;
  /** ISO 8601, by the workflow's clock: when it was asked for. */
  readonly at: string;
  /** False while the stage that was running goes on; true once the run stands still. */
  readonly holding: boolean;
}

/** Lets the run stand still when its present stage has ended. A second pause returns the first one. */
export const pauseUpdate = defineUpdate<PauseState, [PauseInput]>('pause');

/** Lets a paused run go on; returns the pause that it ended. */
export const resumeUpdate = defineUpdate<PauseState, [PauseInput]>('resume');

const refusal = (message: string): ApplicationFailure => ApplicationFailure.nonRetryable(message, 'NotPausable');

/** The pause of one run, between its stages. Remote jobs that run go on; nothing new is started. Costs no event by itself. */
export class PauseGate {
  #pause: PauseState | undefined;

  /**
   * Registers the handlers. `refuse` says why the run cannot be paused any more, or undefined; `onChange` is called
   * with every change.
   */
  constructor({
    refuse,
    onChange,
  }: {
    readonly refuse: () => string | undefined;
    readonly onChange: (pause: PauseState | undefined) => void;
  }) {
    const change = (pause: PauseState | undefined): void => {
      this.#pause = pause;
      onChange(pause);
    };
    this.#change = change;
    setHandler(
      pauseUpdate,
      ({ by, reason }) => {
        if (this.#pause === undefined) {
          change({ by, ...(reason && { reason }), at: new Date().toISOString(), holding: false });
        }
        return this.#pause as PauseState;
      },
      {
        validator: ({ by }) => {
          checkName(by);
          const why = this.#pause === undefined ? refuse() : undefined;
          if (why !== undefined) throw refusal(why);
        },
        description: 'Stand still when the present stage has ended',
      }
    );
    setHandler(
      resumeUpdate,
      () => {
        const ended = this.#pause as PauseState;
        change(undefined);
        return ended;
      },
      {
        validator: ({ by }) => {
          checkName(by);
          if (this.#pause === undefined) throw refusal('The run is not paused.');
        },
        description: 'Go on',
      }
    );
  }

  readonly #change: (pause: PauseState | undefined) => void;

  /** The pause that was asked for, if any. */
  get state(): PauseState | undefined {
    return this.#pause;
  }

  /** Waits while the run is paused. Rejects with `CancelledFailure` when it is cancelled meanwhile. */
  async pass(): Promise<void> {
    while (this.#pause !== undefined) {
      this.#change({ ...this.#pause, holding: true });
      await condition(() => this.#pause === undefined);
    }
  }
}

function checkName(by: unknown): void {
  if (typeof by !== 'string' || by.trim() === '') throw refusal('The name of who asks is missing.');
}
