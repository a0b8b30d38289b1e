import { DroppedReply } from '../../../local/gateway/interception.js';
import type { InterceptedCall, JobFault } from '../../../local/gateway/index.js';
import { CallLog } from './call-log.js';

/** A moment in a run: before or after the first call of a label has been carried out. */
export interface Checkpoint {
  readonly phase: 'before' | 'after';
  readonly label: string;
}

/** Makes one statement outlast the ten seconds that its start waits for it, so that it is waited for by itself. */
const jobOf = (label: string): JobFault | undefined =>
  label.endsWith('ExecuteStatement shop staging.load_order') ? { slowMs: 10_500 } : undefined;

interface Armed {
  readonly checkpoint: Checkpoint;
  readonly reached: () => void;
  readonly released: Promise<void>;
}

/** Holds calls of the local AWS at checkpoints, one a shop, until the test lets them go. */
export class Checkpoints {
  readonly #log = new CallLog();
  readonly #labels = new Map<string, string[]>();
  readonly #armed = new Map<string, Armed>();

  /** Forgets a shop's calls, as those that made it; its run begins. */
  begin(shop: string): void {
    this.#labels.delete(shop);
  }

  /** Labels of a shop's calls so far, each once, in order. */
  labels(shop: string): readonly string[] {
    return this.#labels.get(shop) ?? [];
  }

  /**
   * Holds the shop's run at the first of the checkpoints that has not passed yet. Undefined when all have; else a
   * promise for the moment when it is held, and the function that lets it go.
   */
  arm(
    shop: string,
    checkpoints: readonly Checkpoint[]
  ): { readonly checkpoint: Checkpoint; readonly reached: Promise<void>; readonly release: () => void } | undefined {
    const passed = this.labels(shop);
    const checkpoint = checkpoints.find(({ label }) => !passed.includes(label));
    if (checkpoint === undefined) return undefined;
    let release: () => void = () => undefined;
    let reach: () => void = () => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    const reached = new Promise<void>((resolve) => (reach = resolve));
    this.#armed.set(shop, { checkpoint, reached: reach, released });
    return { checkpoint, reached, release };
  }

  /** For the gateway. */
  readonly intercept = async (call: InterceptedCall): Promise<JobFault | undefined> => {
    this.#log.note(call);
    const shop = this.#log.shopOf(call);
    if (shop === undefined) return undefined;
    const label = this.#log.labelOf(call);
    const labels = this.#labels.get(shop) ?? [];
    this.#labels.set(shop, labels);
    if (call.phase === 'before' && !labels.includes(label)) labels.push(label);
    const armed = this.#armed.get(shop);
    if (armed?.checkpoint.label !== label || armed.checkpoint.phase !== call.phase) return jobOf(label);
    this.#armed.delete(shop);
    armed.reached();
    const hungUp = new Promise<void>((resolve) => call.signal.addEventListener('abort', () => resolve()));
    await Promise.race([armed.released, hungUp]);
    // A caller that died before its request was carried out: the request is lost with it.
    if (call.signal.aborted) throw new DroppedReply();
    return jobOf(label);
  };
}
